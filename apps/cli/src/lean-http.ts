// One HTTP/1.1 request over the daemon's unix socket, by hand: `node:http` alone costs more time at
// start than the whole of `mimic ls` may take. It speaks only with our own daemon: one request per
// connection, answers by length, by chunks or to the end of the connection, bounded in size.
// (An `import` of a built-in module costs more at start than asking the process for it: here that counts.)
const { createConnection } = process.getBuiltinModule("node:net");

export interface LeanRequest {
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Silence longer than this ends it with `ETIMEDOUT`. */
  readonly silenceMs?: number | undefined;
}
export interface LeanReply {
  readonly status: number;
  readonly text: string;
  /** The answer itself told where it ends. */
  readonly isWhole: boolean;
}

const LARGEST_REPLY = 256 * 1024 * 1024;

/** Rejects with the socket's error (`code` ENOENT, ECONNREFUSED…), `EPROTO` for an answer that is none, or the signal's reason. */
export function leanRequest(request: LeanRequest): Promise<LeanReply> {
  const { promise, resolve, reject } = Promise.withResolvers<LeanReply>();
  const { signal } = request;
  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  const chunks: Buffer[] = [];
  let size = 0;
  const socket = createConnection(request.socket);
  const stop = () => {
    reject(signal?.reason as Error);
    socket.destroy();
  };
  signal?.addEventListener("abort", stop, { once: true });
  socket.setTimeout(request.silenceMs ?? 120_000, () => socket.destroy(failure("ETIMEDOUT", "no answer")));
  socket.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > LARGEST_REPLY) return void socket.destroy(failure("EPROTO", "the answer is too large"));
    chunks.push(chunk);
    // A short answer is mostly whole in one piece: no need to wait for the other side to hang up.
    const reply = chunks.length === 1 ? parseReply(chunk) : undefined;
    if (!reply || "malformed" in reply || !reply.isWhole) return;
    resolve(reply);
    socket.destroy();
  });
  socket.on("error", reject);
  socket.on("close", () => {
    signal?.removeEventListener("abort", stop);
    const reply = parseReply(Buffer.concat(chunks));
    if ("malformed" in reply) reject(failure("EPROTO", reply.malformed));
    else resolve(reply);
  });
  socket.write(requestText(request));
  return promise;
}

/** Resolves when somebody takes connections at the socket; rejects with the socket's error (ENOENT, ECONNREFUSED…). */
export function knock(socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket, () => {
      connection.destroy();
      resolve();
    });
    connection.on("error", reject);
  });
}

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

function requestText({ method, path, body }: LeanRequest): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Reads a whole answer (RFC 9112 §6). Never throws. */
export function parseReply(bytes: Buffer): LeanReply | { readonly malformed: string } {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return { malformed: "the answer ended before it began" };
  const head = bytes.toString("latin1", 0, end);
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (!status) return { malformed: "the answer is not HTTP" };
  const rest = bytes.subarray(end + 4);
  const reply = (body: Buffer, isWhole = true): LeanReply => ({ status: Number(status), text: body.toString("utf8"), isWhole });
  if (/\r\ntransfer-encoding:[ \t]*chunked/i.test(head)) {
    const body = joinChunks(rest);
    return body ? reply(body) : { malformed: "the answer was cut off" };
  }
  const length = /\r\ncontent-length:[ \t]*(\d{1,12})/i.exec(head)?.[1];
  if (length === undefined) return reply(rest, false);
  return rest.length < Number(length) ? { malformed: "the answer was cut off" } : reply(rest.subarray(0, Number(length)));
}

function joinChunks(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = /^[0-9a-f]{1,8}/i.exec(bytes.toString("latin1", at, Math.min(lineEnd, at + 16)))?.[0];
    if (size === undefined) return undefined;
    const length = Number.parseInt(size, 16);
    if (length === 0) return Buffer.concat(parts);
    const from = lineEnd + 2;
    if (from + length + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(from, from + length));
    at = from + length + 2;
  }
}
