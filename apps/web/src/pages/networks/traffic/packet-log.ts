// The packets that are kept in the page: the newest few thousand, however long one looks. Pure.
import type { LivePacket } from "@mimic/api/live";

/** As many as the daemon keeps the bytes of, and some more to scroll through. */
export const KEEPS = 5_000;

export interface PacketLog {
  readonly packets: readonly LivePacket[];
  /** Taken in since the beginning. */
  readonly seen: number;
  /** Told by the daemon: it, or the way here, was too slow for these. */
  readonly missed: number;
}
export const emptyLog: PacketLog = { packets: [], seen: 0, missed: 0 };

export function addPackets(log: PacketLog, more: readonly LivePacket[], keeps = KEEPS): PacketLog {
  if (more.length === 0) return log;
  const all =
    more.length >= keeps ? more.slice(-keeps) : [...log.packets.slice(Math.max(0, log.packets.length + more.length - keeps)), ...more];
  return { ...log, packets: all, seen: log.seen + more.length };
}
export const addMissed = (log: PacketLog, count: number): PacketLog => ({ ...log, missed: log.missed + Math.max(0, count) });

/** What a message of the live socket says; unreadable parts are left out. */
export function readPacketMessage(message: Readonly<Record<string, unknown>>): { packets: LivePacket[]; missed: number } {
  const list = Array.isArray(message["packets"]) ? (message["packets"] as unknown[]) : [];
  const missed = typeof message["missed"] === "number" && Number.isFinite(message["missed"]) ? message["missed"] : 0;
  return { packets: list.slice(0, KEEPS).filter(isPacket), missed };
}
function isPacket(value: unknown): value is LivePacket {
  const packet = value as Partial<LivePacket> | null;
  return (
    typeof packet === "object" &&
    packet !== null &&
    typeof packet.seq === "number" &&
    typeof packet.atMs === "number" &&
    typeof packet.protocol === "string"
  );
}

/** Which rows of a long list are drawn: those in sight and a few around them. */
export function rowsInSight(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
  around = 6,
): { first: number; end: number } {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight) - around));
  return { first, end: Math.max(first, Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + around)) };
}
