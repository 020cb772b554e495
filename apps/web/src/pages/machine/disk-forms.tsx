// The two small forms of a disk: its size, and how fast it may be.
import { Button, TextInput } from "@mantine/core";
import { formatSize, parseSize } from "@mimic/base";
import type { DiskLimits, DiskSpec, MachineView } from "@mimic/model";
import { useState } from "react";
import { whenWords } from "../../changes.ts";

/** “, at most 2 MiB a second”, or nothing. */
export function limitWords({ limits }: DiskSpec): string {
  const { bytesPerSecond = 0, operationsPerSecond = 0 } = limits ?? {};
  const bytes = bytesPerSecond > 0 ? `, at most ${formatSize(bytesPerSecond)} a second` : "";
  return `${bytes}${operationsPerSecond > 0 ? `, at most ${operationsPerSecond} operations a second` : ""}`;
}

interface Props<W> {
  readonly machine: MachineView;
  readonly disk: DiskSpec;
  readonly busy: boolean;
  readonly onWish: (wish: W) => void;
}

export function GrowForm({ machine, disk, busy, onWish }: Props<number>) {
  const [size, setSize] = useState("");
  const bytes = parseSize(size);
  const bad =
    size !== "" && (bytes === undefined || bytes <= disk.sizeBytes)
      ? `More than ${formatSize(disk.sizeBytes)}: a disk can grow, not shrink.`
      : undefined;
  return (
    <form
      className="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (bytes && !bad) onWish(bytes);
      }}
    >
      <TextInput
        data-autofocus
        label="New size"
        description={`It is ${formatSize(disk.sizeBytes)} now. ${whenWords({ part: "growDisk", id: disk.id }, machine)}`}
        value={size}
        error={bad}
        onChange={(event) => setSize(event.currentTarget.value)}
      />
      <div className="row end">
        <Button type="submit" variant="filled" disabled={!bytes || bad !== undefined} loading={busy}>
          Make larger
        </Button>
      </div>
    </form>
  );
}

export function LimitForm({ machine, disk, busy, onWish }: Props<DiskLimits>) {
  const [speed, setSpeed] = useState(disk.limits?.bytesPerSecond ? formatSize(disk.limits.bytesPerSecond) : "");
  const [operations, setOperations] = useState(disk.limits?.operationsPerSecond ? String(disk.limits.operationsPerSecond) : "");
  const bytesPerSecond = speed === "" ? 0 : parseSize(speed);
  const operationsPerSecond = operations === "" ? 0 : /^\d{1,7}$/.test(operations) ? Number(operations) : undefined;
  return (
    <form
      className="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (bytesPerSecond !== undefined && operationsPerSecond !== undefined) onWish({ bytesPerSecond, operationsPerSecond });
      }}
    >
      <TextInput
        data-autofocus
        label="Bytes a second"
        description={`Reading and writing together; empty = no limit. ${whenWords({ part: "limitDisk", id: disk.id }, machine)}`}
        value={speed}
        error={bytesPerSecond === undefined ? "A size such as “2 MiB”." : undefined}
        onChange={(event) => setSpeed(event.currentTarget.value)}
      />
      <TextInput
        label="Operations a second"
        description="An old hard disk does about a hundred; empty = no limit."
        value={operations}
        error={operationsPerSecond === undefined ? "A whole number." : undefined}
        onChange={(event) => setOperations(event.currentTarget.value)}
      />
      <div className="row end">
        <Button type="submit" variant="filled" disabled={bytesPerSecond === undefined || operationsPerSecond === undefined} loading={busy}>
          Keep it so
        </Button>
      </div>
    </form>
  );
}
