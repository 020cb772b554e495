// The SwitchFabric of the daemon: starts the switch process, or finds the one that runs already, speaks with it, and when it
// dies starts another and tells it all plans again.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Log, messageOf } from "@mimic/base";
import type { Finding, NetworkPlan } from "@mimic/model";
import type { CaptureWish, FabricConnection, SwitchFabric, SwitchNews, TraceQuestion } from "@mimic/workbench/ports";
import { z } from "zod";
import type { AnswerTo, Ask } from "../control/messages.ts";
import { CONTROL_PROTOCOL } from "../control/messages.ts";
import { switchSilent } from "../errors.ts";
import { ControlClient, openToSwitch } from "./control-client.ts";
import { connectionOf, streamOf } from "./fabric-streams.ts";
import { bootId, startTicksOf } from "./process-identity.ts";
import { CONTROL_SOCKET } from "./switch-process.ts";

/** What the daemon starts in a cage: the program, and which folders it sees where. */
export interface SwitchProgram {
  /** Node and the bundle, with `--net FOLDER --state FOLDER` as seen from inside. */
  readonly argv: (seen: { readonly net: string; readonly state: string }) => readonly string[];
  readonly netFolder: string;
  readonly stateFolder: string;
}

export interface SwitchFabricOptions {
  /** Has a folder for each machine, whose sockets QEMU listens at, and the control socket. Made if it is missing. */
  readonly netFolder: string;
  /** Leases and the like; only the switch writes here. */
  readonly stateFolder: string;
  /** Says which process runs (pid, start, boot), for the next daemon. */
  readonly recordPath: string;
  /** The bundle mimic-switch. */
  readonly main: string;
  /** Starts it, apart from this process, and answers its pid. The process must outlive us. */
  readonly launch: (program: SwitchProgram) => Promise<number>;
  readonly log: Log;
  readonly nodePath?: string;
}

const Record = z.object({
  pid: z.int(),
  startTicks: z.string(),
  bootId: z.string(),
  protocol: z.int(),
  /** SHA-256 of the bundle that it runs. */
  build: z.string().optional(),
});
type Record = z.infer<typeof Record>;

const START_MS = 15_000;
/** A switch that dies again and again is started again ever more slowly. */
const AGAIN_MS = [0, 200, 1000, 5000] as const;

export function createSwitchFabric(options: SwitchFabricOptions): SwitchFabric {
  return new ProcessSwitchFabric(options);
}

/** Removing what is not there is harmless: a question that only asks whether somebody is there. */
const NO_NETWORK = `net_${"f".repeat(26)}`;

class ProcessSwitchFabric implements SwitchFabric {
  readonly #options: SwitchFabricOptions;
  readonly #path: string;
  readonly #plans = new Map<string, NetworkPlan>();
  readonly #listeners = new Set<(news: SwitchNews) => void>();
  readonly #closing = new AbortController();
  #connecting: Promise<ControlClient> | undefined;
  #deaths = 0;
  /** The switch was built earlier than this daemon: it goes on carrying, since ending it would cut every connection. */
  #isOlder = false;

  constructor(options: SwitchFabricOptions) {
    this.#options = options;
    this.#path = join(options.netFolder, CONTROL_SOCKET);
  }

  async apply(plan: NetworkPlan, { signal }: { signal: AbortSignal }): Promise<void> {
    this.#plans.set(plan.id, plan);
    await (await this.#client()).ask({ ask: "apply", plan }, signal);
  }

  async remove(network: string, { signal }: { signal: AbortSignal }): Promise<void> {
    this.#plans.delete(network);
    await (await this.#client()).ask({ ask: "remove", network }, signal);
  }

  counters = (network: string, { signal }: { signal: AbortSignal }) => this.#ask({ ask: "counters", network }, signal);
  vlanCounters = (network: string, { signal }: { signal: AbortSignal }) => this.#ask({ ask: "vlanCounters", network }, signal);
  leases = (network: string, { signal }: { signal: AbortSignal }) => this.#ask({ ask: "leases", network }, signal);
  forwards = async (network: string, { signal }: { signal: AbortSignal }) =>
    (await this.#ask({ ask: "forwards", network }, signal)).map((forward) => ({ ...forward, problem: forward.problem }));
  trace = (network: string, question: TraceQuestion, { signal }: { signal: AbortSignal }) =>
    this.#ask({ ask: "trace", network, question }, signal);
  drops = (network: string, { signal, port }: { signal: AbortSignal; port?: string | undefined }) =>
    this.#ask({ ask: "drops", network, port }, signal);

  async release(network: string, mac: string, { signal }: { signal: AbortSignal }): Promise<void> {
    await this.#ask({ ask: "release", network, mac }, signal);
  }

  async *capture(network: string, wish: CaptureWish, { signal }: { signal: AbortSignal }): AsyncIterable<Uint8Array> {
    await this.#client();
    yield* streamOf(await openToSwitch(this.#path, { open: "capture", network, wish: { ...wish } }, signal), signal);
  }

  async connect(network: string, to: { address: string; port: number }, { signal }: { signal: AbortSignal }): Promise<FabricConnection> {
    await this.#client();
    return connectionOf(await openToSwitch(this.#path, { open: "connect", network, ...to }, signal));
  }

  async diagnose({ signal }: { signal: AbortSignal }): Promise<Finding> {
    const title = "Switch";
    try {
      const startedMs = performance.now();
      await (await this.#client()).ask({ ask: "remove", network: NO_NETWORK }, signal);
      const tookMs = Math.max(1, Math.round(performance.now() - startedMs));
      const count = this.#plans.size;
      if (this.#isOlder)
        return {
          id: "switch",
          title,
          state: "limited",
          found: `an earlier build of it carries ${count} network${count === 1 ? "" : "s"}; it was left alone, so that no connection breaks`,
          mend: "The newer one begins with the machines: mimic down --all, then start them again.",
        };
      return {
        id: "switch",
        title,
        state: "good",
        found: `carries ${count} network${count === 1 ? "" : "s"}, answers in ${tookMs} ms`,
        mend: "",
      };
    } catch (error) {
      signal.throwIfAborted();
      return {
        id: "switch",
        title,
        state: "bad",
        found: messageOf(error),
        mend: "Machines run without a network until it works. Its last words are in log/switch.log of the data directory.",
      };
    }
  }

  listen(heard: (news: SwitchNews) => void): Disposable {
    this.#listeners.add(heard);
    return { [Symbol.dispose]: () => void this.#listeners.delete(heard) };
  }

  async close({ end }: { end: boolean }): Promise<void> {
    const client = await this.#connecting?.catch(() => undefined);
    this.#closing.abort(new Error("the switch fabric is closed"));
    if (end && client !== undefined) {
      await client.ask({ ask: "end" }, AbortSignal.timeout(5000)).catch(() => {});
      await rm(this.#options.recordPath, { force: true });
    }
    client?.close();
    this.#listeners.clear();
  }

  async #ask<K extends Ask["ask"]>(ask: Extract<Ask, { ask: K }>, signal: AbortSignal): Promise<AnswerTo<K>> {
    return (await this.#client()).ask<K>(ask, signal);
  }

  /** The connection to a running switch; starts one when none runs. */
  #client(): Promise<ControlClient> {
    this.#closing.signal.throwIfAborted();
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #connect(): Promise<ControlClient> {
    const client = (await this.#adopt()) ?? (await this.#start());
    void client.ended.then(() => this.#lost());
    return client;
  }

  /** The switch of an earlier daemon, when it runs and speaks as we do. Another version is ended, and so is an older build that carries nothing. */
  async #adopt(): Promise<ControlClient | undefined> {
    const found = await this.#open().catch(() => undefined);
    if (found?.welcome.protocol === CONTROL_PROTOCOL) {
      this.#isOlder = (await this.#recorded())?.build !== (await buildOf(this.#options.main));
      if (!this.#isOlder || found.welcome.networks.length > 0) return found.client;
    }
    found?.client.close();
    await this.#killRecorded();
    return undefined;
  }

  #open() {
    return ControlClient.open(this.#path, (news) => this.#tell(news), this.#closing.signal);
  }

  async #start(): Promise<ControlClient> {
    const { netFolder, stateFolder, main, launch, log, nodePath = process.execPath } = this.#options;
    await mkdir(netFolder, { recursive: true, mode: 0o700 });
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    await rm(this.#path, { force: true });
    this.#isOlder = false;
    const argv = (seen: { net: string; state: string }): readonly string[] => [nodePath, main, "--net", seen.net, "--state", seen.state];
    const pid = await launch({ argv, netFolder, stateFolder });
    await this.#record(pid);
    const deadline = performance.now() + START_MS;
    for (;;) {
      this.#closing.signal.throwIfAborted();
      try {
        const { client, welcome } = await this.#open();
        log.info("switch started", { pid, protocol: welcome.protocol });
        return client;
      } catch (error) {
        if ((await startTicksOf(pid)) === undefined) throw switchSilent("ended as soon as it was started", messageOf(error));
        if (performance.now() > deadline) throw switchSilent("does not answer", messageOf(error));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async #record(pid: number): Promise<void> {
    const { recordPath } = this.#options;
    const build = await buildOf(this.#options.main);
    const record: Record = { pid, startTicks: (await startTicksOf(pid)) ?? "", bootId: bootId(), protocol: CONTROL_PROTOCOL, build };
    await writeFile(`${recordPath}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${recordPath}.new`, recordPath);
  }

  async #recorded(): Promise<Record | undefined> {
    const text = await readFile(this.#options.recordPath, "utf8").catch(() => "null");
    return Record.safeParse(JSON.parse(text)).data;
  }

  /** A switch that does not answer holds sockets and forwards that the next one needs. */
  async #killRecorded(): Promise<void> {
    const record = await this.#recorded();
    if (record === undefined || record.bootId !== bootId()) return;
    const { pid, startTicks } = record;
    if (startTicks === "" || (await startTicksOf(pid)) !== startTicks) return;
    this.#options.log.warn("a switch that does not answer, or is another version, is ended", { pid });
    process.kill(pid, "SIGKILL");
    for (let waited = 0; waited < 2000 && (await startTicksOf(pid)) === startTicks; waited += 10)
      await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** The connection is gone while we want it: what runs next gets all plans again. */
  #lost(): void {
    this.#connecting = undefined;
    if (this.#closing.signal.aborted) return;
    const waitMs = AGAIN_MS[Math.min(this.#deaths++, AGAIN_MS.length - 1)] as number;
    setTimeout(() => void this.#again(), waitMs).unref();
  }

  async #again(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    try {
      const client = await this.#client();
      for (const plan of this.#plans.values()) await client.ask({ ask: "apply", plan }, this.#closing.signal);
      this.#options.log.warn("switch was lost and is back", { networks: this.#plans.size });
      this.#tell({ kind: "restarted", because: "The switch process ended." });
      setTimeout(() => (this.#deaths = 0), 60_000).unref();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#options.log.error("switch cannot be started again", { error: messageOf(error) });
      this.#lost();
    }
  }

  #tell(news: SwitchNews): void {
    for (const heard of this.#listeners) heard(news);
  }
}

const buildOf = async (main: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(main))
    .digest("hex");
