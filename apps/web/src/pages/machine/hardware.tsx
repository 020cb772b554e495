// What the machine has, what can be changed when, and why not. Changes that wait for a restart say so.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { formatSize, parseSize, plain } from "@mimic/base";
import type { HardwareRow, HardwareSpec, MachineView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { hardwareQuery, hostQuery } from "../../queries.ts";
import { Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";

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
      <ChangeForm key={JSON.stringify(machine.hardware)} machine={machine} />
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

const DISPLAYS = [
  { value: "vga", label: "VGA (works everywhere)" },
  { value: "virtio", label: "virtio (faster, newer systems)" },
  { value: "cirrus", label: "Cirrus (systems of the nineties)" },
  { value: "none", label: "None" },
];
const SOUNDS = [
  { value: "none", label: "None" },
  { value: "hda", label: "Intel HDA" },
  { value: "ac97", label: "AC97 (older systems)" },
  { value: "sb16", label: "Sound Blaster 16 and AdLib (DOS)" },
];

function ChangeForm({ machine }: { machine: MachineView }) {
  const now = machine.hardware;
  const { data: host } = useQuery(hostQuery);
  const [cpus, setCpus] = useState(now.cpus);
  const [memory, setMemory] = useState(formatSize(now.memoryMiB * 1024 ** 2));
  const [display, setDisplay] = useState(now.display);
  const [sound, setSound] = useState(now.sound);
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
  if (sound !== now.sound) wish.sound = sound;
  const changed = Object.keys(wish).length > 0 || note !== machine.note;
  const save = useVerb(
    () =>
      api.machines.change({
        machine: machine.id,
        ...(Object.keys(wish).length > 0 ? { hardware: wish } : {}),
        ...(note === machine.note ? {} : { note }),
      }),
    {
      done: () =>
        machine.power === "stopped" || machine.power === "failed"
          ? "Changed."
          : "Changed; what cannot change while it runs waits for its next start.",
    },
  );
  return (
    <section aria-labelledby="change">
      <h2 id="change">Change it</h2>
      <form
        className="dialog-form panel"
        onSubmit={(event) => (event.preventDefault(), changed && !badMemory ? save.mutate(undefined) : undefined)}
      >
        <NativeSelect
          label="Cores"
          data={Array.from({ length: Math.max(host?.cpus ?? 1, now.cpus, 1) }, (_, at) => String(at + 1))}
          value={String(cpus)}
          onChange={(event) => setCpus(Number(event.currentTarget.value))}
        />
        <TextInput label="Memory" value={memory} error={badMemory} onChange={(event) => setMemory(event.currentTarget.value)} />
        <NativeSelect
          label="Screen"
          data={DISPLAYS}
          value={display}
          onChange={(event) => setDisplay(event.currentTarget.value as typeof display)}
        />
        <NativeSelect label="Sound" data={SOUNDS} value={sound} onChange={(event) => setSound(event.currentTarget.value as typeof sound)} />
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
