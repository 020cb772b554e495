// A person's own file: chosen or dropped, sent with progress, checked by the daemon, then ready for a machine.
import { Button, NativeSelect, Progress, TextInput } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import type { ImageKind, JobView } from "@mimic/model";
import { IconFileUpload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { followJob } from "../../follow.ts";
import { uploadImage } from "../../live/upload.ts";
import { imagesQuery, jobsQuery } from "../../queries.ts";
import { JobProgress } from "../../ui/job.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { guessKind, nameFromFile } from "./choice.ts";

const KINDS = [
  { value: "cd", label: "A CD (installation medium, ISO)" },
  { value: "disk", label: "A hard disk (qcow2, vmdk, vdi, vhd, raw)" },
  { value: "floppy", label: "A floppy" },
];

interface Wish {
  readonly file: File;
  readonly name: string;
  readonly kind: ImageKind;
}

/** `onDone` gets the image's digest; without it the page goes on to making a machine from it. */
export function OwnFile({ onDone }: { onDone?: (digest: string) => void }) {
  const [wish, setWish] = useState<Wish>();
  const [sent, setSent] = useState(0);
  const ended = useRef<AbortController>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const upload = useMutation({
    mutationFn: ({ file, name, kind }: Wish) => {
      ended.current = new AbortController();
      return uploadImage({ file, name, kind, signal: ended.current.signal, sent: setSent });
    },
    onSuccess: followJob,
  });
  useEffect(() => () => ended.current?.abort(), []);
  const choose = (file: File | undefined) => {
    if (!file) return;
    upload.reset();
    setSent(0);
    setWish({ file, name: nameFromFile(file.name), kind: guessKind(file.name, file.size) });
  };
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
        <Button variant={wish ? "default" : "filled"} onClick={() => input.current?.click()} disabled={upload.isPending}>
          {wish ? "Choose another file" : "Choose a file"}
        </Button>
        <p className="quiet">or drop it here: ISO, qcow2, raw, vmdk, vdi, vhd, vhdx, img; also packed with gz, xz or zst</p>
        <input
          ref={input}
          type="file"
          className="visually-hidden"
          tabIndex={-1}
          aria-label="File"
          onChange={(event) => choose(event.currentTarget.files?.[0])}
        />
      </div>
      {wish ? (
        <form
          className="new-form"
          onSubmit={(event) => {
            event.preventDefault();
            upload.mutate(wish);
          }}
        >
          <p>
            <bdi>{plain(wish.file.name, 120)}</bdi>, {formatSize(wish.file.size)}
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
            data={KINDS}
            value={wish.kind}
            disabled={upload.isPending}
            onChange={(event) => setWish({ ...wish, kind: event.currentTarget.value as ImageKind })}
          />
          {upload.isPending ? (
            <div className="job">
              <div className="job-words">
                <span>Sending it to Mimic on this computer</span>
                <Button size="compact-sm" variant="subtle" onClick={() => ended.current?.abort()}>
                  Cancel
                </Button>
              </div>
              <Progress value={wish.file.size > 0 ? (sent / wish.file.size) * 100 : 0} aria-label="Sent" />
              <div className="quiet numbers">
                {formatSize(sent)} of {formatSize(wish.file.size)}
              </div>
            </div>
          ) : (
            <div className="row">
              <Button type="submit" variant="filled" disabled={wish.name.trim() === ""}>
                Bring it in
              </Button>
            </div>
          )}
          {upload.error ? <ProblemNote error={upload.error} /> : null}
        </form>
      ) : null}
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
