// The cage around every QEMU: bubblewrap with no network, no other processes, no files but the system's programs
// (read-only) and one folder of the machine's own at /m. Pure: what is to be seen in it, as arguments.

export interface SystemView {
  /** Top-level folders of the host that programs need: either links into /usr, or folders of their own. */
  readonly links: readonly { readonly at: string; readonly to: string }[];
  readonly folders: readonly string[];
}

export interface JailSpec {
  readonly bwrap: string;
  readonly system: SystemView;
  readonly folders: readonly { readonly path: string; readonly at: string; readonly writable: boolean }[];
  readonly devices: readonly string[];
  /** bwrap writes the caged process's number here. */
  readonly infoFd?: number;
  /** Helpers die with the daemon; a machine's QEMU must outlive it. */
  readonly dieWithParent: boolean;
  /** Becomes this user inside (when we are root). */
  readonly user: UserSpec | undefined;
  /** Stays in this computer's network: for the switch, whose gateway is the way out. */
  readonly sharesNetwork?: boolean | undefined;
}

export const IN_JAIL_RUN = "/m";
/** The machine's net folder: a socket per network card. */
export const IN_JAIL_NET = "/n";

export function jailArgv(spec: JailSpec): readonly string[] {
  const args = [
    spec.bwrap,
    ...namespaces(spec.user, spec.sharesNetwork === true),
    "--new-session",
    "--clearenv",
    "--setenv",
    "PATH",
    "/usr/bin:/bin",
    "--as-pid-1",
  ];
  if (spec.dieWithParent) args.push("--die-with-parent");
  // What is above a folder bubblewrap makes for its owner alone, and the caged program may be another user.
  const above = new Set([...spec.system.folders, ...spec.folders.map(({ at }) => at)].flatMap(parentsOf));
  for (const folder of above) args.push("--perms", "0755", "--dir", folder);
  for (const folder of spec.system.folders) args.push("--ro-bind", folder, folder);
  for (const link of spec.system.links) args.push("--symlink", link.to, link.at);
  // QEMU reaches inherited files through /proc/self/fd.
  args.push("--proc", "/proc", "--dev", "/dev");
  for (const device of spec.devices) args.push("--dev-bind", device, device);
  for (const folder of spec.folders) args.push(folder.writable ? "--bind" : "--ro-bind", folder.path, folder.at);
  args.push("--chdir", spec.folders[0]?.at ?? "/");
  if (spec.infoFd !== undefined) args.push("--info-fd", String(spec.infoFd));
  args.push("--");
  // Last, because only root can walk to the folders above: 0700 all the way.
  if (spec.user) args.push(...dropUserArgv("/usr/bin/setpriv", spec.user, spec.dieWithParent));
  return args;
}

/** “/etc/ssl/x” → “/etc”, “/etc/ssl”. */
function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
}

/**
 * A person's own bubblewrap needs a user namespace. Root's does not, and is better without: it works where those are
 * switched off, and the caged program then really is another user. It keeps just the rights to become that user.
 */
const namespaces = (user: UserSpec | undefined, sharesNetwork: boolean): readonly string[] =>
  user
    ? [
        "--unshare-ipc",
        "--unshare-pid",
        ...(sharesNetwork ? [] : ["--unshare-net"]),
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--cap-add",
        "CAP_SETUID",
        "--cap-add",
        "CAP_SETGID",
        "--cap-add",
        "CAP_SETPCAP",
      ]
    : ["--unshare-all", ...(sharesNetwork ? ["--share-net"] : [])];

/** Becoming another user clears the wish to die with one's parent, so it is made again. */
export const dropUserArgv = (setpriv: string, user: UserSpec, dieWithParent: boolean): readonly string[] => [
  setpriv,
  `--reuid=${user.uid}`,
  `--regid=${user.gid}`,
  user.groups.length > 0 ? `--groups=${user.groups.join(",")}` : "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
  ...(dieWithParent ? ["--pdeathsig=KILL"] : []),
  "--no-new-privs",
  "--",
];

export interface UserSpec {
  readonly uid: number;
  readonly gid: number;
  /** E.g. the group that may open /dev/kvm. */
  readonly groups: readonly number[];
}

/** Outside the cage or around it: no core dumps, no rights to be gained, a bound on open files. */
export function limitArgv(tools: { readonly prlimit?: string | undefined; readonly setpriv?: string | undefined }): readonly string[] {
  const args: string[] = [];
  if (tools.prlimit) args.push(tools.prlimit, "--core=0:0", "--nofile=8192:8192", "--");
  if (tools.setpriv) args.push(tools.setpriv, "--no-new-privs", "--");
  return args;
}
