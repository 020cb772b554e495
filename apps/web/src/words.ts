// The words and small sums that the pages share. Pure.
import { formatSize, plain } from "@mimic/base";
import { type JobView, type MachineView, type Power, slug } from "@mimic/model";

export const POWER_WORDS: Readonly<Record<Power, string>> = {
  stopped: "Off",
  starting: "Starting",
  running: "Running",
  paused: "Paused",
  stopping: "Shutting down",
  failed: "Failed",
};

/** “3 minutes ago”; the exact time stands beside it on focus. */
export function ago(iso: string, nowMs: number): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return "at an unknown time";
  const seconds = Math.round((nowMs - then) / 1000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  if (size < 60) return words.format(-seconds, "second");
  if (size < 3600) return words.format(-Math.round(seconds / 60), "minute");
  if (size < 86_400) return words.format(-Math.round(seconds / 3600), "hour");
  if (size < 86_400 * 45) return words.format(-Math.round(seconds / 86_400), "day");
  return words.format(-Math.round(seconds / (86_400 * 30.4)), "month");
}

/** “about 2 minutes left” */
export function remaining(ms: number | undefined): string | undefined {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) return undefined;
  const seconds = Math.round(ms / 1000);
  if (seconds < 5) return "a few seconds left";
  if (seconds < 90) return `about ${seconds < 20 ? seconds : Math.round(seconds / 5) * 5} seconds left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} minutes left`;
  return `about ${Math.round(seconds / 3600)} hours left`;
}

/** How far a job is, 0–100, when that is known. */
export function percentOf(job: Pick<JobView, "done" | "total">): number | undefined {
  if (job.done === undefined || !job.total || job.total <= 0) return undefined;
  return Math.max(0, Math.min(100, (job.done / job.total) * 100));
}

/** “120 MiB of 1.5 GiB”, “3 of 7” */
export function amount(job: Pick<JobView, "done" | "total" | "unit">): string | undefined {
  if (job.done === undefined) return undefined;
  const show = (n: number) =>
    job.unit === "bytes" ? formatSize(n) : job.unit === "seconds" ? `${Math.round(n)} s` : String(Math.round(n));
  return job.total === undefined ? show(job.done) : `${show(job.done)} of ${show(job.total)}`;
}

/** Something is wrong and a person should look. */
export function needsAttention(machine: Pick<MachineView, "power" | "trouble">): boolean {
  return machine.power === "failed" || machine.trouble !== undefined;
}

export type Filter = "all" | "running" | "off" | "attention";

export function keep(machine: MachineView, filter: Filter, wanted: string): boolean {
  if (filter === "running" && (machine.power === "stopped" || machine.power === "failed")) return false;
  if (filter === "off" && machine.power !== "stopped" && machine.power !== "failed") return false;
  if (filter === "attention" && !needsAttention(machine)) return false;
  const text = wanted.trim().toLowerCase();
  if (text === "") return true;
  const hay =
    `${machine.name} ${machine.systemName ?? ""} ${machine.note} ${POWER_WORDS[machine.power]} ${machine.hardwareInWords}`.toLowerCase();
  return text.split(/\s+/).every((part) => hay.includes(part));
}

/** A free name that begins like `wish`: “debian”, “debian-2”… */
export function freeName(wish: string, taken: ReadonlySet<string>): string {
  const stem = slug(wish).slice(0, 56).replace(/-+$/, "") || "machine";
  if (!taken.has(stem)) return stem;
  for (let count = 2; ; count++) if (!taken.has(`${stem}-${count}`)) return `${stem}-${count}`;
}

/** Why this cannot be a machine's name, with one that would do; undefined when it can. */
export function nameTrouble(name: string, taken: ReadonlySet<string>): string | undefined {
  if (name === "") return "Give it a name, for example “my-machine”.";
  if (taken.has(name)) return `There is a machine called “${plain(name, 63)}” already. Try “${freeName(name, taken)}”.`;
  if (slug(name) === name) return undefined;
  const better = slug(name);
  return `Names have lower-case letters, digits and hyphens, at most 63.${better ? ` Try “${freeName(better, taken)}”.` : ""}`;
}

/** Why a system will not do on this computer; undefined when it will. */
export function unsuitable(
  system: { readonly minimum: { readonly memoryMiB: number; readonly diskBytes: number }; readonly imageDigest?: string | undefined },
  host: { readonly memoryBytes: number; readonly diskFreeBytes: number } | undefined,
): string | undefined {
  if (!host) return undefined;
  const memory = system.minimum.memoryMiB * 1024 ** 2;
  if (memory > host.memoryBytes) return `Needs ${formatSize(memory)} of memory; this computer has ${formatSize(host.memoryBytes)} in all.`;
  if (system.minimum.diskBytes > host.diskFreeBytes)
    return `Needs ${formatSize(system.minimum.diskBytes)} of disk; ${formatSize(host.diskFreeBytes)} is free. Make room and look again.`;
  return undefined;
}

/** One argument for a shell, quoted when it needs to be. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9._/:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
/** “mimic start hello” */
export const commandLine = (...words: readonly string[]): string => ["mimic", ...words.map(shellWord)].join(" ");
