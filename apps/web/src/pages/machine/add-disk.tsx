// “Add a disk”: an empty one of a size, or one that begins with what an image of the store holds (a game's files).
import { NativeSelect, TextInput } from "@mantine/core";
import { formatSize, parseSize, plain } from "@mimic/base";
import { type DiskBus, foreignBoard, type ImageView, type MachineView } from "@mimic/model";
import { useState } from "react";
import { useChange, whenWords, whyNever } from "../../changes.ts";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { commandLine } from "../../words.ts";

const BUSES: readonly { value: DiskBus; label: string }[] = [
  { value: "virtio", label: "virtio (fastest)" },
  { value: "sata", label: "SATA" },
  { value: "scsi", label: "SCSI" },
  { value: "nvme", label: "NVMe" },
  { value: "usb", label: "USB (a stick)" },
  { value: "ide", label: "IDE (old systems)" },
];

interface Props {
  readonly machine: MachineView;
  readonly images: readonly ImageView[];
  readonly onClose: () => void;
}

export function AddDisk({ machine, images, onClose }: Props) {
  const buses = foreignBoard(machine.hardware)?.diskBuses;
  const [digest, setDigest] = useState("");
  const [size, setSize] = useState("10 GiB");
  const [bus, setBus] = useState<DiskBus>(buses?.[0] ?? "virtio");
  const add = useChange(machine, onClose);
  const image = images.find((one) => one.digest === digest);
  const bytes = size.trim() === "" && image ? image.virtualBytes : parseSize(size);
  const trouble = sizeTrouble(bytes, image);
  const never = whyNever({ part: "addDisk", bus }, machine);
  const sizeBytes = bytes === image?.virtualBytes ? undefined : bytes;
  const choose = (chosen: string) => {
    setDigest(chosen);
    setSize(chosen === "" ? "10 GiB" : "");
  };
  return (
    <FormDialog
      onClose={onClose}
      title="Add a disk"
      action="Add it"
      command={commandLine(
        "disk",
        "add",
        machine.name,
        ...(sizeBytes === undefined ? [] : [size.replaceAll(" ", "")]),
        ...(image ? ["--image", image.name] : []),
        "--bus",
        bus,
      )}
      busy={add.isPending}
      disabled={trouble !== undefined || never !== undefined}
      onSubmit={() => add.mutate({ addDisk: { bus, ...(image && { image: image.digest }), ...(sizeBytes && { sizeBytes }) } })}
    >
      <NativeSelect
        data-autofocus
        label="What is on it"
        description={image ? "The image stays as it is: what is written goes to this machine’s own layer over it." : undefined}
        value={digest}
        onChange={(event) => choose(event.currentTarget.value)}
        data={[
          { value: "", label: "Nothing yet" },
          ...images
            .filter(({ kind }) => kind === "disk")
            .map((one) => ({ value: one.digest, label: `${plain(one.name, 80)} (${formatSize(one.virtualBytes)})` })),
        ]}
      />
      <TextInput
        label="Size"
        description={image ? `Empty = as large as the image: ${formatSize(image.virtualBytes)}.` : "Takes room only as it fills."}
        value={size}
        error={trouble}
        onChange={(event) => setSize(event.currentTarget.value)}
      />
      <NativeSelect
        label="Plugged in by"
        description={whenWords({ part: "addDisk", bus }, machine)}
        value={bus}
        error={never}
        onChange={(event) => setBus(event.currentTarget.value as DiskBus)}
        data={BUSES.filter(({ value }) => buses?.includes(value) ?? true)}
      />
    </FormDialog>
  );
}

function sizeTrouble(bytes: number | undefined, image: ImageView | undefined): string | undefined {
  if (!bytes) return "A size such as “10 GiB”.";
  return image && bytes < image.virtualBytes ? `The image needs ${formatSize(image.virtualBytes)} at least.` : undefined;
}
