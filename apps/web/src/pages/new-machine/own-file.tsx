// A person's own file or folder: chosen or dropped, sent with progress, checked by the daemon, then ready for a machine.
import { Button, NativeSelect, Progress, TextInput } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import type { JobView } from "@mimic/model";
import { IconFileUpload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { followJob } from "../../follow.ts";
import { uploadImage } from "../../live/upload.ts";
import { imagesQuery, jobsQuery } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { JobProgress } from "../../ui/job.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { guessKind, importCommand, isZip, nameFromFile, type OwnKind } from "./choice.ts";
import { type FolderFile, filesOfFolder, whyNoDisk, zipOf } from "./folder-zip.ts";

const IMAGES: readonly { value: OwnKind; label: string }[] = [
  { value: "cd", label: "A CD (installation medium, ISO)" },
  { value: "disk", label: "A hard disk (qcow2, vmdk, vdi, vhd, raw)" },
  { value: "floppy", label: "A floppy" },
];
const FILES: readonly { value: OwnKind; label: string }[] = [
  { value: "files", label: "Files, such as an old game: put them on a hard disk (FAT)" },
  { value: "files-floppy", label: "Files: put them on a floppy (1.44 MB)" },
];

/** Not in React's types yet, in every browser since 2016. */
const DIRECTORY = { webkitdirectory: "" };

interface Wish {
  readonly what: File | readonly FolderFile[];
  /** Of the file or folder. */
  readonly title: string;
  readonly bytes: number;
  readonly name: string;
  readonly kind: OwnKind;
}

const kindsFor = ({ what, title }: Wish): readonly { value: OwnKind; label: string }[] =>
  !(what instanceof File) ? FILES : isZip(title) ? [...FILES, ...IMAGES] : IMAGES;

async function send({ what, title, name, kind }: Wish, signal: AbortSignal, sent: (bytes: number) => void): Promise<JobView> {
  const isFiles = kind === "files" || kind === "files-floppy";
  return uploadImage({
    file: what instanceof File ? what : await zipOf(what, signal),
    fileName: title,
    name,
    kind: isFiles ? (kind === "files" ? "disk" : "floppy") : kind,
    format: isFiles ? "files" : undefined,
    signal,
    sent,
  });
}

/** `onDone` gets the image's digest; without it the page goes on to making a machine from it. */
export function OwnFile({ onDone }: { onDone?: (digest: string) => void }) {
  const [wish, setWish] = useState<Wish>();
  const [sent, setSent] = useState(0);
  const ended = useRef<AbortController>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const upload = useMutation({
    mutationFn: (given: Wish) => {
      ended.current = new AbortController();
      return send(given, ended.current.signal, setSent);
    },
    onSuccess: followJob,
  });
  useEffect(() => () => ended.current?.abort(), []);
  const take = (given: Wish) => {
    upload.reset();
    setSent(0);
    setWish(given);
  };
  const choose = (file: File | undefined) => {
    if (file)
      take({ what: file, title: file.name, bytes: file.size, name: nameFromFile(file.name), kind: guessKind(file.name, file.size) });
  };
  const chooseFolder = (chosen: Iterable<File>) => {
    const { folder, files } = filesOfFolder(chosen);
    const bytes = files.reduce((sum, file) => sum + file.bytes.size, 0);
    take({ what: files, title: folder, bytes, name: folder.slice(0, 120) || "my-files", kind: "files" });
  };
  const why = wish && !(wish.what instanceof File) ? whyNoDisk(wish.what) : undefined;
  const again = () => {
    upload.reset();
    setWish(undefined);
  };
  if (upload.data && wish) return <Checking job={upload.data} name={wish.name} onDone={onDone} again={again} />;
  return (
    <div className="own-file">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button inside is the first */}
      <div
        className="drop"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          choose(event.dataTransfer.files[0]);
        }}
      >
        <IconFileUpload size={36} stroke={1.5} aria-hidden="true" />
        <div className="row">
          <Button variant={wish ? "default" : "filled"} onClick={() => input.current?.click()} disabled={upload.isPending}>
            {wish ? "Choose another file" : "Choose a file"}
          </Button>
          <Button variant="default" onClick={() => folderInput.current?.click()} disabled={upload.isPending}>
            Choose a folder
          </Button>
        </div>
        <p className="quiet">
          or drop a file here: ISO, qcow2, raw, vmdk, vdi, vhd, vhdx, img; also packed with gz, xz or zst. The files of a folder or a zip,
          such as an old game, become a disk.
        </p>
        <input
          ref={input}
          type="file"
          className="visually-hidden"
          tabIndex={-1}
          aria-label="File"
          onChange={(event) => choose(event.currentTarget.files?.[0])}
        />
        <input
          ref={folderInput}
          type="file"
          {...DIRECTORY}
          className="visually-hidden"
          tabIndex={-1}
          aria-label="Folder"
          onChange={(event) => chooseFolder(event.currentTarget.files ?? [])}
        />
      </div>
      {wish ? (
        <form
          className="new-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (!why) upload.mutate(wish);
          }}
        >
          <p>
            <bdi>{plain(wish.title, 120)}</bdi>
            {wish.what instanceof File ? "" : `, ${wish.what.length} ${wish.what.length === 1 ? "file" : "files"}`},{" "}
            {formatSize(wish.bytes)}
          </p>
          <TextInput
            label="Name"
            value={wish.name}
            maxLength={120}
            disabled={upload.isPending}
            onChange={(event) => setWish({ ...wish, name: event.currentTarget.value })}
          />
          <NativeSelect
            label="What it is"
            data={kindsFor(wish)}
            value={wish.kind}
            disabled={upload.isPending}
            onChange={(event) => setWish({ ...wish, kind: event.currentTarget.value as OwnKind })}
          />
          {upload.isPending ? (
            <div className="job">
              <div className="job-words">
                <span>Sending it to Mimic on this computer</span>
                <Button size="compact-sm" variant="subtle" onClick={() => ended.current?.abort()}>
                  Cancel
                </Button>
              </div>
              <Progress value={wish.bytes > 0 ? Math.min(100, Math.round((sent / wish.bytes) * 100)) : 0} aria-label="Sent" />
              <div className="quiet numbers">
                {formatSize(Math.min(sent, wish.bytes))} of {formatSize(wish.bytes)}
              </div>
            </div>
          ) : (
            <div className="row">
              <Button type="submit" variant="filled" disabled={wish.name.trim() === "" || why !== undefined}>
                Bring it in
              </Button>
            </div>
          )}
          {why ? <p role="alert">{why}</p> : null}
          {upload.error ? <ProblemNote error={upload.error} /> : null}
        </form>
      ) : null}
      <CommandLine command={importCommand(wish?.kind)} />
    </div>
  );
}

const DIGEST = /^[0-9a-f]{64}$/;

function Checking({
  job,
  name,
  onDone,
  again,
}: {
  job: JobView;
  name: string;
  onDone: ((digest: string) => void) | undefined;
  again: () => void;
}) {
  const navigate = useNavigate();
  const { data: jobs } = useQuery(jobsQuery);
  const { data: images } = useQuery(imagesQuery);
  const now = jobs?.find((each) => each.id === job.id) ?? job;
  const told = Object.values(now.result ?? {}).find((value) => DIGEST.test(value));
  const digest = now.state === "done" ? (told ?? images?.find((image) => image.name === name)?.digest) : undefined;
  const known = digest !== undefined && images?.some((image) => image.digest === digest);
  useEffect(() => {
    if (!digest || !known) return;
    if (onDone) onDone(digest);
    else void navigate({ to: "/new", search: { image: digest } });
  }, [digest, known, onDone, navigate]);
  return (
    <div className="making" aria-live="polite">
      {now.state === "running" ? <JobProgress job={now} /> : null}
      {now.problem ? <ProblemNote error={now.problem} /> : null}
      {now.state === "cancelled" ? <p>Cancelled. Nothing was kept.</p> : null}
      {now.state === "failed" || now.state === "cancelled" ? <Button onClick={again}>Choose another file</Button> : null}
    </div>
  );
}
