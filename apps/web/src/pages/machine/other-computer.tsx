// “Same disk, other computer”: board, firmware, bus and processor of a machine that is off, with what its system may
// notice, and a trial first: its disks in a machine for once, which vanishes when it stops.
import { Button, NativeSelect } from "@mantine/core";
import type { DiskBus, HardwareSpec, MachineView } from "@mimic/model";
import { AUTOMATIC_CPU_MODELS, cpuModelWords, isAutomaticCpuModel, whenCanChange } from "@mimic/model";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { factsOf, useChange, whyNever } from "../../changes.ts";

const BOARDS = [
  { value: "q35", label: "A PC of today (q35)" },
  { value: "i440fx", label: "A PC of the nineties (i440fx)" },
];
const FIRMWARES = [
  { value: "bios", label: "BIOS" },
  { value: "uefi", label: "UEFI" },
];
const BUSES: { value: DiskBus; label: string }[] = [
  { value: "virtio", label: "virtio" },
  { value: "scsi", label: "SCSI" },
  { value: "sata", label: "SATA" },
  { value: "nvme", label: "NVMe" },
  { value: "ide", label: "IDE" },
];
const MODELS = [...AUTOMATIC_CPU_MODELS, "qemu64", "Nehalem", "Skylake-Client", "EPYC", "pentium3", "pentium", "486"];

export function OtherComputer({ machine }: { machine: MachineView }) {
  const { hardware } = machine;
  const firstBus = hardware.disks[0]?.bus;
  const [board, setBoard] = useState(hardware.board);
  const [firmware, setFirmware] = useState(hardware.firmware);
  const [bus, setBus] = useState(firstBus);
  const [cpuModel, setCpuModel] = useState(hardware.cpuModel);
  const change = useChange(machine);
  const wish: Partial<HardwareSpec> = {};
  if (board !== hardware.board) wish.board = board;
  if (firmware !== hardware.firmware) wish.firmware = firmware;
  if (cpuModel !== hardware.cpuModel) wish.cpuModel = cpuModel;
  const newBus = bus !== firstBus ? bus : undefined;
  const input = { ...(Object.keys(wish).length > 0 ? { hardware: wish } : {}), ...(newBus ? { bus: newBus } : {}) };
  const attempt = useVerb(() => api.machines.tryOut({ machine: machine.id, ...input }));
  const same = Object.keys(input).length === 0;
  const facts = { ...factsOf(machine), wanted: { ...hardware, ...wish } };
  const notices = [
    ...(["board", "firmware", "cpuModel"] as const)
      .filter((part) => wish[part] !== undefined)
      .map((part) => whenCanChange({ part }, facts).why),
    ...(newBus ? [whenCanChange({ part: "bus", to: newBus }, facts).why] : []),
  ];
  const never = newBus ? whyNever({ part: "bus", to: newBus }, machine) : undefined;
  return (
    <section aria-labelledby="other">
      <h2 id="other">Same disk, other computer</h2>
      <form
        className="dialog-form panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (!same && !never) change.mutate(input);
        }}
      >
        <NativeSelect label="Board" data={BOARDS} value={board} onChange={(event) => setBoard(event.currentTarget.value as typeof board)} />
        <NativeSelect
          label="Firmware"
          data={FIRMWARES}
          value={firmware}
          onChange={(event) => setFirmware(event.currentTarget.value as typeof firmware)}
        />
        {bus ? (
          <NativeSelect
            label="Disks plugged in by"
            data={BUSES}
            value={bus}
            error={never}
            onChange={(event) => setBus(event.currentTarget.value as DiskBus)}
          />
        ) : null}
        <NativeSelect
          label="Processor"
          data={(MODELS.includes(cpuModel) ? MODELS : [cpuModel, ...MODELS]).map((value) => ({
            value,
            label: isAutomaticCpuModel(value) ? `Chosen: ${cpuModelWords(value)}` : value,
          }))}
          value={cpuModel}
          onChange={(event) => setCpuModel(event.currentTarget.value)}
        />
        {notices.length > 0 ? (
          <div className="pending" role="note">
            {notices.map((notice) => (
              <p key={notice}>{notice}</p>
            ))}
          </div>
        ) : null}
        <div className="row end">
          <Button disabled={same || machine.runs !== undefined} loading={attempt.isPending} onClick={() => attempt.mutate(undefined)}>
            Try it first
          </Button>
          <Button type="submit" variant="filled" disabled={same || never !== undefined} loading={change.isPending}>
            Change it
          </Button>
        </div>
      </form>
    </section>
  );
}
