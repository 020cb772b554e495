// What differs between a moment and another one (or the present): chosen in a dialog, told disk by disk and file by file.
import { Button, NativeSelect } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import {
  type DiskDifference,
  type FileChange,
  type MachineView,
  type MomentView,
  type VolumeDifference,
  volumeInWords,
} from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../../api.ts";
import { momentsQuery } from "../../../queries.ts";
import { CommandLine } from "../../../ui/command.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Waiting } from "../../../ui/page.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { commandLine } from "../../../words.ts";

interface Props {
  readonly machine: MachineView;
  readonly moment: MomentView;
  readonly onClose: () => void;
}

const PRESENT = "";
const SHOWN = 100;
const isOff = ({ power }: MachineView): boolean => power === "stopped" || power === "failed";

export function Compare({ machine, moment, onClose }: Props) {
  const { data } = useQuery(momentsQuery(machine.id));
  const others = (data?.moments ?? []).filter(({ id }) => id !== moment.id);
  const [chosen, setChosen] = useState<string>();
  const other = chosen ?? (isOff(machine) ? PRESENT : (others.at(-1)?.id ?? PRESENT));
  const otherName = others.find(({ id }) => id === other)?.name;
  const name = plain(moment.name, 80);
  return (
    <Dialog opened onClose={onClose} title={`What differs from “${name}”?`} size="lg">
      <div className="dialog-form">
        <NativeSelect
          data-autofocus
          label="Compare with"
          value={other}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={[
            ...(isOff(machine) || others.length === 0 ? [{ value: PRESENT, label: "the present" }] : []),
            ...others.map(({ id, name: label }) => ({ value: id, label: plain(label, 80) })),
          ]}
        />
        {isOff(machine) ? null : (
          <p className="quiet">The present can be compared while it is off. Keep a moment to compare with, or shut it down.</p>
        )}
        <CommandLine command={commandLine("moments", "diff", machine.name, moment.name, ...(otherName ? [otherName] : []))} />
        <Result machine={machine} moment={moment} other={other} key={other} />
      </div>
    </Dialog>
  );
}

function Result({ machine, moment, other }: Omit<Props, "onClose"> & { other: string }) {
  const { data, error } = useQuery({
    queryKey: ["comparison", machine.id, moment.id, other],
    queryFn: ({ signal }) =>
      api.moments.compare({ machine: machine.id, moment: moment.id, ...(other !== PRESENT && { with: other }) }, { signal }),
    gcTime: 0,
    retry: false,
  });
  if (error) return <ProblemNote error={error} />;
  if (!data) return <Waiting>Looking through the disks…</Waiting>;
  return (
    <div className="stack" role="status">
      {data.disks.map((disk, index) => (
        <Disk key={disk.disk} index={index} difference={disk} />
      ))}
    </div>
  );
}

function Disk({ index, difference }: { index: number; difference: DiskDifference }) {
  const { change, volumes, writtenBytes } = difference;
  if (change !== "changed")
    return <p>{`Disk ${index + 1}: ${{ same: "the same", added: "was not there before", removed: "is no longer there" }[change]}.`}</p>;
  if (volumes.length === 0) return <p>{`Disk ${index + 1}: up to ${formatSize(writtenBytes)} differ.`}</p>;
  return volumes.map((volume) => <Part key={volume.part} index={index} volume={volume} />);
}

function Part({ index, volume }: { index: number; volume: VolumeDifference }) {
  const { files } = volume;
  const [isAll, setAll] = useState(false);
  const place = volumeInWords(index, volume);
  const title = `${place.charAt(0).toUpperCase()}${place.slice(1)}`;
  if (!files)
    return (
      <p>
        {title}: up to {formatSize(volume.writtenBytes)} differ; not by files: {plain(volume.why ?? "", 300)}.
      </p>
    );
  const { changes, added, removed, changed, attributes } = files;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <p>{`${added} added, ${removed} removed, ${changed} changed, ${attributes} with other rights or times`}</p>
      {changes.length > 0 ? (
        <ul className="file-changes">
          {(isAll ? changes : changes.slice(0, SHOWN)).map((one) => (
            <Change key={one.path} change={one} />
          ))}
        </ul>
      ) : null}
      {!isAll && changes.length > SHOWN ? <Button onClick={() => setAll(true)}>Show all {changes.length}</Button> : null}
      {files.isCut ? <p className="quiet">There are more than are listed here.</p> : null}
      {files.unread > 0 ? <p className="quiet">{files.unread} of them were too large to be looked at byte by byte.</p> : null}
      {files.problems > 0 ? <p className="quiet">{files.problems} damaged parts were passed over.</p> : null}
    </section>
  );
}

const WORDS = { added: "added", removed: "removed", changed: "changed", attributes: "rights or time" } as const;

function Change({ change: { path, kind, change, sizeBefore, sizeAfter } }: { change: FileChange }) {
  const size = kind === "file" ? sizeWords(sizeBefore, sizeAfter) : kind === "folder" ? "folder" : "";
  return (
    <li data-change={change}>
      <span className="change-kind">{WORDS[change]}</span>
      <bdi className="change-path">{plain(path, 4096)}</bdi>
      <span className="quiet">{size}</span>
    </li>
  );
}

function sizeWords(before: number | undefined, after: number | undefined): string {
  if (before !== undefined && after !== undefined && before !== after) return `${formatSize(before)} → ${formatSize(after)}`;
  return formatSize(after ?? before ?? 0);
}
