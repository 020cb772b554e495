// What can go wrong with a monitor session. Every failure has its own code.
//   qmp.unreachable   nobody listens on the socket, or it is not QEMU
//   qmp.disconnected  the session ended; also the fate of every command that was still waiting
//   qmp.refused       QEMU answered with an error (its class in `qemuClass`)
//   qmp.bad_message   QEMU's words broke the protocol (too long, too deep, no JSON, wrong shape)
//   qmp.wrong_state   used before it was connected
//   qmp.busy          too many commands wait at once
import { MimicError, plain } from "@mimic/base";

export const qmpUnreachable = (detail: string, cause?: unknown): MimicError =>
  new MimicError("qmp.unreachable", "QEMU's control socket does not answer.", {
    hint: "See whether QEMU still runs; its last words are in the machine's log.",
    detail: plain(detail),
    cause,
  });

export const qmpDisconnected = (detail: string, cause?: unknown): MimicError =>
  new MimicError("qmp.disconnected", "The connection to QEMU ended.", {
    hint: "QEMU has probably ended; its last words are in the machine's log.",
    detail: plain(detail),
    cause,
  });

export class QmpRefused extends MimicError {
  /** QEMU's error class, e.g. "GenericError", "DeviceNotFound". */
  readonly qemuClass: string;
  /** QEMU's own words, made harmless. */
  readonly words: string;
  constructor(command: string, qemuClass: string, words: string) {
    super("qmp.refused", `QEMU refused “${command}”: ${plain(words)}`, {
      hint: "The words after the colon are QEMU's own and name the reason.",
    });
    this.qemuClass = plain(qemuClass, 60);
    this.words = plain(words);
  }
}

export const qmpBadMessage = (detail: string): MimicError =>
  new MimicError("qmp.bad_message", "QEMU said something that breaks its own protocol.", {
    hint: "End this machine and start it again; if that does not help, reinstall QEMU.",
    detail: plain(detail),
  });

export const qmpWrongState = (state: string): MimicError =>
  new MimicError("qmp.wrong_state", `The connection to QEMU is ${state}, so it cannot be used.`, { hint: "Connect first." });

export const qmpBusy = (count: number): MimicError =>
  new MimicError("qmp.busy", `${count} orders to QEMU are waiting already.`, { hint: "Wait until QEMU has answered." });
