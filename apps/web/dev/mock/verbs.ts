// Everything that the daemon that does not exist can be asked, by area and verb, as the contract names them.
import type { InputOf, OutputOf } from "@mimic/api/client";
import { USUAL_RETENTION } from "@mimic/model";
import { networkVerbs } from "../network-mock.ts";
import { type MockDaemon, Problem, type Verbs } from "./daemon.ts";
import { machineVerbs } from "./machines.ts";

/** A computer that cannot be joined to: the dialog has to say so. */
const LAN = {
  mayBridge: false,
  because: "This computer has no bridge: “enp3s0” can carry machines only as part of one.",
  hint: "“Bridged” in docs/networks.md shows how to make a bridge; --kind nat needs none.",
  choices: [],
};
const STORAGES: OutputOf<"storages", "list">["storages"] = [
  { id: "main", name: "main", folder: "/home/you/.local/share/mimic", isThere: true, freeBytes: 41e9, machines: ["hello"] },
  { id: "sto_1", name: "big", folder: "/mnt/big", isThere: true, freeBytes: 812e9, machines: ["database"] },
  {
    id: "sto_2",
    name: "stick",
    folder: "/media/you/stick",
    isThere: false,
    because: "the folder is there and empty of Mimic’s disks: its drive is not mounted",
    machines: [],
  },
];

export const verbsOf = (daemon: MockDaemon): Readonly<Record<string, Verbs>> => ({
  machines: machineVerbs(daemon),
  networks: networkVerbs(daemon),
  host: { show: () => daemon.world.host, diagnose: () => daemon.world.diagnosis, lan: () => LAN },
  images: {
    list: () => ({ images: daemon.world.images }),
    pull: (input: InputOf<"images", "pull">) =>
      daemon.job("image.pull", `Get “${input.system}”`, [input.system], "Downloading", () => undefined),
    verify: (_, { image }) => daemon.job("image.verify", "Check an image", [image ?? ""], "Reading every byte", () => undefined),
    remove: (_, { image }) => {
      const found = daemon.world.images.find((each) => each.digest === image);
      if (found && found.usedBy.length > 0)
        throw new Problem(409, "image.in_use", `“${found.name}” is used by ${found.usedBy.join(", ")}.`, "Remove these machines first.");
      daemon.world.images = daemon.world.images.filter((each) => each.digest !== image);
      return {};
    },
  },
  systems: { list: () => ({ systems: daemon.world.systems }) },
  templates: { list: () => ({ templates: [] }) },
  moments: { list: (): OutputOf<"moments", "list"> => ({ moments: [], retention: USUAL_RETENTION }) },
  storages: { list: () => ({ storages: STORAGES }) },
  jobs: {
    list: () => ({ jobs: daemon.world.jobs }),
    show: (_, { job }) => daemon.world.jobs.find((each) => each.id === job),
    cancel: (_, { job }) => {
      const found = daemon.world.jobs.find((each) => each.id === job);
      if (found) Object.assign(found, { state: "cancelled", cancellable: false, words: "Cancelled", endedAt: new Date().toISOString() });
      daemon.tell({ kind: "job.ended", jobId: job ?? "", state: "cancelled" });
      return found;
    },
  },
  trash: {
    list: () => ({ trash: daemon.world.trash }),
    restore: (_, { entry }) => {
      daemon.world.trash = daemon.world.trash.filter((each) => each.id !== entry);
      return daemon.world.machines[0];
    },
    remove: (_, { entry }) => {
      daemon.world.trash = daemon.world.trash.filter((each) => each.id !== entry);
      return {};
    },
    empty: () => {
      const forgotten = daemon.world.trash.length;
      daemon.world.trash = [];
      return { forgotten };
    },
  },
});
