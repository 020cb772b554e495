// Which TCP ports a Linux guest listens at, from its own /proc/net/tcp and tcp6 (proc(5)). What a guest says is hostile:
// bounded, and whatever does not fit is passed over.

const LISTENING = "0A";
const MOST_LINES = 4096;
const MOST_PORTS = 64;

/** Ports at which it can be reached from outside of itself: listeners on its own loopback cannot. Sorted, at most 64. */
export function listeningPorts(table: string): number[] {
  const ports = new Set<number>();
  for (const line of table.split("\n", MOST_LINES)) {
    const [, local = "", , state] = line.trim().split(/\s+/, 4);
    if (state !== LISTENING) continue;
    const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local);
    if (!match || isLoopback(match[1] as string)) continue;
    const port = Number.parseInt(match[2] as string, 16);
    if (port > 0) ports.add(port);
  }
  return [...ports].sort((a, b) => a - b).slice(0, MOST_PORTS);
}

/** Addresses stand there as words in the byte order of the processor: little-endian on PCs. */
function isLoopback(hex: string): boolean {
  if (hex.length === 8) return hex.endsWith("7F");
  // ::1, and 127.0.0.0/8 as ::ffff:127.…
  return hex === "00000000000000000000000001000000" || (hex.startsWith("0000000000000000FFFF0000") && hex.endsWith("7F"));
}
