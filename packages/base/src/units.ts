// Sizes for people: GiB and GB are different things and both are read.

export const kib = (n: number): number => n * 1024;
export const mib = (n: number): number => n * 1024 ** 2;
export const gib = (n: number): number => n * 1024 ** 3;

const SCALE: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kib: 1024,
  kb: 1000,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1000 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1000 ** 3,
  t: 1024 ** 4,
  tib: 1024 ** 4,
  tb: 1000 ** 4,
};

/** Reads “8 GiB”, “512M”, “1.5g” into bytes; undefined when it is no size. A bare letter means the binary unit. */
export function parseSize(text: string): number | undefined {
  const match = /^\s*(\d{1,12}(?:\.\d{1,6})?)\s*([a-zA-Z]{0,3})\s*$/.exec(text);
  if (!match) return undefined;
  const scale = SCALE[(match[2] ?? "").toLowerCase()];
  return scale === undefined ? undefined : Math.round(Number(match[1]) * scale);
}

/** “1.5 GiB”: three significant digits at most, binary units. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${units[unit]}`;
}

/** “420 ms”, “3.2 s”, “4 min 10 s”, “2 h 5 min”. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
