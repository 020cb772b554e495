// “Same disk, other computer”: board, firmware, bus, screen and processor of a machine that is off, with what its system may
// notice, and a trial first: its disks in a machine for once, which vanishes when it stops.
import { Button, NativeSelect } from "@mantine/core";
import type { DiskBus, HardwareSpec, MachineView } from "@mimic/model";
import { foreignBoard, misfit, whenCanChange } from "@mimic/model";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { factsOf, useChange, whyNever } from "../../changes.ts";
import { boardsFor, busesFor, cpuModelsFor, displaysFor, firmwaresFor } from "./computer-choices.ts";

export function OtherComputer({ machine }: { machine: MachineView }) {
  const { hardware } = machine;
  const firstBus = hardware.disks[0]?.bus;
  const [board, setBoard] = useState(hardware.board);
  const [firmware, setFirmware] = useState(hardware.firmware);
  const [bus, setBus] = useState(firstBus);
  const [display, setDisplay] = useState(hardware.display);
  const [cpuModel, setCpuModel] = useState(hardware.cpuModel);
  const change = useChange(machine);
  const wish: Partial<HardwareSpec> = {};
  if (board !== hardware.board) wish.board = board;
  if (firmware !== hardware.firmware) wish.firmware = firmware;
  if (display !== hardware.display) wish.display = display;
  if (cpuModel !== hardware.cpuModel) wish.cpuModel = cpuModel;
  const newBus = bus !== firstBus ? bus : undefined;
  const input = { ...(Object.keys(wish).length > 0 ? { hardware: wish } : {}), ...(newBus ? { bus: newBus } : {}) };
  const attempt = useVerb(() => api.machines.tryOut({ machine: machine.id, ...input }));
  const same = Object.keys(input).length === 0;
  const facts = { ...factsOf(machine), wanted: { ...hardware, ...wish } };
  const notices = [
    ...(["board", "firmware", "display", "cpuModel"] as const)
      .filter((part) => wish[part] !== undefined)
      .map((part) => whenCanChange({ part }, facts).why),
    ...(newBus ? [whenCanChange({ part: "bus", to: newBus }, facts).why] : []),
  ];
  const never = newBus ? whyNever({ part: "bus", to: newBus }, machine) : undefined;
  const wanted = { ...hardware, ...wish, disks: hardware.disks.map((disk) => (newBus ? { ...disk, bus: newBus } : disk)) };
  const unfit = misfit(wanted);
  const isPossible = !same && never === undefined && unfit === undefined;
  return (
    <section aria-labelledby="other">
      <h2 id="other">Same disk, other computer</h2>
      <form
        className="dialog-form panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (isPossible) change.mutate(input);
        }}
      >
        <NativeSelect
          label="Board"
          description={foreignBoard(wanted)?.known}
          data={boardsFor(hardware)}
          value={board}
          onChange={(event) => setBoard(event.currentTarget.value as typeof board)}
        />
        <NativeSelect
          label="Firmware"
          data={firmwaresFor(wanted)}
          value={firmware}
          onChange={(event) => setFirmware(event.currentTarget.value as typeof firmware)}
        />
        {bus ? (
          <NativeSelect
            label="Disks plugged in by"
            data={busesFor(wanted)}
            value={bus}
            error={never}
            onChange={(event) => setBus(event.currentTarget.value as DiskBus)}
          />
        ) : null}
        <NativeSelect
          label="Graphics"
          data={displaysFor(wanted)}
          value={display}
          onChange={(event) => setDisplay(event.currentTarget.value as typeof display)}
        />
        <NativeSelect
          label="Processor"
          data={cpuModelsFor({ ...wanted, cpuModel: hardware.cpuModel })}
          value={cpuModel}
          onChange={(event) => setCpuModel(event.currentTarget.value)}
        />
        {unfit ? <p role="alert">{unfit}</p> : null}
        {notices.length > 0 ? (
          <div className="pending" role="note">
            {notices.map((notice) => (
              <p key={notice}>{notice}</p>
            ))}
          </div>
        ) : null}
        <div className="row end">
          <Button
            disabled={!isPossible || machine.runs !== undefined}
            loading={attempt.isPending}
            onClick={() => attempt.mutate(undefined)}
          >
            Try it first
          </Button>
          <Button type="submit" variant="filled" disabled={!isPossible} loading={change.isPending}>
            Change it
          </Button>
        </div>
      </form>
    </section>
  );
}
