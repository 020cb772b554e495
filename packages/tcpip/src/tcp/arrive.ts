// SEGMENT ARRIVES (RFC 9293 §3.10.7) for a connection that is known: in the order of the specification, with the defences of
// RFC 5961 against segments that are forged blindly.
import { acknowledge } from "./acknowledge.ts";
import { Congestion } from "./congestion.ts";
import { isAcceptable, receiveData } from "./receive.ts";
import { ACK, FIN, RST, type Segment, SYN } from "./segment.ts";
import { isAfter, isBefore } from "./sequence.ts";
import { isInWindow, STATE, type Tcb } from "./tcb.ts";
import { armResend, emit } from "./transmit.ts";

/** RFC 7323 §5.5: after that long a time stamp says nothing any more. */
const STAMP_LIFE_MS = 24 * 24 * 3_600_000;
const MOST_CHALLENGES = 10;

export function arrive(tcb: Tcb, segment: Segment): void {
  tcb.lastHeardMs = tcb.host.nowMs;
  if (tcb.state === STATE.synSent) {
    arriveSynSent(tcb, segment);
    return;
  }
  if (tcb.state === STATE.synReceived && (segment.flags & (SYN | ACK | RST)) === SYN && segment.sequence === tcb.irs) {
    tcb.host.sendSyn(tcb);
    return;
  }
  if (tcb.hasTimestamps && !isFresh(tcb, segment)) return;
  if (!isAcceptable(tcb, segment)) {
    if ((segment.flags & RST) === 0) unacceptable(tcb, segment);
    return;
  }
  if (segment.flags & RST) reset(tcb, segment);
  else if (segment.flags & SYN) challenge(tcb);
  else if (segment.flags & ACK) arriveAck(tcb, segment);
}

function arriveAck(tcb: Tcb, segment: Segment): void {
  if (tcb.state === STATE.synReceived && !establish(tcb, segment)) return;
  const outcome = acknowledge(tcb, segment);
  if (outcome !== "good") {
    if (outcome === "challenge") challenge(tcb);
    return;
  }
  if (segment.dataLength === 0 && (segment.flags & FIN) === 0) return;
  if (tcb.state === STATE.closed) return;
  if (!tcb.hasEnded) receiveData(tcb, segment);
  if (tcb.ackWanted > 0) tcb.host.touch(tcb);
}

/** Protection against wrapped sequence numbers (RFC 7323 §5.3), and which time stamp is to be echoed (§4.3). */
function isFresh(tcb: Tcb, segment: Segment): boolean {
  if (!segment.hasTimestamps) return (segment.flags & RST) !== 0;
  const { nowMs } = tcb.host;
  const isOld = isBefore(segment.timestamp, tcb.peerTimestamp) && nowMs - tcb.peerTimestampMs < STAMP_LIFE_MS;
  if (isOld && (segment.flags & RST) === 0) {
    unacceptable(tcb, segment);
    return false;
  }
  if (!isOld && !isAfter(segment.sequence, tcb.lastAckSent)) {
    tcb.peerTimestamp = segment.timestamp;
    tcb.peerTimestampMs = nowMs;
  }
  return true;
}

/** Data that is not wanted is answered, since its sender does not know; an empty one only now and then, or two could go on for ever. */
function unacceptable(tcb: Tcb, segment: Segment): void {
  if (segment.span === 0) {
    challenge(tcb);
    return;
  }
  if (segment.dataLength > 0 && isBefore(segment.sequence, tcb.received)) {
    tcb.reassembly.duplicateStart = segment.sequence;
    tcb.reassembly.duplicateEnd = (segment.sequence + segment.dataLength) | 0;
  }
  tcb.ackWanted++;
  tcb.host.touch(tcb);
}

/** RFC 5961 §3.2: only exactly the next one ends the connection; elsewhere in the window the peer is asked. */
function reset(tcb: Tcb, segment: Segment): void {
  if (segment.sequence === tcb.received) tcb.close(tcb.state === STATE.synReceived && !tcb.isPassive ? "refused" : "reset", false);
  else if (isInWindow(tcb, segment.sequence)) challenge(tcb);
}

/** An acknowledgement that tells the true peer where we are (RFC 5961 §7: not too many of them). */
export function challenge(tcb: Tcb): void {
  const { host } = tcb;
  if (host.nowMs - tcb.challengesFromMs > 1000) {
    tcb.challengesFromMs = host.nowMs;
    tcb.challengesLeft = MOST_CHALLENGES;
  }
  if (tcb.challengesLeft === 0) return;
  tcb.challengesLeft--;
  host.counters.challenges++;
  if (tcb.state === STATE.synReceived) emit(tcb, tcb.nxt, 0, ACK);
  else {
    tcb.ackWanted = Math.max(tcb.ackWanted, 1);
    host.touch(tcb);
  }
}

/** RFC 9293 §3.10.7.3. */
function arriveSynSent(tcb: Tcb, segment: Segment): void {
  const hasAck = (segment.flags & ACK) !== 0;
  const isAckGood = hasAck && segment.acknowledgement === tcb.nxt;
  if (hasAck && !isAckGood) {
    if ((segment.flags & RST) === 0) tcb.host.sendBare(tcb, RST, segment.acknowledgement, 0);
    return;
  }
  if (segment.flags & RST) {
    if (isAckGood) tcb.close("refused", false);
    return;
  }
  if ((segment.flags & SYN) === 0) return;
  readSyn(tcb, segment);
  if (!isAckGood) {
    // Both opened at once (§3.5).
    tcb.state = STATE.synReceived;
    tcb.host.sendSyn(tcb);
    return;
  }
  tcb.una = segment.acknowledgement;
  if (tcb.probes === 0) tcb.roundTrip.sample(tcb.host.nowMs - tcb.timedAtMs);
  open(tcb, segment, 0);
  tcb.ackWanted = 1;
  tcb.host.touch(tcb);
}

export type SynFacts = Pick<Segment, "sequence" | "mss" | "windowScale" | "sackPermitted" | "hasTimestamps" | "timestamp">;

/** What the peer's SYN says of itself. Both sides have to offer an option for it to be used. */
export function readSyn(tcb: Tcb, segment: SynFacts): void {
  tcb.irs = segment.sequence;
  tcb.received = (segment.sequence + 1) | 0;
  tcb.edge = (tcb.received + Math.min(tcb.receiveLimit, 0xffff)) | 0;
  tcb.lastAckSent = tcb.received;
  tcb.hasSack = segment.sackPermitted;
  tcb.hasTimestamps = segment.hasTimestamps;
  tcb.peerTimestamp = segment.hasTimestamps ? segment.timestamp : 0;
  tcb.peerTimestampMs = tcb.host.nowMs;
  tcb.windowShift = Math.max(segment.windowScale, 0);
  tcb.receiveShift = segment.windowScale >= 0 ? OUR_SHIFT : 0;
  if (segment.windowScale < 0) tcb.receiveLimit = Math.min(tcb.receiveLimit, 0xffff);
  const offered = segment.mss === 0 ? (tcb.local.version === 4 ? 536 : 1220) : Math.max(segment.mss, 64);
  tcb.mss = Math.max(32, Math.min(tcb.mss, offered) - (tcb.hasTimestamps ? 12 : 0));
  tcb.congestion = new Congestion(tcb.mss);
}

/** Windows up to 16 MiB. */
export const OUR_SHIFT = 8;

function establish(tcb: Tcb, segment: Segment): boolean {
  const ack = segment.acknowledgement;
  if (!isAfter(ack, tcb.una) || isAfter(ack, tcb.nxt)) {
    tcb.host.sendBare(tcb, RST, ack, 0);
    return false;
  }
  tcb.una = (tcb.iss + 1) | 0;
  if (tcb.probes === 0) tcb.roundTrip.sample(tcb.host.nowMs - tcb.timedAtMs);
  open(tcb, segment, tcb.windowShift);
  return true;
}

function open(tcb: Tcb, segment: Segment, shift: number): void {
  tcb.state = STATE.established;
  tcb.probes = 0;
  tcb.roundTrip.begin();
  tcb.scoreboard.reset(tcb.una);
  tcb.window = segment.window << shift;
  tcb.largestWindow = tcb.window;
  tcb.windowSequence = segment.sequence;
  tcb.windowAcknowledgement = segment.acknowledgement;
  tcb.measureFromMs = tcb.host.nowMs;
  tcb.resendAtMs = Infinity;
  if (tcb.keepAliveMs > 0) tcb.aliveAtMs = tcb.host.nowMs + tcb.keepAliveMs;
  armResend(tcb);
  tcb.schedule();
  tcb.isOpenedDue = true;
  tcb.host.touch(tcb);
}
