// A daemon that does not exist, for looking at the interface and for its browser tests: serves dist/ under the real
// page policy, speaks the contract's routes over a world in memory, and counts what was asked.
//   node apps/web/dev/mock.ts [usual|empty|many|hostile|crowd] [port]
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { InputOf, OutputOf } from "@mimic/api/client";
import { API_PREFIX, liveRoutes, type Route, rawRoutes, routes } from "@mimic/api/routes";
import { type Event, HardwareSpec, hardwareInWords, type JobView, type MachineView, may, stepPower } from "@mimic/model";
import { WebSocketServer } from "ws";
import { networkVerbs, nicVerbs, servePackets } from "./network-mock.ts";
import { png, screenPixel } from "./png.ts";
import { serveRfb } from "./rfb.ts";
import { eventOf, type Kind, makeWorld, type World } from "./world.ts";

/** As the daemon sends it; a test of the whole compares the two. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";

/** A computer that cannot be joined to: the dialog has to say so. */
const LAN = {
  mayBridge: false,
  because: "This computer has no bridge: “enp3s0” can carry machines only as part of one.",
  hint: "“Bridged” in docs/networks.md shows how to make a bridge; --kind nat needs none.",
  choices: [],
};
const STORAGES: OutputOf<"storages", "list">["storages"] = [
  { id: "main", name: "main", folder: "/home/you/.local/share/mimic", isThere: true, freeBytes: 41e9, machines: ["hello"] },
  { id: "sto_1", name: "big", folder: "/mnt/big", isThere: true, freeBytes: 812e9, machines: ["database"] },
  {
    id: "sto_2",
    name: "stick",
    folder: "/media/you/stick",
    isThere: false,
    because: "the folder is there and empty of Mimic’s disks: its drive is not mounted",
    machines: [],
  },
];
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const CSRF = "mock-csrf";

export interface Mock {
  readonly address: string;
  readonly world: World;
  /** “POST /api/v1/machines” … in order. */
  readonly asked: string[];
  /** JSON bodies beside them. */
  readonly bodies: unknown[];
  /** Sends a fact to every follower. */
  tell(fact: Event["fact"]): void;
  /** Cuts all followers, as a daemon that was stopped. */
  cut(): void;
  close(): Promise<void>;
}

class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  constructor(status: number, code: string, message: string, hint: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

type Handler = (input: never, parameters: Readonly<Record<string, string>>, query: URLSearchParams) => unknown;

class MockDaemon {
  readonly world: World;
  readonly followers = new Set<ServerResponse>();
  readonly slow: number;
  constructor(world: World, slow: number) {
    this.world = world;
    this.slow = slow;
  }

  tell = (fact: Event["fact"]): void => {
    const event = eventOf(this.world, fact);
    for (const response of this.followers) response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
  };

  refuse(status: number, code: string, message: string, hint: string): never {
    throw new Problem(status, code, message, hint);
  }

  machine(ref: string | undefined): MachineView {
    const found = this.world.machines.find((each) => each.id === ref || each.name === ref);
    if (!found) throw new Problem(404, "machine.unknown", `There is no machine called “${ref}”.`, "See what there is: mimic ls");
    return found;
  }

  put(next: MachineView): MachineView {
    const at = this.world.machines.findIndex((each) => each.id === next.id);
    if (at < 0) this.world.machines.push(next);
    else this.world.machines[at] = next;
    return next;
  }

  power(ref: string | undefined, action: "start" | "stop" | "kill" | "pause" | "resume" | "reset", to: MachineView["power"]): MachineView {
    const machine = this.machine(ref);
    const step = stepPower({ power: machine.power, because: machine.because }, { kind: action }, machine.name);
    if (step.refused) throw new Problem(409, step.refused.code, step.refused.why, step.refused.hint);
    if (may(action, machine.power, machine.name) !== true) return machine;
    const from = machine.power;
    const because = to === "stopped" ? "switched off" : to === "running" ? "switched on" : "asked by you";
    const next = this.put({
      ...machine,
      power: to,
      because,
      trouble: undefined,
      since: new Date().toISOString(),
      usableBy: to === "running" ? "the guest agent answered" : undefined,
    });
    this.tell({ kind: "machine.power_changed", machineId: next.id, from, to, because });
    return next;
  }

  /** A job that goes on for a moment, tells how far it is, and then does what it was for. */
  job(
    kind: string,
    title: string,
    subjects: string[],
    words: string,
    end: (job: JobView) => Partial<JobView> | undefined,
  ): { job: JobView } {
    const job: JobView = {
      id: `job_${Math.random().toString(32).slice(2).padStart(26, "0").slice(0, 26)}`,
      kind,
      title,
      subjects,
      state: "running",
      startedAt: new Date().toISOString(),
      words,
      done: 0,
      total: 4,
      unit: "steps",
      cancellable: true,
    };
    this.world.jobs.unshift(job);
    this.tell({ kind: "job.started", jobId: job.id });
    const timer = setInterval(() => {
      if (job.state === "running") {
        job.done = (job.done ?? 0) + 1;
        if (job.done < 4) return this.tell({ kind: "job.progressed", jobId: job.id });
        Object.assign(job, { state: "done", words: "Done", cancellable: false, endedAt: new Date().toISOString() }, end(job));
      }
      clearInterval(timer);
      this.tell({ kind: "job.ended", jobId: job.id, state: job.state });
    }, this.slow);
    return { job: { ...job } };
  }

  create(input: InputOf<"machines", "create">): OutputOf<"machines", "create"> {
    if (this.world.machines.some((each) => each.name === input.name))
      throw new Problem(409, "machine.name_taken", `There is a machine called “${input.name}” already.`, "Choose another name.");
    const base = this.world.machines[0] ?? makeWorld("usual").machines[0];
    if (!base) throw new Error("a world without machines");
    const system = this.world.systems.find((each) => each.id === input.system);
    const hardware = { ...base.hardware, cpus: input.hardware?.cpus ?? 1, memoryMiB: input.hardware?.memoryMiB ?? 1024 };
    const machine: MachineView = {
      ...base,
      id: `mch_${Date.now().toString(32).padStart(26, "0")}`,
      name: input.name as MachineView["name"],
      system: input.system,
      systemName: system?.name,
      hardware,
      hardwareInWords: hardwareInWords(hardware),
      power: "stopped",
      because: "never switched on",
      usableBy: undefined,
      createdAt: new Date().toISOString(),
      since: new Date().toISOString(),
      trouble: undefined,
    };
    return this.job("machine.create", `Make “${input.name}”`, [machine.id], "Laying a thin layer over the image", () => {
      this.put(machine);
      this.tell({ kind: "machine.created", machineId: machine.id, name: machine.name });
      if (input.start) this.power(machine.id, "start", "running");
      return { result: { machine: machine.id } };
    });
  }

  readonly verbs: Readonly<Record<string, Record<string, Handler>>> = {
    host: { show: () => this.world.host, diagnose: () => this.world.diagnosis, lan: () => LAN },
    machines: {
      list: () => ({ machines: this.world.machines }),
      create: (input) => this.create(input),
      show: (_, { machine }) => this.machine(machine),
      change: (input: InputOf<"machines", "change">, { machine }) => {
        const before = this.machine(machine);
        const next = this.put({
          ...before,
          name: (input.name ?? before.name) as MachineView["name"],
          note: input.note ?? before.note,
          hardware: HardwareSpec.parse({ ...before.hardware, ...input.hardware }),
        });
        this.tell({ kind: "machine.changed", machineId: next.id, what: "hardware" });
        return { ...next, changes: [] };
      },
      remove: (_, { machine }) => {
        const gone = this.machine(machine);
        this.world.machines = this.world.machines.filter((each) => each.id !== gone.id);
        const entry = {
          id: `trs_${gone.id.slice(4)}`,
          name: gone.name,
          machineId: gone.id,
          trashedAt: new Date().toISOString(),
          expiresAt: new Date(Date.now() + 2.6e9).toISOString(),
          diskBytes: gone.diskBytes,
        };
        this.world.trash.push(entry);
        this.tell({ kind: "machine.trashed", machineId: gone.id, name: gone.name });
        return entry;
      },
      clone: (input: InputOf<"machines", "clone">, { machine }) => {
        const from = this.machine(machine);
        return this.job("machine.clone", `Copy “${from.name}” as “${input.name}”`, [], "Copying", () => {
          this.put({
            ...from,
            id: `mch_${Date.now().toString(32).padStart(26, "0")}`,
            name: input.name as MachineView["name"],
            power: "stopped",
          });
          return undefined;
        });
      },
      start: (_, { machine }) => {
        const started = this.power(machine, "start", "starting");
        return this.job("machine.start", `Start “${started.name}”`, [started.id], "Waiting for the guest agent to answer", () => {
          this.put({ ...started, power: "running", because: "switched on", usableBy: "the guest agent answered" });
          this.tell({ kind: "machine.power_changed", machineId: started.id, from: "starting", to: "running", because: "switched on" });
          return undefined;
        });
      },
      stop: (_, { machine }) => {
        const stopping = this.power(machine, "stop", "stopping");
        return this.job("machine.stop", `Shut “${stopping.name}” down`, [stopping.id], "Waiting for its system", () => {
          this.power(stopping.id, "kill", "stopped");
          return undefined;
        });
      },
      restart: (_, { machine }) =>
        this.job(
          "machine.restart",
          `Restart “${this.machine(machine).name}”`,
          [this.machine(machine).id],
          "Waiting for its system",
          () => undefined,
        ),
      kill: (_, { machine }) => this.power(machine, "kill", "stopped"),
      pause: (_, { machine }) => this.power(machine, "pause", "paused"),
      resume: (_, { machine }) => this.power(machine, "resume", "running"),
      reset: (_, { machine }) => this.machine(machine),
      press: () => ({}),
      type: () => ({}),
      changeMedium: (input: InputOf<"machines", "changeMedium">, { machine }) => {
        const before = this.machine(machine);
        const drives = before.hardware.drives.map((drive) =>
          drive.slot === input.slot
            ? { ...drive, medium: input.image === null ? null : { from: "image" as const, digest: input.image } }
            : drive,
        );
        return this.put({ ...before, hardware: { ...before.hardware, drives } });
      },
      explain: (_, { machine }): OutputOf<"machines", "explain"> => ({
        parts: [
          { args: ["-nodefaults", "-no-user-config"], because: "Nothing is in the machine that was not asked for." },
          {
            args: ["-machine", "pc-q35-7.2,usb=off,dump-guest-core=off"],
            because: "The board; its version is written down, so that an upgrade of QEMU changes nothing under the guest.",
          },
          { args: ["-accel", "tcg,thread=multi"], because: "The processor is emulated: the test guest did not start with KVM." },
          { args: ["-name", `guest=${this.machine(machine).name},debug-threads=on`], because: this.machine(machine).because },
        ],
      }),
      hardware: (_, { machine }): OutputOf<"machines", "hardware"> => ({
        rows: [
          {
            part: "Processor",
            what: `${this.machine(machine).hardware.cpus} cores, the best this computer can imitate`,
            change: "afterRestart",
            why: "Its system counted the cores when it started.",
          },
          { part: "Memory", what: "1 GB", change: "now", why: "" },
          {
            part: "Board",
            what: "q35 (PCI Express)",
            change: "never",
            why: "The system on its disk expects this board. Make a new machine for another.",
          },
          { part: "Screen", what: "VGA", change: "afterRestart", why: "" },
          { part: "Note", what: this.machine(machine).note || "none", change: "now", why: "" },
        ],
      }),
      story: (_, { machine }): OutputOf<"machines", "story"> => ({
        story: [
          "Made from Debian 13 as a thin layer over its image.",
          "Switched on.",
          "Ready after 31 s: the guest agent answered.",
          this.machine(machine).because,
        ].map((words, at) => ({ at: new Date(Date.now() - (40 - at * 9) * 60_000).toISOString(), words })),
      }),
      log: (): OutputOf<"machines", "log"> => ({
        text: `[    0.000000] Linux version 6.1.0\n[    0.412000] \u001b[1mtty0\u001b[0m enabled\n${this.world.serial}`,
      }),
      load: (): OutputOf<"machines", "load"> => ({
        samples: Array.from({ length: 90 }, (_, at) => ({
          at: new Date(Date.now() - (90 - at) * 2000).toISOString(),
          cpuCores: 0.25 + 0.2 * Math.sin(at / 7) + 0.1 * Math.sin(at * 1.7),
          memoryBytes: 3e8 + at * 9e5,
          diskReadBytesPerSecond: Math.max(0, 4e6 * Math.sin(at / 5)),
          diskWriteBytesPerSecond: Math.max(0, 3e6 * Math.cos(at / 9)),
        })),
      }),
      guest: () => this.world.guest,
      ping: () => ({ answeredInMs: 3 }),
      ...nicVerbs(this),
    },
    networks: networkVerbs(this),
    images: {
      list: () => ({ images: this.world.images }),
      pull: (input: InputOf<"images", "pull">) =>
        this.job("image.pull", `Get “${input.system}”`, [input.system], "Downloading", () => undefined),
      verify: (_, { image }) => this.job("image.verify", "Check an image", [image ?? ""], "Reading every byte", () => undefined),
      remove: (_, { image }) => {
        const found = this.world.images.find((each) => each.digest === image);
        if (found && found.usedBy.length > 0)
          throw new Problem(409, "image.in_use", `“${found.name}” is used by ${found.usedBy.join(", ")}.`, "Remove these machines first.");
        this.world.images = this.world.images.filter((each) => each.digest !== image);
        return {};
      },
    },
    systems: { list: () => ({ systems: this.world.systems }) },
    templates: { list: () => ({ templates: [] }) },
    moments: { list: () => ({ moments: [] }) },
    storages: { list: () => ({ storages: STORAGES }) },
    jobs: {
      list: () => ({ jobs: this.world.jobs }),
      show: (_, { job }) => this.world.jobs.find((each) => each.id === job),
      cancel: (_, { job }) => {
        const found = this.world.jobs.find((each) => each.id === job);
        if (found) Object.assign(found, { state: "cancelled", cancellable: false, words: "Cancelled", endedAt: new Date().toISOString() });
        this.tell({ kind: "job.ended", jobId: job ?? "", state: "cancelled" });
        return found;
      },
    },
    trash: {
      list: () => ({ trash: this.world.trash }),
      restore: (_, { entry }) => {
        this.world.trash = this.world.trash.filter((each) => each.id !== entry);
        return this.world.machines[0];
      },
      remove: (_, { entry }) => {
        this.world.trash = this.world.trash.filter((each) => each.id !== entry);
        return {};
      },
      empty: () => {
        const forgotten = this.world.trash.length;
        this.world.trash = [];
        return { forgotten };
      },
    },
  };
}

const pattern = (path: string): RegExp => new RegExp(`^${path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};

export interface MockOptions {
  readonly kind?: Kind;
  readonly port?: number;
  /** The built interface; apps/web/dist when left out. */
  readonly dist?: string | undefined;
  /** Milliseconds between the steps of a job. */
  readonly slow?: number;
}

export async function startMock({ kind = "usual", port = 0, slow = 250, dist = DIST }: MockOptions = {}): Promise<Mock> {
  const daemon = new MockDaemon(makeWorld(kind), slow);
  const asked: string[] = [];
  const bodies: unknown[] = [];
  const table = Object.entries(routes).flatMap(([area, verbs]) =>
    Object.entries(verbs).map(([verb, route]: [string, Route]) => ({ area, verb, method: route.method, path: pattern(route.path) })),
  );
  const pictures = new Map<number, Buffer>();

  const special = async (path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    if (path === rawRoutes.events.path) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": listening\n\n");
      daemon.followers.add(response);
      response.on("close", () => daemon.followers.delete(response));
      return true;
    }
    const shot = pattern(rawRoutes.screenshot.path).exec(path);
    if (shot && request.method === "GET") {
      const look = Number.parseInt(daemon.machine(shot.groups?.["machine"]).id.slice(-2), 32) || 0;
      const key = look % 9;
      if (!pictures.has(key)) pictures.set(key, png(640, 400, screenPixel(key, 0)));
      response.writeHead(200, { "content-type": "image/png" }).end(pictures.get(key));
      return true;
    }
    if (pattern(rawRoutes.capture.path).test(path)) {
      response.writeHead(200, { "content-type": "application/x-pcapng" });
      const timer = setInterval(() => response.write(Buffer.alloc(4_096, 7)), 100);
      response.on("close", () => clearInterval(timer));
      return true;
    }
    if (path === rawRoutes.upload.path) {
      const bytes = await readAll(request);
      const name = query.get("name") ?? "";
      const digest = "ab".repeat(32);
      json(
        response,
        200,
        daemon.job("image.import", `Bring in “${name}”`, [], "Checking what is in it", () => {
          if (bytes.toString("latin1").startsWith("bad"))
            return {
              state: "failed",
              problem: {
                code: "image.refused",
                message: `“${name}” was not brought in: it names another file as its base.`,
                hint: "Flatten it where it was made (qemu-img convert), then bring that.",
                detail: "backing file at offset 0x68",
              },
            };
          const kindWanted = query.get("kind");
          daemon.world.images.push({
            ...(makeWorld("usual").images[2] as World["images"][number]),
            digest,
            name,
            kind: kindWanted === "cd" ? "cd" : "disk",
            sizeBytes: bytes.length,
            usedBy: [],
          });
          daemon.tell({ kind: "image.added", digest, name });
          return { result: { digest } };
        }),
      );
      return true;
    }
    return false;
  };

  const api = async (path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? "GET";
    asked.push(`${method} ${path}`);
    if (path === routes.sessions.open.path && method === "POST") {
      const { code } = JSON.parse((await readAll(request)).toString()) as { code: string };
      if (code !== "GOOD")
        return json(response, 401, {
          code: "session.code_unknown",
          message: "This code is not good any more.",
          hint: "Get a new one: mimic open",
        });
      return json(response, 200, { csrf: CSRF }, { "set-cookie": "mimic=mock; HttpOnly; SameSite=Strict; Path=/" });
    }
    const cookie = /(^|; )mimic=mock($|;)/.test(request.headers.cookie ?? "");
    if (cookie && path === routes.sessions.renew.path) return json(response, 200, { csrf: CSRF });
    if (!cookie || request.headers["x-mimic-csrf"] !== CSRF)
      return json(response, 401, { code: "session.none", message: "You are not signed in.", hint: "mimic open" });
    if (await special(path, query, request, response)) return;
    for (const { area, verb, method: wanted, path: expression } of table) {
      const match = wanted === method ? expression.exec(path) : null;
      const handler = match && daemon.verbs[area]?.[verb];
      if (!match || !handler) continue;
      const text = (await readAll(request)).toString();
      const input = text ? JSON.parse(text) : {};
      bodies.push(input);
      const parameters = Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]));
      return json(response, 200, handler(input as never, parameters, query));
    }
    json(response, 404, { code: "api.no_route", message: `There is no ${method} ${path}.`, hint: "Is this page newer than the daemon?" });
  };

  const file = async (path: string, response: ServerResponse): Promise<void> => {
    const name = extname(path) === "" ? "/index.html" : normalize(path);
    const bytes = await readFile(join(dist, name)).catch(() => undefined);
    if (!bytes) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(bytes);
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://mock");
    for (const [name, value] of [
      ["content-security-policy", POLICY],
      ["x-content-type-options", "nosniff"],
      ["referrer-policy", "no-referrer"],
      ["cache-control", "no-store"],
      ["cross-origin-opener-policy", "same-origin"],
    ] as const)
      response.setHeader(name, value);
    const work = url.pathname.startsWith(`${API_PREFIX}/`)
      ? api(url.pathname.slice(API_PREFIX.length), url.searchParams, request, response)
      : file(url.pathname, response);
    work.catch((error: unknown) => {
      if (error instanceof Problem) json(response, error.status, { code: error.code, message: error.message, hint: error.hint });
      else json(response, 500, { code: "mock.broken", message: String(error), hint: "" });
    });
  });

  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, request) => {
    const url = new URL(request.url ?? "/", "http://mock");
    const path = url.pathname.slice(API_PREFIX.length);
    asked.push(`WS ${path}${url.search}`);
    socket.once("message", (first: Buffer, isBinary: boolean) => {
      if (isBinary || (JSON.parse(first.toString()) as { csrf?: string }).csrf !== CSRF) {
        socket.send(JSON.stringify({ problem: { code: "session.none", message: "You are not signed in.", hint: "mimic open" } }));
        return socket.close();
      }
      openLive(daemon, path, url.searchParams, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    address: `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : port}`,
    world: daemon.world,
    asked,
    bodies,
    tell: daemon.tell,
    cut: () => {
      for (const response of daemon.followers) response.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function openLive(daemon: MockDaemon, path: string, query: URLSearchParams, socket: import("ws").WebSocket): void {
  const door = Object.entries(liveRoutes).find(([, each]) => pattern(each).test(path))?.[0];
  if (door === "packets") {
    servePackets(daemon.world, query, socket);
    return;
  }
  if (door === "display") serveRfb(socket, path.length, daemon.world.desktopName);
  if (door === "serial" || door === "shell") {
    socket.send(Buffer.from(daemon.world.serial));
    if (door === "serial") socket.send(JSON.stringify({ live: true }));
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) socket.send(Buffer.from(data.toString().replaceAll("\r", "\r\n")));
    });
    return;
  }
  if (door === "sound") {
    socket.send(JSON.stringify({ sound: "begin" }));
    let at = 0;
    const timer = setInterval(() => {
      const piece = Buffer.alloc(4410 * 4);
      for (let n = 0; n < 4410; n++, at++) piece.writeInt16LE(Math.round(6000 * Math.sin(at / 16)), n * 4);
      socket.send(piece);
    }, 100);
    socket.on("close", () => clearInterval(timer));
    return;
  }
  if (door !== "display") socket.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ kind: (process.argv[2] ?? "usual") as Kind, port: Number(process.argv[3] ?? 7790) });
  process.stdout.write(`${mock.address}/#c=GOOD\n`);
}
