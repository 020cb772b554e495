// QEMU's events as the news that a machine's mailbox understands. Pure.
//   BLOCK_IO_ERROR (nospace) → STOP   = paused, because this computer's disk is full
//   GUEST_PANICKED           → STOP   = paused, because the guest's system crashed
import { type QmpEvent, textOf } from "@mimic/qmp";
import type { MachineNews } from "@mimic/workbench/ports";

export type Trouble = "diskFull" | "diskError" | "guestPanicked";

export interface NewsState {
  /** What the next STOP is due to. */
  readonly trouble: Trouble | undefined;
  /** The guest said that it shuts down: the exit that follows is expected. */
  readonly shuttingDown: boolean;
}
export const quiet: NewsState = { trouble: undefined, shuttingDown: false };

export function stepNews(state: NewsState, event: QmpEvent): { readonly next: NewsState; readonly news: MachineNews | undefined } {
  const { data } = event;
  switch (event.event) {
    case "BLOCK_IO_ERROR":
      if (data.action !== "stop") return { next: state, news: undefined };
      return { next: { ...state, trouble: data.nospace === true ? "diskFull" : (state.trouble ?? "diskError") }, news: undefined };
    case "GUEST_PANICKED":
      return { next: { ...state, trouble: "guestPanicked" }, news: undefined };
    case "STOP":
      // QEMU stops its guest as part of switching off, too.
      if (state.shuttingDown) return { next: state, news: undefined };
      return { next: { ...state, trouble: undefined }, news: { kind: "paused", why: state.trouble ?? "asked" } };
    case "RESUME":
      return { next: { ...state, trouble: undefined }, news: { kind: "resumed" } };
    case "SHUTDOWN": {
      const byGuest = data.guest === true;
      return { next: { ...state, shuttingDown: true }, news: byGuest ? { kind: "shutDown" } : undefined };
    }
    case "RESET":
      return { next: state, news: { kind: "reset" } };
    case "DEVICE_TRAY_MOVED":
      return { next: state, news: { kind: "mediumChanged", slot: textOf(data, "id").slice(0, 16), open: data["tray-open"] === true } };
    default:
      return { next: state, news: undefined };
  }
}

/** How a process ended, in plain words. bubblewrap reports a signal as 128 + its number. */
export function exitInWords(code: number | null | undefined, signal: string | null | undefined): string {
  if (code === undefined && signal === undefined) return "QEMU ended while Mimic was not looking";
  const number = code !== null && code !== undefined && code > 128 ? code - 128 : undefined;
  const name =
    signal ??
    (number === undefined
      ? undefined
      : ({ 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM", 31: "SIGSYS" }[number] ?? `signal ${number}`));
  if (name === undefined) return code === 0 ? "QEMU ended" : `QEMU ended with status ${code}`;
  if (name === "SIGSYS") return "QEMU tried something forbidden, and the kernel ended it";
  if (name === "SIGKILL") return "QEMU was killed from outside (by someone, or because memory ran out)";
  if (name === "SIGTERM") return "QEMU was told to end from outside";
  return `QEMU crashed (${name})`;
}
