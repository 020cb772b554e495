// A small daemon for tests: HTTP and WebSockets on a real unix socket in a run folder of its own. Answers are
// typed by the contract, so a test cannot promise what the daemon would not say.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { OutputOf } from "@mimic/api/client";
import { API_PREFIX } from "@mimic/api/routes";
import type { JobView, MachineView, Problem } from "@mimic/model";
import { emptyHardware, Name } from "@mimic/model";
import { type WebSocket, WebSocketServer } from "ws";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}
export type Answer = { readonly status?: number; readonly body: unknown } | ((asked: Asked, response: ServerResponse) => unknown);

export class FakeDaemon implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), "mimic-cli-"));
  readonly asked: Asked[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #live = new Map<string, (socket: WebSocket, url: URL) => void>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });

  static async start(): Promise<FakeDaemon> {
    const daemon = new FakeDaemon();
    mkdirSync(`${daemon.home}/run`, { mode: 0o700 });
    await new Promise<void>((resolve) => daemon.#server.listen(`${daemon.home}/run/daemon.sock`, resolve));
    daemon.#server.on("upgrade", (request, socket, head) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const handler = daemon.#live.get(decodeURIComponent(url.pathname.slice(API_PREFIX.length)));
      if (!handler) {
        const body = JSON.stringify(problem("machine.unknown", "There is no machine called “nope”.", "See what there is: mimic ls"));
        socket.end(
          `HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
        );
        return;
      }
      daemon.#sockets.handleUpgrade(request, socket, head, (web) => handler(web, url));
    });
    daemon.on("GET", "/host", { body: { version: "0.1.0", qemuVersion: "7.2.0" } });
    return daemon;
  }

  /** The last one for a route counts. */
  on(method: string, path: string, answer: Answer): this {
    this.#answers.set(`${method} ${path}`, answer);
    return this;
  }
  /** A typed answer of a route. */
  machines(machines: readonly MachineView[]): this {
    const listed: OutputOf<"machines", "list"> = { machines: [...machines] };
    for (const machine of machines) this.on("GET", `/machines/${machine.name}`, { body: machine });
    return this.on("GET", "/machines", { body: listed });
  }
  onLive(path: string, handler: (socket: WebSocket, url: URL) => void): this {
    this.#live.set(path, handler);
    return this;
  }
  refuse(method: string, path: string, status: number, code: string): this {
    return this.on(method, path, { status, body: problem(code, `It was said no: ${code}.`, "Try it another way.") });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await buffer(request);
    const url = new URL(request.url ?? "/", "http://localhost");
    const path = decodeURIComponent(url.pathname.slice(API_PREFIX.length));
    const isJson = request.headers["content-type"] === "application/json";
    const asked: Asked = {
      method: request.method ?? "",
      path: path + url.search,
      body: isJson ? JSON.parse(raw.toString()) : raw.toString("latin1"),
    };
    this.asked.push(asked);
    const answer = this.#answers.get(`${asked.method} ${path}`) ?? {
      status: 404,
      body: problem("machine.unknown", "There is no such thing.", "See what there is: mimic ls"),
    };
    if (typeof answer !== "function") return send(response, answer.status ?? 200, answer.body);
    const body = await answer(asked, response);
    if (body !== undefined) send(response, 200, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.home, { recursive: true, force: true });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

export const problem = (code: string, message: string, hint: string): Problem => ({ code, message, hint });

export const aMachine = (over: Partial<Omit<MachineView, "name">> & { name?: string } = {}): MachineView => ({
  id: "mch_00000000000000000000000001",
  createdAt: "2026-04-01T10:00:00.000Z",
  system: "tiny-linux",
  systemName: "Tiny Linux",
  note: "",
  hardware: { ...emptyHardware(), memoryMiB: 128 },
  hardwareInWords: "1 core, 128 MiB memory, no disk",
  readiness: { sign: { kind: "agent" }, withinMs: 60_000 },
  login: undefined,
  power: "running",
  because: "switched on",
  since: "2026-04-01T10:00:00.000Z",
  usableBy: "the guest agent answered",
  pending: [],
  diskBytes: 1024 ** 2,
  links: [],
  ...over,
  name: Name.parse(over.name ?? "hello"),
});

export const aJob = (over: Partial<JobView> = {}): JobView => ({
  id: "job_00000000000000000000000001",
  kind: "machine.start",
  title: "Start hello",
  subjects: ["hello"],
  state: "running",
  startedAt: "2026-04-01T10:00:00.000Z",
  words: "Waiting for the guest agent",
  cancellable: true,
  ...over,
});
