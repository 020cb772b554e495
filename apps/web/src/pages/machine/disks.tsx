// Hard disks (add, grow, remove) and the drives whose medium can be changed while the machine runs.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { formatSize, parseSize, plain } from "@mimic/base";
import type { DiskSpec, ImageView, MachineView, MediaDrive } from "@mimic/model";
import { IconDeviceFloppy, IconDisc, IconPlus, IconServer } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { imagesQuery } from "../../queries.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { Term } from "../../ui/term.tsx";

export function Disks({ machine }: { machine: MachineView }) {
  const { data: images } = useQuery(imagesQuery);
  const { disks, drives } = machine.hardware;
  const [adding, setAdding] = useState(false);
  const off = machine.power === "stopped" || machine.power === "failed";
  const addDrive = useVerb((kind: "cd" | "floppy") => api.machines.change({ machine: machine.id, addDrive: { kind } }));
  return (
    <div className="stack">
      <section aria-labelledby="disks">
        <div className="section-head">
          <h2 id="disks">Disks</h2>
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => setAdding(true)}>
            Add a disk
          </Button>
        </div>
        {disks.length === 0 ? <p className="quiet">It has no disk: it starts from a CD, a floppy or what is loaded for it.</p> : null}
        <ul className="items">
          {disks.map((disk, at) => (
            <DiskRow
              key={disk.id}
              machine={machine}
              disk={disk}
              at={at}
              off={off}
              base={images?.find((image) => image.digest === disk.base)}
            />
          ))}
        </ul>
        <p className="quiet">All its disks take {formatSize(machine.diskBytes)} on this computer.</p>
      </section>
      <section aria-labelledby="drives">
        <div className="section-head">
          <h2 id="drives">
            <Term word="drive">Drives</Term>
          </h2>
          <ReasonButton
            why={off ? undefined : "A drive is built in while the machine is off."}
            onPress={() => addDrive.mutate("cd")}
            leftSection={<IconPlus size={16} aria-hidden="true" />}
          >
            Add a CD drive
          </ReasonButton>
        </div>
        {drives.length === 0 ? <p className="quiet">It has no CD or floppy drive.</p> : null}
        <ul className="items">
          {drives.map((drive) => (
            <DriveRow key={drive.slot} machine={machine} drive={drive} images={images ?? []} />
          ))}
        </ul>
      </section>
      <AddDisk machine={machine} opened={adding} onClose={() => setAdding(false)} />
    </div>
  );
}

interface DiskProps {
  readonly machine: MachineView;
  readonly disk: DiskSpec;
  readonly at: number;
  readonly off: boolean;
  readonly base: ImageView | undefined;
}

function DiskRow({ machine, disk, at, off, base }: DiskProps) {
  const [asking, setAsking] = useState<"grow" | "remove">();
  const [size, setSize] = useState("");
  const bytes = parseSize(size);
  const bad =
    size !== "" && (bytes === undefined || bytes <= disk.sizeBytes)
      ? `More than ${formatSize(disk.sizeBytes)}: a disk can grow, not shrink.`
      : undefined;
  const close = () => setAsking(undefined);
  const grow = useVerb((sizeBytes: number) => api.machines.change({ machine: machine.id, growDisk: { id: disk.id, sizeBytes } }), {
    after: close,
  });
  const remove = useVerb(() => api.machines.change({ machine: machine.id, removeDisk: disk.id }), { after: close });
  return (
    <li className="item">
      <IconServer size={24} stroke={1.6} aria-hidden="true" />
      <div className="item-words">
        <strong>
          Disk {at + 1}: {formatSize(disk.sizeBytes)}
        </strong>
        <span className="quiet">
          <Term word="bus">{disk.bus}</Term>, {disk.format}
          {disk.base ? (
            <>
              , a <Term word="overlay">thin layer</Term> over {base ? <bdi>{plain(base.name, 80)}</bdi> : "an image"}
            </>
          ) : null}
          {disk.readOnly ? ", read only" : ""}
        </span>
      </div>
      <div className="row">
        <ReasonButton why={off ? undefined : "Shut the machine down to make its disk larger."} onPress={() => setAsking("grow")}>
          Make larger
        </ReasonButton>
        <ReasonButton why={off ? undefined : "Shut the machine down to take a disk out."} onPress={() => setAsking("remove")}>
          Take out
        </ReasonButton>
      </div>
      <Dialog opened={asking === "grow"} onClose={close} title={`Make disk ${at + 1} larger`}>
        <form className="dialog-form" onSubmit={(event) => (event.preventDefault(), bytes && !bad ? grow.mutate(bytes) : undefined)}>
          <TextInput
            data-autofocus
            label="New size"
            description={`It is ${formatSize(disk.sizeBytes)} now. The system inside must then be told to use the new room.`}
            value={size}
            error={bad}
            onChange={(event) => setSize(event.currentTarget.value)}
          />
          <div className="row end">
            <Button type="submit" variant="filled" disabled={!bytes || bad !== undefined} loading={grow.isPending}>
              Make larger
            </Button>
          </div>
        </form>
      </Dialog>
      <Confirm
        opened={asking === "remove"}
        onClose={close}
        title={`Take disk ${at + 1} out?`}
        action="Take it out"
        busy={remove.isPending}
        onConfirm={() => remove.mutate(undefined)}
      >
        <p>Its {formatSize(disk.sizeBytes)} go to the trash of this machine.</p>
      </Confirm>
    </li>
  );
}

function DriveRow({ machine, drive, images }: { machine: MachineView; drive: MediaDrive; images: readonly ImageView[] }) {
  const fitting = images.filter((image) => image.kind === drive.kind);
  const now = drive.medium?.from === "image" ? drive.medium.digest : "";
  const change = useVerb((image: string | null) => api.machines.changeMedium({ machine: machine.id, slot: drive.slot, image }), {
    done: (image) => (image === null ? "The drive is empty now." : "The drive has the new medium."),
  });
  const own = drive.medium?.from === "own";
  const noun = drive.kind === "cd" ? "CD" : "floppy";
  const known = now === "" || fitting.some((image) => image.digest === now);
  return (
    <li className="item">
      {drive.kind === "cd" ? (
        <IconDisc size={24} stroke={1.6} aria-hidden="true" />
      ) : (
        <IconDeviceFloppy size={24} stroke={1.6} aria-hidden="true" />
      )}
      <div className="item-words">
        <strong>
          {drive.kind === "cd" ? "CD drive" : "Floppy drive"} <span className="quiet">{drive.slot}</span>
        </strong>
        {own ? <span className="quiet">Holds what Mimic made for this machine alone.</span> : null}
      </div>
      <div className="row">
        <NativeSelect
          aria-label={`${noun} in ${drive.slot}`}
          value={own ? "own" : now}
          disabled={change.isPending}
          data={[
            { value: "", label: "Empty" },
            ...(own ? [{ value: "own", label: "Mimic’s own" }] : []),
            ...(known ? [] : [{ value: now, label: "An image that is not here any more" }]),
            ...fitting.map((image) => ({ value: image.digest, label: plain(image.name, 80) })),
          ]}
          onChange={(event) => event.currentTarget.value !== "own" && change.mutate(event.currentTarget.value || null)}
        />
        <ReasonButton why={drive.medium ? undefined : "The drive is empty."} onPress={() => change.mutate(null)}>
          Eject
        </ReasonButton>
      </div>
      {fitting.length === 0 ? <p className="quiet item-foot">There is no {noun} image here yet. Bring one under Images.</p> : null}
    </li>
  );
}

function AddDisk({ machine, opened, onClose }: { machine: MachineView; opened: boolean; onClose: () => void }) {
  const [size, setSize] = useState("10 GiB");
  const [bus, setBus] = useState("virtio");
  const bytes = parseSize(size);
  const add = useVerb(() => api.machines.change({ machine: machine.id, addDisk: { bus: bus as DiskSpec["bus"], sizeBytes: bytes ?? 0 } }), {
    after: onClose,
  });
  return (
    <Dialog opened={opened} onClose={onClose} title="Add a disk">
      <form className="dialog-form" onSubmit={(event) => (event.preventDefault(), bytes ? add.mutate(undefined) : undefined)}>
        <TextInput
          data-autofocus
          label="Size"
          description="Takes room only as it fills."
          value={size}
          error={bytes ? undefined : "A size such as “10 GiB”."}
          onChange={(event) => setSize(event.currentTarget.value)}
        />
        <NativeSelect
          label="Plugged in by"
          value={bus}
          onChange={(event) => setBus(event.currentTarget.value)}
          data={[
            { value: "virtio", label: "virtio (fastest)" },
            { value: "sata", label: "SATA" },
            { value: "scsi", label: "SCSI" },
            { value: "nvme", label: "NVMe" },
            { value: "ide", label: "IDE (old systems)" },
          ]}
        />
        <div className="row end">
          <Button type="submit" variant="filled" disabled={!bytes} loading={add.isPending}>
            Add it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
