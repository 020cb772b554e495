// A whole Mimic of its own for one test: daemon as people run it (the bundle), a home of its own, any free
// port. Disposing it ends every machine and process that it started, and nothing else.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { JobView } from "@mimic/model";
import { type Client, createClient } from "../../packages/api/src/client.ts";

export const ROOT = join(import.meta.dirname, "../..");
const DAEMON = join(ROOT, ".mimic/build/daemon/main.js");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Installation implements AsyncDisposable {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly client: Client;
  daemon: ChildProcess | undefined;
  #log = "";

  constructor(home: string, env: NodeJS.ProcessEnv) {
    this.home = home;
    this.env = { ...process.env, MIMIC_HOME: home, MIMIC_PORT: "0", MIMIC_ROOT: ROOT, ...env };
    this.client = createClient(({ method, path, body, signal }) => this.#send(method, path, body, signal));
  }

  get socket(): string {
    return `${this.home}/run/daemon.sock`;
  }
  /** What the daemon wrote so far. */
  get log(): string {
    return this.#log;
  }
  async port(): Promise<number> {
    return Number(await readFile(`${this.home}/run/port`, "utf8"));
  }
  async token(): Promise<string> {
    return (await readFile(`${this.home}/data/token`, "utf8")).trim();
  }

  /** Starts the daemon and waits until it answers, or rejects with its last words. `wrapper` is a program that becomes it. */
  async start(env: NodeJS.ProcessEnv = {}, wrapper: readonly string[] = []): Promise<void> {
    const [program, ...args] = [...wrapper, process.execPath, DAEMON];
    const daemon = spawn(program as string, args, { env: { ...this.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
    this.daemon = daemon;
    daemon.stderr?.on("data", (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-200_000);
    });
    for (let i = 0; i < 600; i++) {
      if (daemon.exitCode !== null || daemon.signalCode !== null)
        throw new Error(`the daemon ended (${daemon.exitCode ?? daemon.signalCode}): ${this.#log.slice(-2000)}`);
      if (
        await this.client.host.show({}).then(
          () => true,
          () => false,
        )
      )
        return;
      await wait(50);
    }
    throw new Error(`the daemon does not answer: ${this.#log.slice(-2000)}`);
  }

  /** Ends the daemon as `mimic down` does, and waits until it is gone. */
  async stop(): Promise<void> {
    const { daemon } = this;
    if (!daemon) return;
    const gone = daemon.exitCode === null && daemon.signalCode === null ? once(daemon, "exit") : undefined;
    await this.client.daemon.shutdown({ machines: false });
    await gone;
  }

  /** As a crash: no chance to clean up. */
  async killDaemon(): Promise<void> {
    const { daemon } = this;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill("SIGKILL");
    await once(daemon, "exit");
  }

  /** Waits for a job's end, however long it takes. */
  async ended(started: { job: JobView } | Promise<{ job: JobView }>): Promise<JobView> {
    let { job } = await started;
    while (job.state === "running") job = await this.client.jobs.wait({ job: job.id, withinMs: 30_000 });
    return job;
  }

  /** As `ended`, and fails with the job's own words when it did not end well. */
  async done(started: { job: JobView } | Promise<{ job: JobView }>): Promise<JobView> {
    const job = await this.ended(started);
    if (job.state !== "done") throw new Error(`${job.title}: ${job.problem?.code} ${job.problem?.message} ${job.problem?.detail ?? ""}`);
    return job;
  }

  /** The command line as a person calls it. */
  async mimic(args: readonly string[], options: { input?: string | undefined; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
    const child = spawn(join(ROOT, "mimic"), args, { env: { ...this.env, ...options.env }, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    let out = "";
    let err = "";
    child.stdout.on("data", (bytes: Buffer) => {
      out += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      err += bytes.toString();
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out, err };
  }

  async machinePid(id: string): Promise<number> {
    const run = JSON.parse(await readFile(`${this.home}/data/machines/${id}/run.json`, "utf8")) as { body: { pid: number } };
    return run.body.pid;
  }

  async switchPid(): Promise<number> {
    return (JSON.parse(await readFile(`${this.home}/run/switch.json`, "utf8")) as { pid: number }).pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // First the pids, while the records are there: QEMUs outlive daemons by design.
    const ids = await readdir(`${this.home}/data/machines`).catch(() => []);
    const pids = await Promise.all([
      ...ids.map((id) => this.machinePid(id).catch(() => undefined)),
      this.switchPid().catch(() => undefined),
      ...(await mediaServers(this.home)),
    ]);
    await this.client.daemon.shutdown({ machines: false }, { signal: AbortSignal.timeout(5000) }).catch(() => {});
    const { daemon } = this;
    if (daemon && daemon.exitCode === null && daemon.signalCode === null) {
      const gone = once(daemon, "exit");
      await Promise.race([gone, wait(3000)]);
      daemon.kill("SIGKILL");
    }
    for (const pid of pids) if (pid !== undefined && (await isOurs(pid, this.home))) process.kill(pid, "SIGKILL");
    for (const pid of await lanCarriers(this.home)) process.kill(pid, "SIGKILL");
    await rm(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #send(method: string, path: string, body: unknown, signal: AbortSignal | undefined): Promise<{ status: number; body: unknown }> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const headers: Record<string, string> = payload === undefined ? {} : { "content-type": "application/json" };
      const request = httpRequest(
        { socketPath: this.socket, method, path, headers: { host: "localhost", ...headers }, signal },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (piece: string) => {
            text += piece;
          });
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text === "" ? {} : JSON.parse(text) }));
          response.on("error", reject);
        },
      );
      request.on("error", reject);
      request.end(payload);
    });
  }
}

/** Never end a process because a number was reused. */
async function isOurs(pid: number, home: string): Promise<boolean> {
  const tree = [
    await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => ""),
  ].join(" ");
  return (
    (tree.includes("qemu-system") || tree.includes("build/switch/main.js")) &&
    (tree.includes(home) || tree.includes("/m/") || tree.includes(" /m "))
  );
}

/** What hands changed media to machines. */
async function mediaServers(home: string): Promise<number[]> {
  const notes = (await readdir(home, { recursive: true }).catch(() => [])).filter((path) => path.endsWith("/media.json"));
  const texts = await Promise.all(notes.map((path) => readFile(`${home}/${path}`, "utf8").catch(() => "{}")));
  return texts.flatMap((text) => Object.values(JSON.parse(text) as Record<string, { pid: number }>).map(({ pid }) => pid));
}

/** Of bridged networks: they go on without a daemon too, and have their port's id in their name. */
async function lanCarriers(home: string): Promise<number[]> {
  const ports = (await readdir(`${home}/run/net`).catch(() => [])).filter((name) => name.startsWith("prt_"));
  const found: number[] = [];
  for (const entry of ports.length > 0 ? await readdir("/proc") : []) {
    const words = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "") : "";
    if (/^[^\0]*qemu-system/.test(words) && ports.some((port) => words.includes(`${port}\0-display`))) found.push(Number(entry));
  }
  return found;
}

export interface InstallOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** The image of the tiny Linux is there already (made once per run of the tests). */
  readonly tinyLinux?: boolean;
  /** The folder for its home, with a short path; this computer's own for such things when left out. */
  readonly within?: string;
}

/** A fresh home with a running daemon. Short, because unix sockets live below it. */
export async function install(options: InstallOptions = {}): Promise<Installation> {
  const home = await mkdtemp(join(options.within ?? tmpdir(), "mimic-e-"));
  const installation = new Installation(home, options.env ?? {});
  if (options.tinyLinux) {
    const images = await tinyLinuxImages();
    await mkdir(`${home}/data`, { recursive: true, mode: 0o700 });
    await cp(images, `${home}/data/images`, { recursive: true, mode: 1, preserveTimestamps: true });
  }
  await installation.start();
  return installation;
}

/** The tiny Linux is assembled once per run of the tests, for real, and copied into each installation. */
async function tinyLinuxImages(): Promise<string> {
  // Inside the run's own home, which the runner removes at the end.
  const within = process.env.MIMIC_HOME ?? join(tmpdir(), `mimic-seed-${process.ppid}`);
  const base = `${within}/seed`;
  const ready = `${base}/ready`;
  await mkdir(within, { recursive: true, mode: 0o700 });
  const first = await mkdir(base).then(
    () => true,
    () => false,
  );
  if (first) {
    const home = `${base}/home`;
    const seed = new Installation(home, {});
    await mkdir(home, { mode: 0o700 });
    await seed.start();
    await seed.done(seed.client.images.pull({ system: "tiny-linux" }));
    // With the switch: nobody else would end it.
    await seed.client.daemon.shutdown({ machines: true });
    await writeFile(ready, "");
  }
  for (let i = 0; i < 3000; i++) {
    if (
      await readFile(ready).then(
        () => true,
        () => false,
      )
    )
      return `${base}/home/data/images`;
    await wait(100);
  }
  throw new Error("the tiny Linux was not assembled within five minutes");
}

/** Makes and starts a tiny Linux; answers its id. */
export async function startTinyLinux(mimic: Installation, name: string): Promise<string> {
  const job = await mimic.done(mimic.client.machines.create({ name, system: "tiny-linux", start: true }));
  return job.result?.machine ?? "";
}
