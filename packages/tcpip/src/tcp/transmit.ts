// What a connection sends when a batch is over: what was lost first, then what is new as far as both windows allow, FIN, and
// an acknowledgement when one is due and none went along (RFC 9293 §3.8, RFC 6675 §5).
import { foldSum, sumOf, writeU16, writeU32 } from "@mimic/wire";
import { ACK, FIN, PSH } from "./segment.ts";
import { distance, earlier, isAfter, isBefore } from "./sequence.ts";
import { STATE, type Tcb, windowEdge } from "./tcb.ts";

const MOST_BLOCKS = 3;
/** What a peer may wait before it acknowledges a lone segment (RFC 8985 §7.2). */
const DELAYED_ACK_MS = 200;
const blocks = new Int32Array(2 * (MOST_BLOCKS + 1));

export function transmit(tcb: Tcb): void {
  if (!tcb.isSynchronized) return;
  if (tcb.sending.length > 0 || tcb.isEndWanted) sendData(tcb);
  if (tcb.ackWanted > 0) sendAcks(tcb);
}

function sendData(tcb: Tcb): void {
  const { congestion } = tcb;
  if (tcb.flight === 0 && tcb.host.nowMs - tcb.lastSentMs > tcb.roundTrip.timeoutMs) congestion.restart();
  const allowed = Math.min(congestion.window, congestion.cap(tcb.roundTrip.leastMs));
  tcb.isWindowLimited = false;
  const pipe = resend(tcb, onTheWay(tcb), allowed);
  sendNew(tcb, pipe, allowed);
  if (tcb.isResetWanted && tcb.flight >= tcb.sending.length) {
    tcb.reset();
    return;
  }
  if (tcb.isEndWanted) sendEnd(tcb);
  if (tcb.resendAtMs === Infinity) armResend(tcb);
}

/** Bytes that are probably still on the way. */
export function onTheWay(tcb: Tcb): number {
  if (tcb.hasSack || tcb.isTimeoutRecovery) return tcb.scoreboard.pipe(tcb.una, tcb.nxt);
  return Math.max(0, tcb.flight - tcb.duplicateAcks * tcb.mss);
}

function resend(tcb: Tcb, onTheWayNow: number, allowed: number): number {
  const { scoreboard } = tcb;
  let pipe = onTheWayNow;
  while (isBefore(scoreboard.resentBefore, scoreboard.lostBefore)) {
    const start = scoreboard.holeFrom(scoreboard.resentBefore);
    if (!isBefore(start, scoreboard.lostBefore)) {
      scoreboard.resentBefore = scoreboard.lostBefore;
      break;
    }
    const end = scoreboard.holeEnd(start, earlier(scoreboard.lostBefore, tcb.nxt));
    const length = Math.min(tcb.mss, distance(start, end));
    if (pipe + length > allowed && !tcb.mustResend && pipe > 0) {
      tcb.isWindowLimited = true;
      break;
    }
    tcb.mustResend = false;
    if (!resendPiece(tcb, start, length)) break;
    // Its time begins anew: that it is lost once more shows before that is over.
    if (start === tcb.una) tcb.resendAtMs = Infinity;
    scoreboard.resentBefore = (start + length) | 0;
    pipe += length;
  }
  return pipe;
}

/** `length` sequence numbers, of which the last may be our FIN. */
export function resendPiece(tcb: Tcb, start: number, length: number): boolean {
  const hasFin = tcb.finSequence !== undefined && ((start + length) | 0) === ((tcb.finSequence + 1) | 0);
  tcb.segmentsResent++;
  tcb.host.counters.resent++;
  if (tcb.timedSequence !== undefined && !isBefore(tcb.timedSequence, start)) tcb.timedSequence = undefined;
  return emit(tcb, start, hasFin ? length - 1 : length, hasFin ? FIN | ACK : ACK);
}

function sendNew(tcb: Tcb, onTheWayNow: number, allowed: number): void {
  if (tcb.finSequence !== undefined) return;
  let pipe = onTheWayNow;
  for (;;) {
    const unsent = tcb.sending.length - tcb.flight;
    if (unsent <= 0) return;
    const windowLeft = distance(tcb.nxt, (tcb.una + tcb.window) | 0);
    const length = Math.min(unsent, tcb.mss, windowLeft);
    if (length <= 0) return;
    if (pipe + length > allowed && pipe > 0) {
      tcb.isWindowLimited = true;
      return;
    }
    // No small piece for want of window (RFC 9293 §3.8.6.2.1).
    if (length < tcb.mss && length < unsent && pipe > 0 && length < tcb.largestWindow / 2) return;
    if (!emit(tcb, tcb.nxt, length, length === unsent ? ACK | PSH : ACK)) return;
    if (tcb.timedSequence === undefined) {
      tcb.timedSequence = tcb.nxt;
      tcb.timedAtMs = tcb.host.nowMs;
    }
    if (tcb.flight === 0) tcb.firstUnansweredMs = tcb.host.nowMs;
    tcb.nxt = (tcb.nxt + length) | 0;
    pipe += length;
  }
}

function sendEnd(tcb: Tcb): void {
  if (tcb.finSequence !== undefined || tcb.flight < tcb.sending.length) return;
  if (!emit(tcb, tcb.nxt, 0, FIN | ACK)) return;
  if (tcb.flight === 0) tcb.firstUnansweredMs = tcb.host.nowMs;
  tcb.finSequence = tcb.nxt;
  tcb.nxt = (tcb.nxt + 1) | 0;
  tcb.state = tcb.state === STATE.closeWait ? STATE.lastAck : STATE.finWait1;
}

/**
 * When to look again whether an answer came. First, once, after two round trips: the end of a burst has nobody behind it whose
 * acknowledgement would show that it was lost (RFC 8985 §7). With nothing on the way but something to send, the window is shut
 * and is probed.
 */
export function armResend(tcb: Tcb): void {
  const { roundTrip, host } = tcb;
  if (tcb.flight === 0 && (tcb.sending.length === 0 || !tcb.isSynchronized)) {
    tcb.resendAtMs = Infinity;
    return;
  }
  let wait = roundTrip.timeoutMs;
  tcb.timeoutAtMs = host.nowMs + wait;
  const mayProbe = tcb.hasSack && !tcb.tailProbed && !tcb.isRecovering && tcb.flight > 0 && tcb.scoreboard.isEmpty;
  if (mayProbe && roundTrip.smoothedMs !== undefined) {
    const lone = tcb.flight <= tcb.mss ? DELAYED_ACK_MS : 0;
    wait = Math.min(wait, Math.max(10, 2 * roundTrip.smoothedMs) + lone);
  }
  tcb.resendAtMs = host.nowMs + wait;
  tcb.schedule();
}

/** Duplicates are told one by one to a peer that counts them (RFC 5681 §4.2); with SACK one tells all. */
function sendAcks(tcb: Tcb): void {
  const times = tcb.hasSack ? 1 : tcb.ackWanted;
  for (let i = 0; i < times; i++) emit(tcb, tcb.nxt, 0, ACK);
}

/** A segment whose data, if any, stands in the ring. Every one carries an acknowledgement. False = no room in the run. */
export function emit(tcb: Tcb, sequence: number, length: number, flags: number): boolean {
  const { template, host } = tcb;
  if (template === undefined) return false;
  const { writer } = host;
  // Blocks only without data: a full segment would not fit any more.
  const blockCount = tcb.hasSack && length === 0 ? tcb.reassembly.blocks(blocks, MOST_BLOCKS) : 0;
  const fixed = tcb.hasTimestamps ? 32 : 20;
  const headerLength = fixed + (blockCount > 0 ? 4 + 8 * blockCount : 0);
  const at = writer.begin(template.tcpAt + headerLength + length);
  if (at < 0) return false;
  copyTemplate(writer.halves, at >>> 1, template.halves, (template.tcpAt + fixed) >>> 1);
  const { bytes } = writer;
  const tcpAt = at + template.tcpAt;
  writeIpLength(tcb, bytes, at + template.ipAt, headerLength + length);
  writeU32(bytes, tcpAt + 4, sequence);
  writeU32(bytes, tcpAt + 8, tcb.received);
  bytes[tcpAt + 12] = headerLength << 2;
  bytes[tcpAt + 13] = flags;
  writeU16(bytes, tcpAt + 14, windowField(tcb));
  writeU16(bytes, tcpAt + 16, 0);
  if (tcb.hasTimestamps) {
    writeU32(bytes, tcpAt + 24, (Math.trunc(host.nowMs) + tcb.timestampOffset) | 0);
    writeU32(bytes, tcpAt + 28, tcb.peerTimestamp);
  }
  if (blockCount > 0) writeBlocks(bytes, tcpAt + fixed, blockCount);
  if (length > 0) tcb.sending.copyTo(distance(tcb.una, sequence), bytes, tcpAt + headerLength, length);
  const whole = headerLength + length;
  writeU16(bytes, tcpAt + 16, ~foldSum(template.pseudoSum + whole + sumOf(bytes, tcpAt, whole)));
  sent(tcb, length);
  return true;
}

function sent(tcb: Tcb, length: number): void {
  tcb.host.counters.segmentsOut++;
  tcb.ackWanted = 0;
  tcb.unacknowledgedBytes = 0;
  tcb.ackAtMs = Infinity;
  tcb.lastAckSent = tcb.received;
  if (length > 0) tcb.lastSentMs = tcb.host.nowMs;
}

function copyTemplate(to: Uint16Array, at: number, from: Uint16Array, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[i] as number;
}

function writeIpLength(tcb: Tcb, bytes: Uint8Array, ipAt: number, length: number): void {
  if (tcb.template?.version === 4) {
    writeU16(bytes, ipAt + 2, 20 + length);
    writeU16(bytes, ipAt + 10, ~foldSum(tcb.template.ipSum + 20 + length));
  } else {
    writeU16(bytes, ipAt + 4, length);
  }
}

/** Tells the peer of the present window, and remembers what it was told. */
function windowField(tcb: Tcb): number {
  const edge = windowEdge(tcb);
  const scale = 1 << tcb.receiveShift;
  const field = Math.min(0xffff, Math.ceil(distance(tcb.received, edge) / scale));
  const told = (tcb.received + field * scale) | 0;
  if (isAfter(told, tcb.edge)) tcb.edge = told;
  return field;
}

function writeBlocks(bytes: Uint8Array, at: number, count: number): void {
  writeU32(bytes, at, 0x0101_0502 + 8 * count);
  for (let i = 0; i < 2 * count; i++) writeU32(bytes, at + 4 + 4 * i, blocks[i] as number);
}
