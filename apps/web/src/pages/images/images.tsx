// Images: the files machines are made from. Which are here, where they came from, who uses them; and getting more.
import { ActionIcon, Button, Menu } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import type { ImageView, SystemView } from "@mimic/model";
import { IconDots, IconDownload, IconFileUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { imagesQuery, jobsQuery, machinesQuery, shownName, systemsQuery } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { CommandLine } from "../../ui/command.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { JobProgress } from "../../ui/job.tsx";
import { Empty, Page, Waiting } from "../../ui/page.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine } from "../../words.ts";
import { OwnFile } from "../new-machine/own-file.tsx";

const KINDS: Readonly<Record<ImageView["kind"], string>> = { disk: "Disk", cd: "CD", floppy: "Floppy", boot: "Kernel and first files" };

export function ImagesPage() {
  const { data: images, error } = useQuery(imagesQuery);
  const { data: jobs } = useQuery(jobsQuery);
  const [dialog, setDialog] = useState<"pull" | "own">();
  const running = jobs?.filter((job) => job.state === "running" && job.kind.startsWith("image.")) ?? [];
  const actions = (
    <>
      <Button leftSection={<IconFileUpload size={18} aria-hidden="true" />} onClick={() => setDialog("own")}>
        Bring a file
      </Button>
      <Button variant="filled" leftSection={<IconDownload size={18} aria-hidden="true" />} onClick={() => setDialog("pull")}>
        Get one
      </Button>
    </>
  );
  return (
    <Page
      title="Images"
      lead="What machines are made from. Images never change; machines lay their own changes over them."
      actions={actions}
    >
      {running.map((job) => (
        <div key={job.id} className="panel">
          <JobProgress job={job} />
        </div>
      ))}
      {error ? <ProblemNote error={error} /> : null}
      {!images && !error ? <Waiting>Reading your images…</Waiting> : null}
      {images?.length === 0 ? (
        <Empty title="No images yet" picture={<Picture picture="discs" size={64} />}>
          An image is the content of a disk or a CD. Mimic gets the right one by itself when you make a machine; here you can get one
          beforehand, or bring a file of your own.
        </Empty>
      ) : null}
      <ul className="items">
        {images?.map((image) => (
          <ImageRow key={image.digest} image={image} />
        ))}
      </ul>
      <PullDialog opened={dialog === "pull"} onClose={() => setDialog(undefined)} />
      <Dialog opened={dialog === "own"} onClose={() => setDialog(undefined)} title="Bring a file of your own" size="lg">
        <OwnFile onDone={() => setDialog(undefined)} />
      </Dialog>
    </Page>
  );
}

function ImageRow({ image }: { image: ImageView }) {
  const { data: machines } = useQuery(machinesQuery);
  const { data: systems } = useQuery(systemsQuery);
  const system = systems?.find((each) => each.id === image.system);
  const [removing, setRemoving] = useState(false);
  const verify = useVerb(() => api.images.verify({ image: image.digest }));
  const remove = useVerb(() => api.images.remove({ image: image.digest }), {
    after: () => setRemoving(false),
    done: () => `“${plain(image.name, 80)}” is gone.`,
  });
  const users = image.usedBy.map((id) => machines?.find((machine) => machine.id === id || machine.name === id)?.name ?? id);
  const why =
    users.length > 0
      ? `Used by ${users.slice(0, 3).map(shownName).join(", ")}${users.length > 3 ? ` and ${users.length - 3} more` : ""}.`
      : undefined;
  return (
    <li className="item">
      <Picture
        picture={system?.picture ?? (image.kind === "cd" ? "disc" : image.kind === "floppy" ? "floppy" : "discs")}
        family={system?.family}
        size={44}
      />
      <div className="item-words">
        <strong>
          <bdi>{plain(image.name, 120)}</bdi>
        </strong>
        <span className="quiet">
          {KINDS[image.kind]} · {formatSize(image.sizeBytes)}
          {image.virtualBytes > image.sizeBytes ? ` (up to ${formatSize(image.virtualBytes)})` : ""} · <Ago at={image.addedAt} />
        </span>
        <span className="quiet">
          {users.length === 0 ? "Not used" : "Used by "}
          {users.slice(0, 4).map((name, at) => (
            <span key={name}>
              {at > 0 ? ", " : ""}
              {machines?.some((machine) => machine.name === name) ? (
                <Link to="/machines/$machine/{-$tab}" params={{ machine: name }}>
                  <bdi>{shownName(name)}</bdi>
                </Link>
              ) : (
                <bdi>{shownName(name)}</bdi>
              )}
            </span>
          ))}
          {users.length > 4 ? ` and ${users.length - 4} more` : ""}
        </span>
        <details>
          <summary>Where it is from</summary>
          <dl className="facts">
            <div>
              <dt>From</dt>
              <dd>
                <bdi>{plain(image.source, 400)}</bdi>
              </dd>
            </div>
            <div>
              <dt>Checked by</dt>
              <dd>{plain(image.verifiedBy, 300)}</dd>
            </div>
            <div>
              <dt>
                <Term word="digest" />
              </dt>
              <dd>
                <code className="break">{image.digest}</code>
              </dd>
            </div>
          </dl>
        </details>
      </div>
      <Menu width={240}>
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={`More for ${plain(image.name, 80)}`}>
            <IconDots size={18} aria-hidden="true" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => verify.mutate(undefined)}>Check every byte again</Menu.Item>
          <Menu.Item
            data-disabled={why ? true : undefined}
            aria-disabled={why ? true : undefined}
            closeMenuOnClick={!why}
            onClick={why ? undefined : () => setRemoving(true)}
          >
            Delete…
            {why ? <span className="menu-why">{why}</span> : null}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={removing}
        onClose={() => setRemoving(false)}
        title={`Delete “${plain(image.name, 80)}”?`}
        action="Delete"
        busy={remove.isPending}
        onConfirm={() => remove.mutate(undefined)}
      >
        <p>
          Frees {formatSize(image.sizeBytes)}. No machine uses it.{" "}
          {image.system ? "It can be got again." : "To have it again you need the file it came from."}
        </p>
        <CommandLine command={commandLine("image", "rm", image.name)} />
      </Confirm>
    </li>
  );
}

function PullDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { data: systems, error } = useQuery({ ...systemsQuery, enabled: opened });
  const pull = useVerb((system: SystemView) => api.images.pull({ system: system.id }), { after: onClose });
  return (
    <Dialog opened={opened} onClose={onClose} title="Get an image" size="lg">
      {error ? <ProblemNote error={error} /> : null}
      <ul className="items">
        {systems
          ?.filter((system) => system.source.way !== "bring")
          .map((system) => (
            <li key={system.id} className="item">
              <Picture picture={system.picture} family={system.family} size={40} />
              <div className="item-words">
                <strong>{plain(system.name, 60)}</strong>
                <span className="quiet">{plain(system.licence, 200)}</span>
              </div>
              {system.imageDigest ? (
                <span className="quiet">Is here</span>
              ) : (
                <Button
                  aria-label={`Get ${plain(system.name, 60)}`}
                  loading={pull.isPending && pull.variables?.id === system.id}
                  onClick={() => pull.mutate(system)}
                >
                  Get
                </Button>
              )}
            </li>
          ))}
      </ul>
      <CommandLine command="mimic image pull SYSTEM" />
    </Dialog>
  );
}
