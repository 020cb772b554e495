// What a connection does when time has passed: acknowledge what it put off, send again, probe a shut window, ask whether the
// peer is still there, give up.
import { ACK } from "./segment.ts";
import { LOSS_THRESHOLD, STATE, type Tcb } from "./tcb.ts";
import { armResend, emit, onTheWay, resendPiece } from "./transmit.ts";

const MOST_SYNS = 6;
const MOST_KEEP_ALIVES = 5;

export function due(tcb: Tcb, nowMs: number): void {
  if (tcb.ackAtMs <= nowMs) {
    tcb.ackAtMs = Infinity;
    tcb.ackWanted = Math.max(tcb.ackWanted, 1);
    tcb.host.touch(tcb);
  }
  if (tcb.aliveAtMs <= nowMs) alive(tcb, nowMs);
  if (tcb.resendAtMs <= nowMs) {
    tcb.resendAtMs = Infinity;
    unanswered(tcb, nowMs);
  }
}

function unanswered(tcb: Tcb, nowMs: number): void {
  if (tcb.state === STATE.synSent || tcb.state === STATE.synReceived) {
    synUnanswered(tcb, nowMs);
    return;
  }
  if (nowMs - Math.max(tcb.firstUnansweredMs, tcb.flight === 0 ? tcb.lastHeardMs : 0) > tcb.userTimeoutMs) {
    giveUp(tcb);
    return;
  }
  if (tcb.flight === 0) probeWindow(tcb);
  else if (isTailProbe(tcb)) probeTail(tcb);
  else if (tcb.timeoutAtMs > nowMs) {
    // It was a probe's time, and something is known since of what arrived.
    tcb.resendAtMs = tcb.timeoutAtMs;
    tcb.schedule();
    return;
  } else resendAll(tcb);
  armResend(tcb);
}

/** RFC 9293 §3.8.3: the owner is told. */
function giveUp(tcb: Tcb): void {
  tcb.host.sendBare(tcb, 0x14, tcb.nxt, tcb.received);
  tcb.close("timeout", false);
}

function synUnanswered(tcb: Tcb, nowMs: number): void {
  tcb.probes++;
  if (tcb.probes >= MOST_SYNS) {
    tcb.close("timeout", false);
    return;
  }
  tcb.roundTrip.backOff();
  tcb.resendAtMs = nowMs + tcb.roundTrip.timeoutMs;
  tcb.host.sendSyn(tcb);
}

const isTailProbe = (tcb: Tcb): boolean =>
  tcb.hasSack && !tcb.tailProbed && !tcb.isRecovering && tcb.scoreboard.isEmpty && tcb.roundTrip.smoothedMs !== undefined;

/** The last segment once more: its acknowledgement, or its report as a duplicate, shows what became of those before (RFC 8985 §7.3). */
function probeTail(tcb: Tcb): void {
  tcb.tailProbed = true;
  const length = Math.min(tcb.mss, tcb.flight);
  tcb.timedSequence = undefined;
  tcb.blindBefore = tcb.nxt;
  resendPiece(tcb, (tcb.nxt - length) | 0, length);
}

/** All that is out is sent again, when the host is touched. */
export function countAllAsLost(tcb: Tcb): void {
  tcb.scoreboard.lostBefore = tcb.nxt;
  tcb.scoreboard.resentBefore = tcb.una;
  tcb.isRecovering = true;
  tcb.isTimeoutRecovery = true;
  tcb.blindBefore = tcb.nxt;
  tcb.recoverAt = tcb.nxt;
  tcb.resentAtNxt = tcb.nxt;
  tcb.duplicateAcks = 0;
  tcb.timedSequence = undefined;
  tcb.mustResend = true;
}

/** RFC 6298 (5.4) to (5.6), RFC 6675 §5.1: all that is out counts as lost. */
function resendAll(tcb: Tcb): void {
  const { scoreboard, host } = tcb;
  tcb.timeouts++;
  host.counters.timeouts++;
  const isFirst = !tcb.isTimeoutRecovery;
  // So much had come after it, and we still waited for more: what was taken for reordering was none.
  if (isFirst && scoreboard.held(tcb.una, tcb.nxt) >= LOSS_THRESHOLD * tcb.mss) tcb.lossThreshold = LOSS_THRESHOLD;
  tcb.congestion.timedOut(onTheWay(tcb), isFirst);
  // A peer may take back what it said it held (RFC 2018 §8): believed once, not twice.
  if (!isFirst) scoreboard.reset(tcb.una);
  countAllAsLost(tcb);
  tcb.roundTrip.backOff();
  host.touch(tcb);
}

/** An old sequence number and no data: every host answers with an acknowledgement, and that says its window. */
function probeWindow(tcb: Tcb): void {
  tcb.probes++;
  emit(tcb, (tcb.una - 1) | 0, 0, ACK);
  tcb.roundTrip.backOff();
}

function alive(tcb: Tcb, nowMs: number): void {
  tcb.aliveAtMs = Infinity;
  if (tcb.keepAliveMs === 0 || !tcb.isSynchronized) return;
  const silent = nowMs - tcb.lastHeardMs;
  if (silent < tcb.keepAliveMs) {
    tcb.probes = 0;
    tcb.aliveAtMs = tcb.lastHeardMs + tcb.keepAliveMs;
    return;
  }
  if (tcb.probes >= MOST_KEEP_ALIVES) {
    giveUp(tcb);
    return;
  }
  if (tcb.flight === 0) {
    tcb.probes++;
    emit(tcb, (tcb.una - 1) | 0, 0, ACK);
  }
  tcb.aliveAtMs = nowMs + Math.min(tcb.keepAliveMs, 15_000);
}
