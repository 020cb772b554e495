// Runs one command in a guest through the daemon, with its streams.
import { EXEC_STDERR, EXEC_STDOUT, type ExecRequest } from "@mimic/api/live";
import { liveRoutes } from "@mimic/api/routes";
import type { Context } from "./command.ts";
import { openLive } from "./live-socket.ts";
import { UnreachableError } from "./say.ts";

export interface GuestCommand {
  readonly machine: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: readonly string[];
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly onStdout: (bytes: Uint8Array) => Promise<void> | void;
  readonly onStderr: (bytes: Uint8Array) => Promise<void> | void;
  /** The machine is disposable and goes with this command, however we end. */
  readonly endsMachine?: boolean;
  /** Ends the command in the guest. */
  readonly signal?: AbortSignal;
}

export type GuestEnd = { readonly kind: "exited"; readonly code: number } | { readonly kind: "signalled"; readonly signal: number };

export async function runInGuest({ door }: Pick<Context, "door">, command: GuestCommand): Promise<GuestEnd> {
  await door.ensure();
  let end: GuestEnd | undefined;
  const over = Promise.withResolvers<void>();
  await using live = await openLive(
    {
      socket: door.socket,
      route: liveRoutes.exec,
      machine: command.machine,
      ...(command.endsMachine && { query: { endsMachine: "1" } }),
    },
    {
      onBytes: (bytes) => {
        if (bytes[0] === EXEC_STDOUT) return command.onStdout(bytes.subarray(1));
        if (bytes[0] === EXEC_STDERR) return command.onStderr(bytes.subarray(1));
      },
      onText: (message) => {
        end = readEnd(message["exit"]);
        if (end) over.resolve();
      },
    },
  );
  const request: ExecRequest = {
    program: command.program,
    args: command.args,
    ...(command.env?.length && { env: command.env }),
    stdin: command.stdin !== undefined,
  };
  live.tell(request);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  command.signal?.addEventListener("abort", () => failed.reject(command.signal?.reason as Error), { once: true });
  if (command.stdin) feed(command.stdin, live).catch(failed.reject);
  await Promise.race([over.promise, live.closed, failed.promise]);
  if (end) return end;
  throw new UnreachableError("daemon.connection_lost", "The connection ended before the command did.", {
    hint: "Look whether the machine still runs: mimic ls",
  });
}

async function feed(
  stdin: AsyncIterable<Uint8Array>,
  live: { send(bytes: Uint8Array): Promise<void>; tell(message: object): void },
): Promise<void> {
  const LARGEST = 64 * 1024;
  for await (const chunk of stdin) for (let at = 0; at < chunk.length; at += LARGEST) await live.send(chunk.subarray(at, at + LARGEST));
  live.tell({ eof: true });
}

function readEnd(value: unknown): GuestEnd | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, code, signal } = value as Record<string, unknown>;
  if (kind === "exited" && typeof code === "number") return { kind, code };
  if (kind === "signalled" && typeof signal === "number") return { kind, signal };
  return undefined;
}

/** As a shell would say it: its own number, or 128 and the signal. */
export const exitNumber = (end: GuestEnd): number => (end.kind === "exited" ? end.code & 255 : 128 + (end.signal & 127));
