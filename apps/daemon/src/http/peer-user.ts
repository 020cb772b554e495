// Which user of this computer is at the other end of a loopback connection, as the kernel tells it
// (/proc/net/tcp and tcp6: proc(5)). Another user's program cannot pretend here.
import { readFile } from "node:fs/promises";

export interface Ends {
  /** Their end. */
  readonly remotePort: number;
  /** Our end. */
  readonly localPort: number;
}

/** undefined where the host does not say, or the connection is gone. */
export async function peerUser(ends: Ends): Promise<number | undefined> {
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const uid = findUser(await readFile(path, "latin1").catch(() => ""), ends);
    if (uid !== undefined) return uid;
  }
  return undefined;
}

/** Reads the kernel's table: their end is listed there as a socket of its own, with our port as the far one. */
export function findUser(table: string, ends: Ends): number | undefined {
  const theirs = hexPort(ends.remotePort);
  const ours = hexPort(ends.localPort);
  for (const line of table.split("\n")) {
    const [, local = "", remote = "", state = "", , , , uid = ""] = line.trim().split(/\s+/);
    if (state !== "01" || !local.endsWith(theirs) || !remote.endsWith(ours)) continue;
    if (isLoopback(local) && isLoopback(remote) && /^\d+$/.test(uid)) return Number(uid);
  }
  return undefined;
}

const hexPort = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;

/** 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv6; each 32-bit word is printed in the host's byte order. */
function isLoopback(address: string): boolean {
  const hex = address.split(":")[0] ?? "";
  if (hex.length === 8) return hex.endsWith("7F");
  return hex === "00000000000000000000000001000000" || (hex.startsWith("0000000000000000FFFF0000") && hex.endsWith("7F"));
}
