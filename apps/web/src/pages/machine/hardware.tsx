// What the machine has, what can be changed when, and why not. Changes that wait for a restart say so.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { formatSize, parseSize, plain } from "@mimic/base";
import type { HardwareRow, HardwareSpec, MachineView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange, whenWords } from "../../changes.ts";
import { hardwareQuery, hostQuery } from "../../queries.ts";
import { Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { displaysFor, soundsFor } from "./computer-choices.ts";
import { OtherComputer } from "./other-computer.tsx";
import { Timetable } from "./timetable.tsx";

const WHEN: Readonly<Record<HardwareRow["change"], string>> = { now: "Now", afterRestart: "After a restart", never: "Not" };

export function Hardware({ machine }: { machine: MachineView }) {
  const { data: rows, error } = useQuery(hardwareQuery(machine.id));
  return (
    <div className="columns">
      <section aria-labelledby="parts">
        <h2 id="parts">Its parts</h2>
        <p className="quiet">{machine.hardwareInWords}</p>
        {machine.pending.length > 0 ? (
          <div className="pending" role="note">
            <strong>At its next start:</strong> {machine.pending.map((each) => plain(each, 200)).join("; ")}
          </div>
        ) : null}
        {error ? <ProblemNote error={error} /> : rows ? <Rows rows={rows} /> : <Waiting>Looking at its parts…</Waiting>}
      </section>
      <div className="stack">
        <ChangeForm key={JSON.stringify(machine.hardware)} machine={machine} />
        <OtherComputer key={`other ${JSON.stringify(machine.hardware)}`} machine={machine} />
        <Timetable machine={machine} />
      </div>
    </div>
  );
}

function Rows({ rows }: { rows: readonly HardwareRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too
    <section className="table-wrap" aria-label="Parts" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">What it is</th>
            <th scope="col">Can be changed</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.part} ${row.what}`}>
              <th scope="row">{plain(row.part, 60)}</th>
              <td>{plain(row.what, 200)}</td>
              <td>
                <span className="when" data-when={row.change}>
                  {WHEN[row.change]}
                </span>
                {row.why ? <span className="quiet row-why">{plain(row.why, 300)}</span> : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const LIMITS = [
  { value: "0", label: "As much as there is" },
  { value: "400", label: "Four cores" },
  { value: "200", label: "Two cores" },
  { value: "100", label: "One core" },
  { value: "50", label: "Half a core" },
  { value: "25", label: "A quarter of a core" },
  { value: "10", label: "A tenth of a core" },
];
const SIZES = ["640 × 480", "800 × 600", "1024 × 768", "1280 × 800", "1920 × 1080", "2560 × 1440"];

function ChangeForm({ machine }: { machine: MachineView }) {
  const now = machine.hardware;
  const { data: host } = useQuery(hostQuery);
  const [cpus, setCpus] = useState(now.cpus);
  const [memory, setMemory] = useState(formatSize(now.memoryMiB * 1024 ** 2));
  const [display, setDisplay] = useState(now.display);
  const [sound, setSound] = useState(now.sound);
  const [limit, setLimit] = useState(now.cpuLimitPercent);
  const [size, setSize] = useState(`${now.displaySize.width} × ${now.displaySize.height}`);
  const [note, setNote] = useState(machine.note);
  const bytes = parseSize(memory);
  const badMemory = bytes === undefined || bytes < 1024 ** 2 ? "A size such as “2 GiB”." : undefined;
  const wish: Partial<HardwareSpec> = {};
  if (cpus !== now.cpus) wish.cpus = cpus;
  if (
    bytes !== undefined &&
    !badMemory &&
    Math.round(bytes / 1024 ** 2) !== now.memoryMiB &&
    memory !== formatSize(now.memoryMiB * 1024 ** 2)
  )
    wish.memoryMiB = Math.round(bytes / 1024 ** 2);
  if (display !== now.display) wish.display = display;
  if (limit !== now.cpuLimitPercent) wish.cpuLimitPercent = limit;
  const [width = 0, height = 0] = size.split(" × ").map(Number);
  if (width !== now.displaySize.width || height !== now.displaySize.height) wish.displaySize = { width, height };
  if (sound !== now.sound) wish.sound = sound;
  const changed = Object.keys(wish).length > 0 || note !== machine.note;
  const save = useChange(machine);
  const keep = () =>
    save.mutate({
      ...(Object.keys(wish).length > 0 ? { hardware: wish } : {}),
      ...(note === machine.note ? {} : { note }),
    });
  const memoryMiB = bytes === undefined ? now.memoryMiB : Math.max(1, Math.round(bytes / 1024 ** 2));
  return (
    <section aria-labelledby="change">
      <h2 id="change">Change it</h2>
      <form
        className="dialog-form panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (changed && !badMemory) keep();
        }}
      >
        <NativeSelect
          label="Cores"
          description={whenWords({ part: "cpus", to: cpus }, machine)}
          data={Array.from({ length: Math.max(host?.cpus ?? 1, now.cpus, 1) }, (_, at) => String(at + 1))}
          value={String(cpus)}
          onChange={(event) => setCpus(Number(event.currentTarget.value))}
        />
        <TextInput
          label="Memory"
          description={whenWords({ part: "memoryMiB", to: memoryMiB }, machine)}
          value={memory}
          error={badMemory}
          onChange={(event) => setMemory(event.currentTarget.value)}
        />
        <NativeSelect
          label="Share of this computer"
          description={whenWords({ part: "cpuLimitPercent" }, machine)}
          data={
            LIMITS.some(({ value }) => value === String(limit))
              ? LIMITS
              : [...LIMITS, { value: String(limit), label: `${limit} % of a core` }]
          }
          value={String(limit)}
          onChange={(event) => setLimit(Number(event.currentTarget.value))}
        />
        <NativeSelect
          label="Screen"
          description={whenWords({ part: "display" }, machine)}
          data={displaysFor(now)}
          value={display}
          onChange={(event) => setDisplay(event.currentTarget.value as typeof display)}
        />
        <NativeSelect
          label="Size of its screen"
          description={whenWords({ part: "displaySize" }, machine)}
          data={SIZES.includes(size) ? SIZES : [size, ...SIZES]}
          value={size}
          onChange={(event) => setSize(event.currentTarget.value)}
        />
        <NativeSelect
          label="Sound"
          description={whenWords({ part: "sound" }, machine)}
          data={soundsFor(now)}
          value={sound}
          onChange={(event) => setSound(event.currentTarget.value as typeof sound)}
        />
        <TextInput
          label="Note"
          description="For yourself; search finds it."
          value={note}
          maxLength={2000}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <div className="row end">
          <Button type="submit" variant="filled" disabled={!changed || badMemory !== undefined} loading={save.isPending}>
            Keep these changes
          </Button>
        </div>
      </form>
    </section>
  );
}
