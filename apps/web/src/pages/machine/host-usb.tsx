// This computer's own USB devices: lent to a machine that runs, and taken back. The guest gets the real thing, so what
// that means is said before.
import { Button } from "@mantine/core";
import { plain } from "@mimic/base";
import { type HostUsbDevice, lendingWords, type MachineView, whenCanChange } from "@mimic/model";
import { IconUsb } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { factsOf } from "../../changes.ts";
import { hostUsbQuery } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { commandLine } from "../../words.ts";

export function HostUsb({ machine }: { machine: MachineView }) {
  const { data } = useQuery(hostUsbQuery);
  const [asked, setAsked] = useState<HostUsbDevice>();
  const client = useQueryClient();
  const after = () => {
    setAsked(undefined);
    void client.invalidateQueries({ queryKey: hostUsbQuery.queryKey });
  };
  const lend = useVerb((socket: string) => api.machines.lendUsb({ machine: machine.id, socket, agreed: true }), { after });
  const takeBack = useVerb((socket: string) => api.machines.takeBackUsb({ machine: machine.id, socket }), { after });
  const { when, why } = whenCanChange({ part: "lendUsb" }, factsOf(machine));
  const notNow = machine.runs !== undefined && when === "now" ? undefined : why;
  return (
    <section aria-labelledby="host-usb">
      <h2 id="host-usb">USB devices of this computer</h2>
      <p className="quiet">
        {data === undefined
          ? "Looking at what is plugged in…"
          : plain(data.because ?? "Lent to the machine until you take them back or it stops.", 300)}
      </p>
      <ul className="items">
        {data?.devices.map((device) => (
          <li key={device.socket} className="item">
            <IconUsb size={24} stroke={1.6} aria-hidden="true" />
            <div className="item-words">
              <strong>{plain(device.words, 90)}</strong>
              <span className="quiet">{describe(device, machine)}</span>
            </div>
            <div className="row">
              {device.machine === machine.name ? (
                <Button loading={takeBack.isPending} onClick={() => takeBack.mutate(device.socket)}>
                  Take it back
                </Button>
              ) : (
                <ReasonButton
                  why={device.machine === undefined ? (device.whyNot ?? notNow) : `“${device.machine}” has it.`}
                  onPress={() => setAsked(device)}
                >
                  Lend it
                </ReasonButton>
              )}
            </div>
          </li>
        ))}
      </ul>
      <Confirm
        opened={asked !== undefined}
        title="Lend a device of this computer?"
        action="Lend it"
        busy={lend.isPending}
        onClose={() => setAsked(undefined)}
        onConfirm={() => asked && lend.mutate(asked.socket)}
      >
        <p>{asked ? plain(lendingWords(asked, machine.name), 400) : ""}</p>
        <CommandLine command={commandLine("usb", "lend", machine.name, asked?.socket ?? "SOCKET")} />
      </Confirm>
    </section>
  );
}

function describe(device: HostUsbDevice, machine: MachineView): string {
  const where = `Socket ${device.socket}${device.kinds.length > 0 ? `, ${device.kinds.join(", ")}` : ""}`;
  return plain(device.machine === machine.name ? `${where}. This machine has it.` : where, 200);
}
