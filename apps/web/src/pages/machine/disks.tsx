// Hard disks (add, grow, remove) and the drives whose medium can be changed while the machine runs.
import { Button, NativeSelect } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import { type DiskSpec, foreignBoard, type ImageView, type MachineView, type MediaDrive } from "@mimic/model";
import { IconDeviceFloppy, IconDisc, IconPlus, IconServer } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { useChange, whenWords } from "../../changes.ts";
import { imagesQuery } from "../../queries.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { Term } from "../../ui/term.tsx";
import { AddDisk } from "./add-disk.tsx";
import { DiskFile } from "./disk-file.tsx";
import { GrowForm, LimitForm, limitWords } from "./disk-forms.tsx";
import { HostUsb } from "./host-usb.tsx";
import { Usb } from "./usb.tsx";

export function Disks({ machine }: { machine: MachineView }) {
  const { data: images } = useQuery(imagesQuery);
  const { disks, drives } = machine.hardware;
  const [adding, setAdding] = useState(false);
  const addDrive = useChange(machine);
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
            <DiskRow key={disk.id} machine={machine} disk={disk} at={at} base={images?.find((image) => image.digest === disk.base)} />
          ))}
        </ul>
        <p className="quiet">All its disks take {formatSize(machine.diskBytes)} on this computer.</p>
      </section>
      <section aria-labelledby="drives">
        <div className="section-head">
          <h2 id="drives">
            <Term word="drive">Drives</Term>
          </h2>
          <div className="row">
            {(["cd", "floppy"] as const).map((kind) => (
              <ReasonButton
                key={kind}
                why={whyNoDrive(kind, machine)}
                loading={addDrive.isPending}
                title={whenWords({ part: "addDrive" }, machine)}
                onPress={() => addDrive.mutate({ addDrive: { kind } })}
              >
                Add a {kind === "cd" ? "CD" : "floppy"} drive
              </ReasonButton>
            ))}
          </div>
        </div>
        {drives.length === 0 ? <p className="quiet">It has no CD or floppy drive.</p> : null}
        <ul className="items">
          {drives.map((drive) => (
            <DriveRow key={drive.slot} machine={machine} drive={drive} images={images ?? []} />
          ))}
        </ul>
      </section>
      <Usb machine={machine} />
      <HostUsb machine={machine} />
      {adding ? <AddDisk machine={machine} images={images ?? []} onClose={() => setAdding(false)} /> : null}
    </div>
  );
}

const whyNoDrive = (kind: MediaDrive["kind"], { hardware }: MachineView): string | undefined =>
  hardware.drives.length >= 4
    ? "It has four drives already: change the medium in one of them."
    : kind === "floppy" && foreignBoard(hardware)
      ? "There is no floppy drive on this board."
      : undefined;

interface DiskProps {
  readonly machine: MachineView;
  readonly disk: DiskSpec;
  readonly at: number;
  readonly base: ImageView | undefined;
}

function DiskRow({ machine, disk, at, base }: DiskProps) {
  const [asking, setAsking] = useState<"grow" | "limit" | "file" | "remove">();
  const close = () => setAsking(undefined);
  const change = useChange(machine, close);
  const waits = machine.runs && !machine.runs.hardware.disks.some(({ id }) => id === disk.id);
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
          {limitWords(disk)}
          {waits ? ", comes at its next start" : ""}
        </span>
      </div>
      <div className="row">
        <Button onClick={() => setAsking("grow")}>Make larger</Button>
        <Button onClick={() => setAsking("limit")}>Make slower</Button>
        <Button onClick={() => setAsking("file")}>Its file…</Button>
        <Button onClick={() => setAsking("remove")}>Take out</Button>
      </div>
      <Dialog opened={asking === "grow"} onClose={close} title={`Make disk ${at + 1} larger`}>
        <GrowForm
          machine={machine}
          disk={disk}
          busy={change.isPending}
          onWish={(sizeBytes) => change.mutate({ growDisk: { id: disk.id, sizeBytes } })}
        />
      </Dialog>
      <Dialog opened={asking === "limit"} onClose={close} title={`How fast disk ${at + 1} may be`}>
        <LimitForm
          machine={machine}
          disk={disk}
          busy={change.isPending}
          onWish={(limits) => change.mutate({ limitDisk: { id: disk.id, ...limits } })}
        />
      </Dialog>
      <DiskFile machine={machine} disk={disk} at={at} opened={asking === "file"} onClose={close} />
      <Confirm
        opened={asking === "remove"}
        onClose={close}
        title={`Take disk ${at + 1} out?`}
        action="Take it out"
        busy={change.isPending}
        onConfirm={() => change.mutate({ removeDisk: disk.id })}
      >
        <p>Its file with up to {formatSize(disk.sizeBytes)} is kept in the machine’s folder.</p>
        <p className="quiet">{whenWords({ part: "removeDisk", id: disk.id }, machine)}</p>
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
