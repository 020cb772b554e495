// Where every file of an installation is. This is the only place that joins paths;
// docs/data-directory.md explains each of them to people.

export interface Directories {
  /** Machines, images, trash, token: what a person would back up. */
  readonly data: string;
  /** Sockets: gone after a restart of the computer, short because a unix socket's path has about a hundred bytes. */
  readonly run: string;
  /** What can be fetched or computed again. */
  readonly cache: string;
}

export interface Layout extends Directories {
  readonly dataVersion: string;
  readonly token: string;
  readonly machines: string;
  readonly images: string;
  readonly trash: string;
  readonly layers: string;
  readonly templates: string;
  readonly quarantine: string;
  readonly journal: string;
  readonly jobs: string;
  readonly log: string;
  readonly engineState: string;
  readonly socket: string;
  readonly portFile: string;
  machine(id: string): MachineLayout;
  machineDraft(id: string): MachineLayout;
  /** What QEMU sees as its whole world besides /usr. */
  machineRun(id: string): string;
  /** All that the switch process sees: per machine a folder of sockets, and its own. */
  readonly net: string;
  machineNet(id: string): string;
  /** Leases and what else the switch process remembers; only it writes here. */
  readonly switchState: string;
  readonly switchRecord: string;
  readonly switchLog: string;
  readonly lanLog: string;
  readonly netPorts: string;
  netPort(portId: string): string;
  readonly networks: string;
  network(id: string): NetworkLayout;
  /** Logs of machines of which nothing shall stay: gone with the computer's next start at the latest. */
  passingLog(id: string): string;
  layer(layer: { readonly id: string; readonly format: string; readonly storage?: string | undefined }): string;
  /** Storage → the folder that a person named; filled by the store of storages. */
  readonly storages: Map<string, string>;
  readonly storageList: string;
  storage(id: string): StorageLayout;
  moment(machineId: string, id: string): StateLayout;
  momentDraft(machineId: string, id: string): StateLayout;
  template(id: string): { readonly folder: string; readonly record: string };
  templateDraft(id: string): { readonly folder: string; readonly record: string };
  generation(templateFolder: string, number: number): StateLayout;
  image(digest: string): ImageLayout;
  imageAt(folder: string): ImageLayout;
  trashEntry(id: string): TrashLayout;
  trashDraft(id: string): TrashLayout;
}

export interface MachineLayout {
  readonly folder: string;
  readonly record: string;
  readonly run: string;
  readonly last: string;
  readonly disks: string;
  readonly media: string;
  readonly nvram: string;
  readonly log: string;
  readonly story: string;
  readonly qemuLog: string;
  readonly moments: string;
  readonly serialLog: string;
  disk(id: string, format: string): string;
  medium(slot: string): string;
}
/** Mimic's own folder in one that a person named. */
export interface StorageLayout {
  readonly folder: string;
  /** Says which storage it is. */
  readonly note: string;
  readonly disks: string;
  readonly layers: string;
  machine(id: string): string;
}
export interface NetworkLayout {
  readonly folder: string;
  readonly record: string;
  readonly keys: string;
  key(portId: string): string;
}
/** What is kept of a moment or of a template's generation. */
export interface StateLayout {
  readonly folder: string;
  readonly record: string;
  readonly state: string;
  readonly memory: string;
  readonly picture: string;
  readonly nvram: string;
  readonly media: string;
}
export interface ImageLayout {
  readonly folder: string;
  readonly record: string;
  bytes(format: string): string;
  part(name: string): string;
}
export interface TrashLayout {
  readonly folder: string;
  readonly record: string;
  readonly machine: string;
}

export const DRAFT_PREFIX = ".draft-";

export function layoutOf(directories: Directories): Layout {
  const { data, run, cache } = directories;
  const machineAt = (folder: string): MachineLayout => ({
    folder,
    record: `${folder}/machine.json`,
    run: `${folder}/run.json`,
    last: `${folder}/last.json`,
    disks: `${folder}/disks`,
    media: `${folder}/media`,
    nvram: `${folder}/nvram`,
    log: `${folder}/log`,
    story: `${folder}/log/activity.jsonl`,
    qemuLog: `${folder}/log/qemu.log`,
    serialLog: `${folder}/log/serial.log`,
    moments: `${folder}/moments`,
    disk: (id, format) => `${folder}/disks/${id}.${format}`,
    medium: (slot) => `${folder}/media/${slot}.img`,
  });
  const stateAt = (folder: string): StateLayout => ({
    folder,
    record: `${folder}/moment.json`,
    state: `${folder}/state`,
    memory: `${folder}/memory`,
    picture: `${folder}/picture.png`,
    nvram: `${folder}/nvram`,
    media: `${folder}/media`,
  });
  const templateAt = (folder: string) => ({ folder, record: `${folder}/template.json` });
  const imageAt = (folder: string): ImageLayout => ({
    folder,
    record: `${folder}/image.json`,
    bytes: (format) => `${folder}/image.${format}`,
    part: (name) => `${folder}/parts/${name}`,
  });
  const trashAt = (folder: string): TrashLayout => ({ folder, record: `${folder}/trash.json`, machine: `${folder}/machine` });
  const storages = new Map<string, string>();
  const storageAt = (id: string): StorageLayout => {
    // One that nobody knows any more is nowhere.
    const folder = `${storages.get(id) ?? `${data}/gone`}/mimic/${id}`;
    return {
      folder,
      note: `${folder}/storage.json`,
      disks: `${folder}/disks`,
      layers: `${folder}/layers`,
      machine: (machineId) => `${folder}/disks/${machineId}`,
    };
  };
  return {
    data,
    run,
    cache,
    dataVersion: `${data}/version.json`,
    token: `${data}/token`,
    machines: `${data}/machines`,
    images: `${data}/images`,
    trash: `${data}/trash`,
    layers: `${data}/layers`,
    templates: `${data}/templates`,
    quarantine: `${data}/quarantine`,
    journal: `${data}/journal`,
    jobs: `${data}/jobs.json`,
    log: `${data}/log`,
    engineState: `${cache}/engine`,
    socket: `${run}/daemon.sock`,
    portFile: `${run}/port`,
    machine: (id) => machineAt(`${data}/machines/${id}`),
    machineDraft: (id) => machineAt(`${data}/machines/${DRAFT_PREFIX}${id}`),
    machineRun: (id) => `${run}/m/${id}`,
    net: `${run}/net`,
    machineNet: (id) => `${run}/net/${id}`,
    switchState: `${data}/switch`,
    switchRecord: `${run}/switch.json`,
    switchLog: `${data}/log/switch.log`,
    lanLog: `${data}/log/lan.log`,
    netPorts: `${run}/net/ports`,
    netPort: (portId) => `${run}/net/ports/${portId}.sock`,
    networks: `${data}/networks`,
    network: (id) => {
      const folder = `${data}/networks/${id}`;
      return { folder, record: `${folder}/network.json`, keys: `${folder}/keys`, key: (portId) => `${folder}/keys/${portId}.key` };
    },
    passingLog: (id) => `${run}/l/${id}`,
    layer: ({ id, format, storage }) => `${storage === undefined ? `${data}/layers` : storageAt(storage).layers}/${id}.${format}`,
    storages,
    storageList: `${data}/storages.json`,
    storage: storageAt,
    moment: (machineId, id) => stateAt(`${data}/machines/${machineId}/moments/${id}`),
    momentDraft: (machineId, id) => stateAt(`${data}/machines/${machineId}/moments/${DRAFT_PREFIX}${id}`),
    template: (id) => templateAt(`${data}/templates/${id}`),
    templateDraft: (id) => templateAt(`${data}/templates/${DRAFT_PREFIX}${id}`),
    generation: (folder, number) => stateAt(`${folder}/g${number}`),
    image: (digest) => imageAt(`${data}/images/${digest}`),
    imageAt,
    trashEntry: (id) => trashAt(`${data}/trash/${id}`),
    trashDraft: (id) => trashAt(`${data}/trash/${DRAFT_PREFIX}${id}`),
  };
}

/** The longest run directory that leaves room for `/m/<id>/agent.sock` within a unix socket's path. */
const LONGEST_RUN = 60;

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid: number;
  sha256Hex(text: string): string;
}

/** MIMIC_HOME holds all of an installation; without it the XDG directories do (XDG Base Directory Specification 0.8). */
export function directoriesFor({ env, home, uid, sha256Hex }: Surroundings): Directories {
  const own = env.MIMIC_HOME;
  if (own) {
    const root = own.replace(/\/+$/, "") || "/";
    const run = `${root}/run`;
    return {
      data: `${root}/data`,
      run: run.length > LONGEST_RUN ? `/tmp/mimic-${uid}-${sha256Hex(root).slice(0, 12)}` : run,
      cache: `${root}/cache`,
    };
  }
  const absolute = (value: string | undefined) => (value?.startsWith("/") ? value : undefined);
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  return {
    data: `${absolute(env.XDG_DATA_HOME) ?? `${home}/.local/share`}/mimic`,
    run: runtime ? `${runtime}/mimic` : `/tmp/mimic-${uid}`,
    cache: `${absolute(env.XDG_CACHE_HOME) ?? `${home}/.cache`}/mimic`,
  };
}
