// The picture list of systems: what each is for, how big, how it is got; and why one will not do here.
import { formatSize, plain } from "@mimic/base";
import type { HostView, ImageView, SystemView } from "@mimic/model";
import { Link } from "@tanstack/react-router";
import { Picture } from "../../ui/pictures.tsx";
import { unsuitable } from "../../words.ts";

const WAYS: Readonly<Record<SystemView["source"]["way"], string>> = {
  download: "is downloaded first",
  assemble: "is put together here",
  install: "is installed by itself, takes a while",
  bring: "you bring the file",
};

function how(system: SystemView): string {
  const needs = `needs ${formatSize(system.minimum.memoryMiB * 1024 ** 2)} memory`;
  const size = system.source.way === "download" && system.source.sizeBytes ? ` (${formatSize(system.source.sizeBytes)})` : "";
  return `${needs} · ${system.imageDigest ? "is here already" : WAYS[system.source.way] + size}`;
}

function SystemTile({ system, why }: { system: SystemView; why: string | undefined }) {
  const inside = (
    <>
      <Picture picture={system.picture} family={system.family} size={52} />
      <span className="tile-words">
        <strong>{plain(system.name, 60)}</strong>
        <span>{plain(system.summary, 240)}</span>
        <span className={why ? "tile-why" : "quiet"}>{why ?? how(system)}</span>
      </span>
    </>
  );
  return (
    <li>
      {why ? (
        <span className="tile" data-disabled aria-disabled="true">
          {inside}
        </span>
      ) : system.source.way === "bring" ? (
        <Link className="tile" to="/new" search={{ own: true }}>
          {inside}
        </Link>
      ) : (
        <Link className="tile" to="/new" search={{ system: system.id }}>
          {inside}
        </Link>
      )}
    </li>
  );
}

export function Systems({
  systems,
  images,
  host,
}: {
  systems: readonly SystemView[];
  images: readonly ImageView[];
  host: HostView | undefined;
}) {
  const brought = systems.filter((system) => system.source.way === "bring");
  const own = images.filter((image) => !image.system);
  return (
    <>
      <ul className="tiles">
        {systems
          .filter((system) => system.source.way !== "bring")
          .map((system) => (
            <SystemTile key={system.id} system={system} why={unsuitable(system, host)} />
          ))}
      </ul>
      <h2>Something else</h2>
      <ul className="tiles">
        {brought.map((system) => (
          <SystemTile key={system.id} system={system} why={unsuitable(system, host)} />
        ))}
        {brought.length === 0 ? <OwnFileTile /> : null}
        <li>
          <Link className="tile" to="/new" search={{ empty: true }}>
            <Picture picture="empty" size={52} />
            <span className="tile-words">
              <strong>An empty machine</strong>
              <span>A disk with nothing on it, for installing by hand.</span>
              <span className="quiet">put a CD in later</span>
            </span>
          </Link>
        </li>
        {own.map((image) => (
          <li key={image.digest}>
            <Link className="tile" to="/new" search={{ image: image.digest }}>
              <Picture picture={image.kind === "cd" ? "disc" : image.kind === "floppy" ? "floppy" : "discs"} size={52} />
              <span className="tile-words">
                <strong>
                  <bdi>{plain(image.name, 120)}</bdi>
                </strong>
                <span>
                  {image.kind === "boot"
                    ? "A kernel of yours: a machine with its processor starts it directly."
                    : image.kind === "disk"
                      ? "A disk of yours: each machine gets its own layer over it."
                      : `A ${image.kind === "cd" ? "CD" : "floppy"} of yours: in the drive at the start.`}
                </span>
                <span className="quiet">{formatSize(image.sizeBytes)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

const OwnFileTile = () => (
  <li>
    <Link className="tile" to="/new" search={{ own: true }}>
      <Picture picture="file" size={52} />
      <span className="tile-words">
        <strong>Bring my own file</strong>
        <span>An installation CD (ISO), a disk of another program, a floppy, the folder of an old game.</span>
        <span className="quiet">is checked before anything reads it</span>
      </span>
    </Link>
  </li>
);
