// The serial console and the shell: first what was said before, then what is said, in both directions.
// A guest can print faster than any viewer reads: what does not fit is dropped here, and the viewer is told how much.
import type { SerialPort } from "@mimic/workbench";
import { DoorError } from "../http/problem.ts";
import type { MachineCall } from "./live-call.ts";
import type { Viewer } from "./viewer.ts";

const RESIZE_WITHIN_MS = 3000;

export function openSerial({ viewer, machine, query }: MachineCall): void {
  const at = query.port ?? "0";
  const port = /^\d{1,2}$/.test(at) ? machine.serial[Number(at)] : undefined;
  if (port === undefined) {
    throw new DoorError(404, "serial.unknown", "The machine has no such serial port.", "Its hardware says how many it has.");
  }
  connectPort(viewer, port, query.viewOnly === "1", () => {});
}

export function openShell({ viewer, machine, query, log }: MachineCall): void {
  const { shell, agent } = machine;
  if (shell === undefined) {
    throw new DoorError(409, "shell.none", "This machine has no shell channel.", "Use its serial console: mimic console");
  }
  const viewOnly = query.viewOnly === "1";
  const resize = createResizer(async (columns, rows) => {
    if (agent === undefined) return;
    const args = ["-F", "/dev/hvc0", "rows", String(rows), "cols", String(columns)];
    const signal = AbortSignal.any([viewer.gone, AbortSignal.timeout(RESIZE_WITHIN_MS)]);
    // A guest without stty, or a busy agent, keeps its old size: the shell itself goes on.
    await agent.exec({ program: "stty", args, onStdout() {}, onStderr() {} }, { signal }).catch((error: unknown) => {
      log.debug("shell not resized", { error });
    });
  });
  connectPort(viewer, shell, viewOnly, (message) => {
    const size = readSize(message);
    if (size !== undefined && !viewOnly) resize(size);
  });
}

function connectPort(viewer: Viewer, port: SerialPort, viewOnly: boolean, text: (message: Record<string, unknown>) => void): void {
  viewer.hear({
    binary(bytes) {
      if (!viewOnly) port.write(bytes);
    },
    text(message) {
      if (message !== undefined) text(message);
    },
  });
  // In one turn: no byte between the history and what comes, and none twice.
  const history = port.history();
  if (history.length > 0) viewer.send(history);
  viewer.tell({ live: true });
  const ear = port.listen(createDropper(viewer));
  viewer.gone.addEventListener("abort", () => ear[Symbol.dispose](), { once: true });
}

/** Sends while there is room; once full, drops until little is waiting, then says {"dropped": bytes} and goes on. */
export function createDropper(viewer: Pick<Viewer, "full" | "send" | "tell" | "whenLow">): (bytes: Uint8Array) => void {
  let dropping = false;
  let dropped = 0;
  return (bytes) => {
    if (dropping) {
      dropped += bytes.length;
      return;
    }
    viewer.send(bytes);
    if (!viewer.full) return;
    dropping = true;
    viewer.whenLow(() => {
      dropping = false;
      if (dropped > 0) viewer.tell({ dropped });
      dropped = 0;
    });
  };
}

type Size = { readonly columns: number; readonly rows: number };

function readSize(message: Record<string, unknown>): Size | undefined {
  const resize = message.resize as Partial<Record<string, unknown>> | undefined;
  const fits = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 2 && (value as number) <= 500;
  const columns = resize?.columns;
  const rows = resize?.rows;
  return fits(columns) && fits(rows) ? { columns, rows } : undefined;
}

/** One at a time, and of those that wait only the last: dragging a window's edge asks a hundred times. */
function createResizer(apply: (columns: number, rows: number) => Promise<void>): (size: Size) => void {
  let next: Size | undefined;
  let busy = false;
  const run = async () => {
    busy = true;
    while (next !== undefined) {
      const { columns, rows } = next;
      next = undefined;
      await apply(columns, rows);
    }
    busy = false;
  };
  return (size) => {
    next = size;
    if (!busy) void run();
  };
}
