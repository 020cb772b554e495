// The file behind a disk: where it lies and what it stands on, and long work on it. Each is a job that goes on beside the
// machine, shows how far it is, and can be cancelled.
import { Button, Checkbox, NativeSelect } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import { type DiskSpec, MAIN_STORAGE, type MachineView, type StorageView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { storagesQuery, useJobOf } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine } from "../../words.ts";

interface Props {
  readonly machine: MachineView;
  readonly disk: DiskSpec;
  readonly at: number;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function DiskFile({ machine, disk, at, opened, onClose }: Props) {
  const wish = { machine: machine.id, disk: disk.id };
  const job = useJobOf(machine);
  const compact = useVerb(() => api.machines.compactDisk(wish), { after: onClose });
  const flatten = useVerb(() => api.machines.flattenDisk(wish), { after: onClose });
  const why = whyNot(machine, disk, job?.title);
  const under = standsOn(disk);
  return (
    <Dialog opened={opened} onClose={onClose} title={`The file of disk ${at + 1}`}>
      <div className="stack">
        <p className="quiet">{why ?? "Each of these goes on beside the machine, shows how far it is, and can be cancelled."}</p>
        <Move machine={machine} disk={disk} why={why} onBegun={onClose} />
        <section className="item">
          <div className="item-words">
            <strong>Compact</strong>
            <span className="quiet">
              {machine.runs
                ? "The guest is asked, through its agent, what it does not use; that room is given back."
                : "The file is written anew without what is only zeros."}
            </span>
          </div>
          <ReasonButton why={why} onPress={() => compact.mutate(undefined)}>
            Compact it
          </ReasonButton>
        </section>
        <section className="item">
          <div className="item-words">
            <strong>
              <Term word="flatten">Make it independent</Term>
            </strong>
            <span className="quiet">
              {under === undefined ? "It stands on nothing else already." : `It takes in ${under}. Moments stay as they are.`}
            </span>
          </div>
          <ReasonButton
            why={why ?? (under === undefined ? "It stands on nothing else." : undefined)}
            onPress={() => flatten.mutate(undefined)}
          >
            Make it independent
          </ReasonButton>
        </section>
      </div>
    </Dialog>
  );
}

/** “2 layers and an image”, or undefined. */
export function standsOn({ layers = [], base }: DiskSpec): string | undefined {
  const words = [
    ...(layers.length > 0 ? [`${layers.length} ${layers.length === 1 ? "layer" : "layers"}`] : []),
    ...(base === undefined ? [] : ["an image"]),
  ];
  return words.join(" and ") || undefined;
}

function whyNot(machine: MachineView, disk: DiskSpec, job: string | undefined): string | undefined {
  if (machine.forgets) return "It is disposable: its disks vanish with it.";
  if (machine.asleep) return "It sleeps: its memory and its disks belong together.";
  if (disk.readOnly) return "It is only read.";
  if (machine.power === "starting" || machine.power === "stopping") return `It is ${machine.power}.`;
  return job === undefined ? undefined : `Something works on it: ${plain(job, 120)}`;
}

function Move({
  machine,
  disk,
  why,
  onBegun,
}: {
  readonly machine: MachineView;
  readonly disk: DiskSpec;
  readonly why: string | undefined;
  readonly onBegun: () => void;
}) {
  const { data: storages = [] } = useQuery(storagesQuery);
  const here = disk.storage ?? MAIN_STORAGE;
  const others = storages.filter(({ id }) => id !== here);
  const [to, setTo] = useState("");
  const [whole, setWhole] = useState(false);
  const target = others.find(({ name }) => name === to) ?? others[0];
  const move = useVerb(
    () => api.machines.moveDisk({ machine: machine.id, disk: disk.id, to: target?.name ?? "", ...(whole && { flatten: true }) }),
    { after: onBegun },
  );
  const away = target && !target.isThere ? `“${target.name}” is not there: ${plain(target.because ?? "", 200)}` : undefined;
  return (
    <form
      className="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (target && !why && !away) move.mutate(undefined);
      }}
    >
      <p>
        It lies in <bdi>{storageWords(storages.find(({ id }) => id === here))}</bdi>.
      </p>
      {others.length === 0 ? (
        <>
          <p className="quiet">
            To move it to another drive, name a folder there as a <Term word="storage">storage</Term>. That is done in a terminal, since the
            folder is on this computer:
          </p>
          <CommandLine command={commandLine("storage", "add", "big", "/mnt/big")} />
        </>
      ) : (
        <>
          <NativeSelect
            label="Move it to"
            value={target?.name ?? ""}
            error={away}
            onChange={(event) => setTo(event.currentTarget.value)}
            data={others.map((storage) => ({ value: storage.name, label: storageWords(storage) }))}
          />
          {standsOn(disk) === undefined ? null : (
            <Checkbox
              label="Take in all that it stands on, too"
              description="Otherwise images and layers under it stay where they are."
              checked={whole}
              onChange={(event) => setWhole(event.currentTarget.checked)}
            />
          )}
          <div className="row end">
            <Button type="submit" disabled={why !== undefined || away !== undefined} loading={move.isPending}>
              Move it
            </Button>
          </div>
        </>
      )}
    </form>
  );
}

function storageWords(storage: StorageView | undefined): string {
  if (storage === undefined) return "a storage that is not known here any more";
  const free = storage.freeBytes === undefined ? "" : `, ${formatSize(storage.freeBytes)} free`;
  return `${storage.name} (${plain(storage.folder, 120)}${storage.isThere ? free : ", not there"})`;
}
