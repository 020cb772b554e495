// A command in the guest, with its streams. Both directions wait for each other: output is read from the guest
// only as fast as the viewer takes it, and input is taken from the viewer only as fast as the guest does.
import { EXEC_STDERR, EXEC_STDOUT } from "@mimic/api/live";
import { z } from "zod";
import { DoorError } from "../http/problem.ts";
import { Input } from "./input.ts";
import type { MachineCall } from "./live-call.ts";
import type { Viewer } from "./viewer.ts";

const REQUEST_WITHIN_MS = 10_000;

const text = z
  .string()
  .max(4096)
  .refine((value) => !value.includes("\0"));
const Request = z.strictObject({
  program: text.min(1),
  args: z
    .array(
      z
        .string()
        .max(32_768)
        .refine((value) => !value.includes("\0")),
    )
    .max(1000),
  env: z.array(text).max(200).optional(),
  stdin: z.boolean(),
});

export function openExec({ viewer, machine }: MachineCall): void {
  const { agent } = machine;
  if (agent === undefined) {
    throw new DoorError(
      409,
      "agent.none",
      "This machine has no guest agent, so Mimic cannot run commands in its system.",
      "Install qemu-guest-agent in its system, or use its console.",
    );
  }
  const input = new Input(viewer);
  const invalid = () =>
    viewer.fail(new DoorError(400, "input.invalid", "The first message does not say what to run.", "Send an ExecRequest."));
  const late = setTimeout(invalid, REQUEST_WITHIN_MS);
  viewer.gone.addEventListener("abort", () => clearTimeout(late), { once: true });
  viewer.hear({
    binary: invalid,
    text(message) {
      clearTimeout(late);
      const request = Request.safeParse(message);
      if (!request.success) return invalid();
      const { stdin, ...command } = request.data;
      viewer.hear({
        binary: (bytes) => {
          if (stdin) input.push(bytes);
        },
        text: (later) => {
          if (later?.eof === true) input.end();
        },
      });
      const run = agent.exec(
        {
          ...command,
          stdin: stdin ? input : undefined,
          onStdout: (b) => output(viewer, EXEC_STDOUT, b),
          onStderr: (b) => output(viewer, EXEC_STDERR, b),
        },
        { signal: viewer.gone },
      );
      run.then(
        (exit) => {
          viewer.tell({ exit });
          viewer.close(1000, "ended");
        },
        (error: unknown) => viewer.fail(error),
      );
    },
  });
}

async function output(viewer: Viewer, stream: number, bytes: Uint8Array): Promise<void> {
  const message = new Uint8Array(bytes.length + 1);
  message[0] = stream;
  message.set(bytes, 1);
  viewer.send(message);
  if (viewer.full) await viewer.untilLow();
}
