// What is plugged in by USB beside the machine's own keyboard and pointer.

import { Button } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView, UsbDevice } from "@mimic/model";
import { IconUsb } from "@tabler/icons-react";
import { useChange, whenWords, whyNever } from "../../changes.ts";
import { ReasonButton } from "../../ui/reason-button.tsx";

const KINDS: readonly UsbDevice["kind"][] = ["tablet", "keyboard", "mouse"];

export function Usb({ machine }: { machine: MachineView }) {
  const change = useChange(machine);
  const never = whyNever({ part: "addUsb" }, machine);
  return (
    <section aria-labelledby="usb">
      <div className="section-head">
        <h2 id="usb">USB</h2>
        <div className="row">
          {KINDS.map((kind) => (
            <ReasonButton key={kind} why={never} onPress={() => change.mutate({ addUsb: { kind } })}>
              Plug in a {kind}
            </ReasonButton>
          ))}
        </div>
      </div>
      {machine.hardware.usb.length === 0 ? <p className="quiet">Nothing beside its own keyboard and pointer.</p> : null}
      <ul className="items">
        {machine.hardware.usb.map((device) => (
          <li key={device.id} className="item">
            <IconUsb size={24} stroke={1.6} aria-hidden="true" />
            <div className="item-words">
              <strong>USB {plain(device.kind, 20)}</strong>
              <span className="quiet">{whenWords({ part: "removeUsb" }, machine)}</span>
            </div>
            <div className="row">
              <Button loading={change.isPending} onClick={() => change.mutate({ removeUsb: device.id })}>
                Pull it out
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
