// Received data: into the ring, in order or not, and what is to be acknowledged when (RFC 9293 §3.10.7.4 “seventh”, “eighth”;
// RFC 5681 §4.2).
import { ACK, FIN, type Segment } from "./segment.ts";
import { distance, isAfter, isBefore } from "./sequence.ts";
import { STATE, type Tcb } from "./tcb.ts";
import { emit } from "./transmit.ts";

const DELAY_MS = 40;

export function receiveData(tcb: Tcb, segment: Segment): void {
  let start = segment.sequence;
  let { dataAt, dataLength } = segment;
  const behind = distance(start, tcb.received);
  if (behind > 0) {
    noteDuplicate(tcb, start, Math.min(behind, dataLength));
    dataAt += behind;
    dataLength -= behind;
    start = tcb.received;
  }
  const over = distance(tcb.edge, (start + dataLength) | 0);
  const isCut = over > 0;
  if (isCut) dataLength -= over;
  if (dataLength > 0) {
    if (start === tcb.received && tcb.reassembly.count === 0) inOrder(tcb, segment.bytes, dataAt, dataLength);
    else outOfOrder(tcb, segment.bytes, dataAt, dataLength, start);
  } else if (segment.dataLength > 0) tcb.ackWanted++;
  if (segment.flags & FIN && !isCut) tcb.endAt = (segment.sequence + segment.dataLength) | 0;
  if (tcb.endAt !== undefined && tcb.endAt === tcb.received && !tcb.hasEnded) peerEnded(tcb);
}

function noteDuplicate(tcb: Tcb, start: number, length: number): void {
  if (length <= 0) return;
  tcb.reassembly.duplicateStart = start;
  tcb.reassembly.duplicateEnd = (start + length) | 0;
}

function inOrder(tcb: Tcb, bytes: Uint8Array, at: number, length: number): void {
  if (!tcb.receiving.write(bytes, at, length)) {
    tcb.host.counters.outOfMemory++;
    return;
  }
  tcb.received = (tcb.received + length) | 0;
  delivered(tcb);
  tcb.unacknowledgedBytes += length;
  if (tcb.unacknowledgedBytes >= 2 * tcb.mss || tcb.quickAcks > 0) {
    if (tcb.quickAcks > 0) tcb.quickAcks--;
    tcb.ackWanted = Math.max(tcb.ackWanted, 1);
  } else if (tcb.ackAtMs === Infinity) {
    tcb.ackAtMs = tcb.host.nowMs + DELAY_MS;
    tcb.schedule();
  }
}

function outOfOrder(tcb: Tcb, bytes: Uint8Array, at: number, length: number, start: number): void {
  const { receiving, reassembly } = tcb;
  // Whatever follows, the peer learns at once where the gap is.
  tcb.ackWanted++;
  const held = receiving.length;
  const offset = held + distance(tcb.received, start);
  const used = held + reassembly.extent(tcb.received);
  if (!receiving.ensure(Math.max(offset + length, used), used)) {
    tcb.host.counters.outOfMemory++;
    return;
  }
  if (!reassembly.add(start, (start + length) | 0)) return;
  receiving.place(offset, bytes, at, length);
  const reached = reassembly.take(tcb.received);
  const gained = distance(tcb.received, reached);
  if (gained === 0) return;
  receiving.join(gained);
  tcb.received = reached;
  delivered(tcb);
}

function delivered(tcb: Tcb): void {
  tcb.isReadableDue = true;
  tcb.host.touch(tcb);
}

function peerEnded(tcb: Tcb): void {
  tcb.received = (tcb.received + 1) | 0;
  tcb.hasEnded = true;
  tcb.ackWanted = Math.max(tcb.ackWanted, 1);
  delivered(tcb);
  if (tcb.state === STATE.established) tcb.state = STATE.closeWait;
  else if (tcb.state === STATE.finWait1) tcb.state = STATE.closing;
  else if (tcb.state === STATE.finWait2) {
    // The last acknowledgement goes out now: afterwards there is no connection to send it.
    emit(tcb, tcb.nxt, 0, ACK);
    tcb.close("done", true);
  }
}

/** Can the segment say anything at all (RFC 9293 §3.4)? One that begins at the shut window's edge may still acknowledge. */
export function isAcceptable(tcb: Tcb, segment: Segment): boolean {
  const { sequence, span } = segment;
  if (span === 0) return !isBefore(sequence, tcb.received) && !isAfter(sequence, tcb.edge);
  if (tcb.edge === tcb.received) return sequence === tcb.received;
  return isBefore(sequence, tcb.edge) && isAfter((sequence + span) | 0, tcb.received);
}
