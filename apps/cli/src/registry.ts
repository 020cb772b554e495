// Every verb, by its words. The files are loaded only when they are needed: one to run a verb,
// all of them for the overview and for completion.
import type { CommandSpec } from "./command.ts";

type Load = () => Promise<{ readonly command: CommandSpec }>;

export const registry: Readonly<Record<string, Load>> = {
  up: () => import("./commands/host/up.ts"),
  down: () => import("./commands/host/down.ts"),
  open: () => import("./commands/host/open.ts"),
  doctor: () => import("./commands/host/doctor.ts"),

  new: () => import("./commands/machine/new.ts"),
  ls: () => import("./commands/machine/ls.ts"),
  show: () => import("./commands/machine/show.ts"),
  start: () => import("./commands/machine/start.ts"),
  stop: () => import("./commands/machine/stop.ts"),
  restart: () => import("./commands/machine/restart.ts"),
  pause: () => import("./commands/machine/pause.ts"),
  resume: () => import("./commands/machine/resume.ts"),
  reset: () => import("./commands/machine/reset.ts"),
  kill: () => import("./commands/machine/kill.ts"),
  set: () => import("./commands/machine/set.ts"),
  "disk ls": () => import("./commands/disk/ls.ts"),
  "disk add": () => import("./commands/disk/add.ts"),
  "disk rm": () => import("./commands/disk/rm.ts"),
  "disk grow": () => import("./commands/disk/grow.ts"),
  "disk move": () => import("./commands/disk/move.ts"),
  "disk compact": () => import("./commands/disk/compact.ts"),
  "disk flatten": () => import("./commands/disk/flatten.ts"),
  "disk limit": () => import("./commands/disk/limit.ts"),
  "storage ls": () => import("./commands/storage/ls.ts"),
  "storage add": () => import("./commands/storage/add.ts"),
  "storage rm": () => import("./commands/storage/rm.ts"),
  "usb ls": () => import("./commands/usb/ls.ts"),
  "usb add": () => import("./commands/usb/add.ts"),
  "usb rm": () => import("./commands/usb/rm.ts"),
  "usb host": () => import("./commands/usb/host.ts"),
  "usb lend": () => import("./commands/usb/lend.ts"),
  "usb return": () => import("./commands/usb/return.ts"),
  media: () => import("./commands/machine/media.ts"),
  timetable: () => import("./commands/machine/timetable.ts"),
  rename: () => import("./commands/machine/rename.ts"),
  clone: () => import("./commands/machine/clone.ts"),
  renew: () => import("./commands/machine/renew.ts"),
  rm: () => import("./commands/machine/rm.ts"),
  explain: () => import("./commands/machine/explain.ts"),
  suspend: () => import("./commands/moment/suspend.ts"),
  snapshot: () => import("./commands/moment/snapshot.ts"),
  checkpoint: () => import("./commands/moment/checkpoint.ts"),
  restore: () => import("./commands/moment/restore.ts"),
  "moments ls": () => import("./commands/moment/ls.ts"),
  "moments diff": () => import("./commands/moment/diff.ts"),
  "moments routine": () => import("./commands/moment/routine.ts"),
  "moments set": () => import("./commands/moment/set.ts"),
  "moments rm": () => import("./commands/moment/rm.ts"),
  run: () => import("./commands/disposable/run.ts"),
  keep: () => import("./commands/disposable/keep.ts"),
  "template make": () => import("./commands/template/make.ts"),
  "template ls": () => import("./commands/template/ls.ts"),
  "template show": () => import("./commands/template/show.ts"),
  "template set": () => import("./commands/template/set.ts"),
  "template verify": () => import("./commands/template/verify.ts"),
  "template rm": () => import("./commands/template/rm.ts"),
  "trash ls": () => import("./commands/trash/ls.ts"),
  "trash restore": () => import("./commands/trash/restore.ts"),
  "trash rm": () => import("./commands/trash/rm.ts"),
  "trash empty": () => import("./commands/trash/empty.ts"),

  shell: () => import("./commands/guest/shell.ts"),
  ssh: () => import("./commands/guest/ssh.ts"),
  console: () => import("./commands/guest/console.ts"),
  exec: () => import("./commands/guest/exec.ts"),
  cp: () => import("./commands/guest/cp.ts"),
  ping: () => import("./commands/guest/ping.ts"),
  screenshot: () => import("./commands/guest/screenshot.ts"),
  type: () => import("./commands/guest/type.ts"),
  key: () => import("./commands/guest/key.ts"),

  "os ls": () => import("./commands/system/ls.ts"),
  "os show": () => import("./commands/system/show.ts"),
  "image ls": () => import("./commands/image/ls.ts"),
  "image pull": () => import("./commands/image/pull.ts"),
  "image import": () => import("./commands/image/import.ts"),
  "image show": () => import("./commands/image/show.ts"),
  "image verify": () => import("./commands/image/verify.ts"),
  "image rm": () => import("./commands/image/rm.ts"),

  "net new": () => import("./commands/net/new.ts"),
  "net ls": () => import("./commands/net/ls.ts"),
  "net show": () => import("./commands/net/show.ts"),
  "net rm": () => import("./commands/net/rm.ts"),
  "net rename": () => import("./commands/net/rename.ts"),
  "net set": () => import("./commands/net/set.ts"),
  "net plug": () => import("./commands/net/plug.ts"),
  "net unplug": () => import("./commands/net/unplug.ts"),
  "net vlan": () => import("./commands/net/vlan.ts"),
  "net link": () => import("./commands/net/link.ts"),
  "net forward": () => import("./commands/net/forward.ts"),
  "net rule": () => import("./commands/net/rule.ts"),
  "net lease": () => import("./commands/net/lease.ts"),
  "net capture": () => import("./commands/net/capture.ts"),
  "net why": () => import("./commands/net/why.ts"),
  "net trace": () => import("./commands/net/trace.ts"),
  "net lan": () => import("./commands/net/lan.ts"),
  "net top": () => import("./commands/net/top.ts"),

  logs: () => import("./commands/machine/logs.ts"),
  events: () => import("./commands/job/events.ts"),
  "jobs ls": () => import("./commands/job/ls.ts"),
  "jobs show": () => import("./commands/job/show.ts"),
  "jobs wait": () => import("./commands/job/wait.ts"),
  "jobs cancel": () => import("./commands/job/cancel.ts"),

  completion: () => import("./commands/cli/completion.ts"),
  version: () => import("./commands/cli/version.ts"),
  help: () => import("./commands/cli/help.ts"),
};

/** Other words for the same, for fingers that know other programs. */
export const aliases: Readonly<Record<string, string>> = {
  list: "ls",
  ps: "ls",
  create: "new",
  delete: "rm",
  images: "image ls",
  systems: "os ls",
  networks: "net ls",
  templates: "template ls",
};

/** First words that hold verbs of their own, and the verb that is meant when there is none. */
export const nouns: Readonly<Record<string, string>> = {
  trash: "trash ls",
  disk: "disk ls",
  storage: "storage ls",
  usb: "usb ls",
  os: "os ls",
  image: "image ls",
  net: "net ls",
  jobs: "jobs ls",
  template: "template ls",
  moments: "moments ls",
};

/** Nouns that take a name straight away: `mimic template NAME`. */
const takesName: Readonly<Record<string, string>> = { template: "template make", moments: "moments ls" };

export const loadAll = async (): Promise<CommandSpec[]> =>
  (await Promise.all(Object.values(registry).map((load) => load()))).map((file) => file.command);

export type Found =
  | { readonly kind: "verb"; readonly path: string; readonly rest: readonly string[] }
  | { readonly kind: "noun"; readonly noun: string; readonly wanted: string | undefined }
  | { readonly kind: "unknown"; readonly word: string };

/** Which verb the words mean. Pure. */
export function findVerb(words: readonly string[]): Found {
  const [first = "", second] = words;
  if (Object.hasOwn(nouns, first)) {
    const path = `${first} ${second}`;
    if (second !== undefined && Object.hasOwn(registry, path)) return { kind: "verb", path, rest: words.slice(2) };
    const named = takesName[first];
    if (named !== undefined && second !== undefined && !second.startsWith("-")) return { kind: "verb", path: named, rest: words.slice(1) };
    // `mimic jobs`, `mimic jobs --json`: the list; `mimic jobs --help`: what there is.
    if (second === "--help" || second === "-h" || (second !== undefined && !second.startsWith("-")))
      return { kind: "noun", noun: first, wanted: second };
    return { kind: "verb", path: nouns[first] as string, rest: words.slice(1) };
  }
  const path = Object.hasOwn(aliases, first) ? (aliases[first] as string) : first;
  if (Object.hasOwn(registry, path)) return { kind: "verb", path, rest: words.slice(1) };
  return { kind: "unknown", word: first };
}

/** The known words nearest to a mistyped one, best first; none when all are far. */
export function nearest(word: string, known: readonly string[]): string[] {
  const limit = word.length <= 3 ? 1 : 2;
  return known
    .map((candidate) => ({ candidate, far: distance(word, candidate) }))
    .filter(({ candidate, far }) => far <= limit || (word.length >= 2 && candidate.startsWith(word)))
    .sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Insertions, deletions, changes and swaps of neighbours between two short words. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3 || a.length > 40) return 99;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] as number) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}
