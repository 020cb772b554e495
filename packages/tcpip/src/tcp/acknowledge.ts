// What an acknowledgement does (RFC 9293 §3.10.7.4 “fifth”, RFC 5961 §5): it frees what has arrived, measures the round trip,
// opens the windows, and shows what was lost (RFC 6675 with SACK, RFC 6582 without).
import { FIN, type Segment, SYN } from "./segment.ts";
import { distance, isAfter, isBefore } from "./sequence.ts";
import { STATE, type Tcb } from "./tcb.ts";
import { armResend, onTheWay } from "./transmit.ts";

export type AckOutcome = "good" | "challenge" | "ignore";

export function acknowledge(tcb: Tcb, segment: Segment): AckOutcome {
  const ack = segment.acknowledgement;
  if (isAfter(ack, tcb.nxt)) return "challenge";
  // Older than anything that could still be on its way: a forger's guess (RFC 5961 §5.2).
  if (isBefore(ack, (tcb.una - tcb.largestWindow) | 0)) return "challenge";
  const wasLimited = tcb.isWindowLimited;
  const isNews = tcb.hasSack && segment.sackCount > 0 && readBlocks(tcb, segment);
  const acked = distance(tcb.una, ack);
  if (acked > 0) advance(tcb, segment, acked, wasLimited);
  else if (acked === 0 && isDuplicate(tcb, segment)) tcb.duplicateAcks++;
  updateWindow(tcb, segment);
  if (tcb.flight > 0 && (isNews || acked > 0 || tcb.duplicateAcks > 0)) findLoss(tcb);
  if (tcb.sending.length > 0 || tcb.isEndWanted) tcb.host.touch(tcb);
  return "good";
}

/** RFC 5681 §2. */
const isDuplicate = (tcb: Tcb, segment: Segment): boolean =>
  segment.dataLength === 0 && tcb.flight > 0 && (segment.flags & (SYN | FIN)) === 0 && segment.window << tcb.windowShift === tcb.window;

function readBlocks(tcb: Tcb, segment: Segment): boolean {
  let isNews = false;
  for (let i = 0; i < segment.sackCount; i++) {
    const start = segment.sack[2 * i] as number;
    const end = segment.sack[2 * i + 1] as number;
    if (!isBefore(start, end)) continue;
    if (!isAfter(end, segment.acknowledgement)) {
      // A duplicate is reported (RFC 2883): what we sent again had not been lost, only late. Unless nothing said it had.
      if (i === 0 && tcb.spurious < tcb.segmentsResent) {
        tcb.spurious++;
        if (tcb.blindBefore === undefined || !isBefore(start, tcb.blindBefore)) tcb.lossThreshold = Math.min(tcb.lossThreshold + 1, 12);
      }
      continue;
    }
    if (isBefore(start, tcb.una) || isAfter(end, tcb.nxt)) continue;
    if (tcb.scoreboard.add(start, end)) isNews = true;
  }
  return isNews;
}

function advance(tcb: Tcb, segment: Segment, acked: number, wasLimited: boolean): void {
  const { host, roundTrip, sending } = tcb;
  const ack = segment.acknowledgement;
  const isFinAcked = tcb.finSequence !== undefined && isAfter(ack, tcb.finSequence);
  sending.consume(Math.min(sending.length, isFinAcked ? acked - 1 : acked));
  tcb.una = ack;
  measure(tcb, segment);
  tcb.tailProbed = false;
  tcb.probes = 0;
  tcb.firstUnansweredMs = host.nowMs;
  tcb.scoreboard.advance(ack);
  endRecovery(tcb, acked);
  if (!tcb.isRecovering || tcb.isTimeoutRecovery) {
    tcb.congestion.acknowledged(acked, host.nowMs, roundTrip.smoothedMs ?? 1, wasLimited);
  }
  const wanted = Math.floor(Math.min(host.limits.mostSendBytes, 2 * tcb.congestion.window));
  if (wanted > tcb.sendLimit && !host.memory.isTight) tcb.sendLimit = wanted;
  if (tcb.wasFull && sending.length < tcb.sendLimit / 2) {
    tcb.wasFull = false;
    tcb.isWritableDue = true;
    host.touch(tcb);
  }
  tcb.resendAtMs = Infinity;
  if (tcb.flight > 0) armResend(tcb);
  if (isFinAcked) finAcknowledged(tcb);
}

/** By a segment that was sent once (Karn), or by its time stamp when all were sent again (RFC 7323 §4). */
function measure(tcb: Tcb, segment: Segment): void {
  const { nowMs } = tcb.host;
  if (tcb.timedSequence !== undefined) {
    if (!isAfter(tcb.una, tcb.timedSequence)) return;
    tcb.roundTrip.sample(nowMs - tcb.timedAtMs);
    tcb.timedSequence = undefined;
  } else if (tcb.hasTimestamps && segment.hasTimestamps && segment.timestampEcho !== 0) {
    const ms = (Math.trunc(nowMs) + tcb.timestampOffset - segment.timestampEcho) | 0;
    if (ms >= 0 && ms < 60_000) tcb.roundTrip.sample(Math.max(ms, tcb.roundTrip.leastMs === Infinity ? 1 : tcb.roundTrip.leastMs));
  }
}

function endRecovery(tcb: Tcb, acked: number): void {
  if (!tcb.isRecovering) {
    tcb.duplicateAcks = 0;
  } else if (!isBefore(tcb.una, tcb.recoverAt)) {
    tcb.isRecovering = false;
    tcb.isTimeoutRecovery = false;
    tcb.duplicateAcks = 0;
  } else if (!tcb.hasSack && !tcb.isTimeoutRecovery) {
    // A partial acknowledgement: the next one is lost too (RFC 6582 §3.2).
    tcb.duplicateAcks = Math.max(0, tcb.duplicateAcks - Math.floor(acked / tcb.mss) + 1);
    markFirstLost(tcb);
  }
}

function markFirstLost(tcb: Tcb): void {
  const { scoreboard } = tcb;
  const end = (tcb.una + Math.min(tcb.mss, tcb.flight)) | 0;
  if (isAfter(end, scoreboard.lostBefore)) scoreboard.lostBefore = end;
  scoreboard.resentBefore = tcb.una;
  tcb.mustResend = true;
}

function findLoss(tcb: Tcb): void {
  const { scoreboard } = tcb;
  if (!tcb.hasSack) {
    if (tcb.duplicateAcks < 3 || tcb.isRecovering) return;
    markFirstLost(tcb);
    beginRecovery(tcb);
    return;
  }
  if (scoreboard.isEmpty) return;
  // With little on the way and nothing more to send, three will never come (RFC 5827 §3.1).
  const segments = Math.ceil(tcb.flight / tcb.mss);
  const isEnd = tcb.sending.length <= tcb.flight;
  const needed = isEnd && segments <= tcb.lossThreshold ? Math.max(1, segments - 1) : tcb.lossThreshold;
  scoreboard.findLost((needed - 1) * tcb.mss, needed);
  if (!isAfter(scoreboard.lostBefore, tcb.una)) return;
  if (!tcb.isRecovering) {
    scoreboard.resentBefore = tcb.una;
    tcb.mustResend = true;
    beginRecovery(tcb);
  } else if (isAfter(scoreboard.highest, (tcb.resentAtNxt + tcb.lossThreshold * tcb.mss) | 0)) {
    // What was sent after the resent one has arrived, and it has not: lost again.
    scoreboard.resentBefore = tcb.una;
    tcb.resentAtNxt = tcb.nxt;
    tcb.mustResend = true;
  }
}

function beginRecovery(tcb: Tcb): void {
  const { congestion, roundTrip } = tcb;
  const isQueueing = congestion.isQueueing(roundTrip.smoothedMs, roundTrip.leastMs);
  congestion.lost(Math.max(onTheWay(tcb), Math.min(tcb.flight, congestion.window)), isQueueing);
  tcb.isRecovering = true;
  tcb.blindBefore = undefined;
  tcb.recoverAt = tcb.nxt;
  tcb.resentAtNxt = tcb.nxt;
}

/** RFC 9293 §3.10.7.4: only from segments that are not older than the one that said it last. */
function updateWindow(tcb: Tcb, segment: Segment): void {
  const { sequence, acknowledgement } = segment;
  if (isBefore(sequence, tcb.windowSequence)) return;
  if (sequence === tcb.windowSequence && isBefore(acknowledgement, tcb.windowAcknowledgement)) return;
  tcb.window = segment.window << tcb.windowShift;
  tcb.windowSequence = sequence;
  tcb.windowAcknowledgement = acknowledgement;
  if (tcb.window > tcb.largestWindow) tcb.largestWindow = tcb.window;
  // A peer that answers probes is alive, also when its window stays shut.
  if (tcb.flight === 0) tcb.probes = 0;
}

function finAcknowledged(tcb: Tcb): void {
  if (tcb.state === STATE.finWait1) {
    tcb.state = STATE.finWait2;
    // The peer may go on sending for as long as it likes, but it must be there.
    if (tcb.keepAliveMs === 0) tcb.keepAliveMs = tcb.userTimeoutMs;
    tcb.aliveAtMs = tcb.host.nowMs + tcb.keepAliveMs;
    tcb.schedule();
  } else if (tcb.state === STATE.closing) tcb.close("done", true);
  else if (tcb.state === STATE.lastAck) tcb.close("done", false);
}
