// A router on the way says that a packet of ours was too big for what comes next (RFC 1191, RFC 8201): from then on segments are
// made to fit, and what was on the way is sent again in such. Anybody can forge such a message, so it must quote a segment that is
// on its way now (RFC 5927 §4.1), and cannot make segments so small that nothing is carried any more (§7.1).
import { isBefore } from "./sequence.ts";
import type { Tcb } from "./tcb.ts";
import { countAllAsLost } from "./timeouts.ts";

export interface TooBig {
  /** Of what comes next; 0 = an old router that does not say it (RFC 1191 §5). */
  readonly mtu: number;
  /** Of the quoted packet: its length as a whole, and its TCP sequence number. */
  readonly quotedLength: number;
  readonly sequence: number;
}

/** No link that carries IPv6 takes less (RFC 8200 §5); for IPv4 the smallest that is found in the world (RFC 1191 §7.1). */
const LEAST_MTU = { 4: 296, 6: 1280 } as const;
/** What links take, for routers that do not say it (RFC 1191 §7.1). */
const PLATEAUS = [65_535, 32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296];

/** The MTU that is to be kept to; undefined = the message says nothing that can be true. */
export function decidePathMtu(now: { readonly version: 4 | 6; readonly mtu: number }, message: TooBig): number | undefined {
  const { quotedLength } = message;
  const stated = message.mtu === 0 && now.version === 4 ? PLATEAUS.find((plateau) => plateau < quotedLength) : message.mtu;
  // It was not too big for that, or is longer than anything that we send.
  if (stated === undefined || quotedLength <= stated || quotedLength > now.mtu) return undefined;
  const mtu = Math.max(stated, LEAST_MTU[now.version]);
  return mtu < now.mtu ? mtu : undefined;
}

/** Answers whether it was believed. */
export function shrinkToPath(tcb: Tcb, message: TooBig): boolean {
  if (!tcb.isSynchronized || isBefore(message.sequence, tcb.una) || !isBefore(message.sequence, tcb.nxt)) return false;
  const { version } = tcb.local;
  const headers = (version === 4 ? 40 : 60) + (tcb.hasTimestamps ? 12 : 0);
  const mtu = decidePathMtu({ version, mtu: tcb.mss + headers }, message);
  if (mtu === undefined) return false;
  tcb.mss = mtu - headers;
  tcb.congestion.resize(tcb.mss);
  // Lost for their size and not for a crowd: the window stays as it is (RFC 8201 §5.4).
  countAllAsLost(tcb);
  tcb.host.touch(tcb);
  return true;
}
