// Cables from networks to bridges of this computer (Linux). The daemon makes the tap and plugs it in; a caged process carries
// its frames. Looked after once a second: a bridge that comes back is joined again, a process that died is replaced.
import { closeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { type Log, messageOf } from "@mimic/base";
import type { LanBridges, LanCable, LanLook, LanNews } from "@mimic/workbench/ports";
import { isAlive, killExactly } from "../process.ts";
import type { Cage } from "../spawn.ts";
import { bridgeOf, isBridge, lookAtLan, mtuOf, TAP_PREFIX } from "./host-links.ts";
import { findPumps, type Pump, startPump } from "./pump.ts";
import { openTap, plugTap } from "./tap.ts";

export interface LanBridgesOptions {
  /** Where the switch looks for a port's socket. */
  readonly folderOf: (port: string) => string;
  readonly logPath: string;
}

export interface LanBridgesNeeds extends LanBridgesOptions {
  readonly installation: string;
  readonly log: Log;
  readonly cage: () => Promise<Cage>;
  readonly binary: () => Promise<string>;
}

const LOOK_MS = 1000;
const GONE_WITHIN_MS = 2000;

interface Live {
  cable: LanCable;
  pump: Pump | undefined;
  trouble: string | undefined;
}

export class QemuLanBridges implements LanBridges {
  readonly #needs: LanBridgesNeeds;
  readonly #live = new Map<string, Live>();
  readonly #ears = new Set<(news: LanNews) => void>();
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(needs: LanBridgesNeeds) {
    this.#needs = needs;
  }

  look(): Promise<LanLook> {
    return lookAtLan();
  }

  async attach(cable: LanCable): Promise<void> {
    await this.#inTurn(async () => {
      const live = this.#live.get(cable.port) ?? { cable, pump: await this.#find(cable.port), trouble: undefined };
      if (live.cable.bridge !== cable.bridge) await this.#end(live);
      live.cable = cable;
      this.#live.set(cable.port, live);
      await this.#mend(live);
    });
    this.#watch();
  }

  async detach(port: string): Promise<void> {
    await this.#inTurn(async () => {
      const live = this.#live.get(port);
      this.#live.delete(port);
      if (live) await this.#end(live);
      await rm(this.#needs.folderOf(port), { recursive: true, force: true });
    });
  }

  async keepOnly(ports: ReadonlySet<string>): Promise<void> {
    await this.#inTurn(async () => {
      for (const pump of await findPumps(this.#needs.installation)) if (!ports.has(pump.port)) await ended(pump);
    });
  }

  listen(heard: (news: LanNews) => void): Disposable {
    this.#ears.add(heard);
    return { [Symbol.dispose]: () => void this.#ears.delete(heard) };
  }

  async close({ end }: { end: boolean }): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#inTurn(async () => {
      if (end) for (const live of this.#live.values()) await this.#end(live);
    });
    this.#ears.clear();
  }

  async #find(port: string): Promise<Pump | undefined> {
    return (await findPumps(this.#needs.installation)).find((pump) => pump.port === port);
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(async () => {
      this.#timer = undefined;
      await this.#inTurn(async () => {
        for (const live of this.#live.values()) await this.#mend(live);
      });
      if (this.#live.size > 0) this.#watch();
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Makes right what is not: no process, or a tap that is plugged in nowhere. */
  async #mend(live: Live): Promise<void> {
    const { bridge, port } = live.cable;
    const tap = tapName(port);
    try {
      const hasProcess = live.pump !== undefined && (await isAlive(live.pump.pid, live.pump.startTicks));
      if (!hasProcess) live.pump = await this.#start(live.cable);
      if ((await bridgeOf(tap)) === bridge) return this.#say(live, undefined);
      if (!(await isBridge(bridge)))
        return this.#say(live, `This computer has no bridge “${bridge}” any more. The network is joined to it again when it comes back.`);
      const isPlugged = plugTap(tap, bridge, (await mtuOf(bridge)) ?? 1500);
      this.#say(live, isPlugged ? undefined : `The bridge “${bridge}” does not take another cable.`);
    } catch (error) {
      this.#say(live, messageOf(error));
    }
  }

  async #start({ port }: LanCable): Promise<Pump> {
    const { installation, folderOf, logPath, cage, binary, log } = this.#needs;
    const tap = openTap(tapName(port));
    try {
      const pump = await startPump(await cage(), { binary: await binary(), installation, port, folder: folderOf(port), tap, logPath });
      log.info("a network is joined to the LAN", { portId: port, pid: pump.pid, tap: tapName(port) });
      return pump;
    } finally {
      closeSync(tap);
    }
  }

  async #end(live: Live): Promise<void> {
    if (live.pump) await ended(live.pump);
    live.pump = undefined;
  }

  #say(live: Live, words: string | undefined): void {
    if (live.trouble === words) return;
    live.trouble = words;
    if (words !== undefined) this.#needs.log.warn("a network is not joined to the LAN", { portId: live.cable.port, words });
    for (const heard of this.#ears) heard({ port: live.cable.port, ...(words !== undefined && { words }) });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** At most 15 bytes; the end of an id is what differs. */
const tapName = (port: string): string => `${TAP_PREFIX}${port.slice(-8)}`;

/** Its tap is gone once it is. */
async function ended({ pid, startTicks }: Pump): Promise<void> {
  await killExactly(pid, startTicks);
  for (let waited = 0; waited < GONE_WITHIN_MS && (await isAlive(pid, startTicks)); waited += 10)
    await new Promise((resolve) => setTimeout(resolve, 10));
}
