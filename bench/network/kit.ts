// What the rows of the switch share: the load generator and the C relay (compiled when a row needs them), our switch as a
// process of its own, its peers, and measuring all of them in turn.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLog } from "@mimic/base";
import { NetworkPlan, noGuards, type PortPlan } from "@mimic/model";
import { createSwitchFabric } from "@mimic/network/node";
import type { SwitchFabric } from "@mimic/workbench/ports";
import { at } from "../../tools/setup/places.ts";
import { mustRun } from "../framework/measure.ts";
import { type Bench, CannotMeasure, type Measured, type Sample } from "../framework/row.ts";
import { quantile, sampleOf } from "../framework/statistics.ts";

/** One run of the load generator. */
export interface Load {
  readonly framesPerSecond: number;
  readonly cpuNsPerFrame: number;
  readonly sent: number;
  readonly received: number;
  readonly gaps: number;
  /** Of one processor. */
  readonly cpuShare: number;
}

export interface LoadWish {
  readonly size: number;
  readonly batch: number;
  readonly seconds?: number;
  readonly fans?: boolean;
}

/** Something that carries frames between ports, ready to be loaded. */
export interface Carrier {
  readonly name: string;
  readonly pid: number;
  readonly paths: readonly string[];
  readonly isVde?: boolean;
}

export const NET = `net_${"0".repeat(26)}`;
const portId = (n: number): string => `prt_${String(n).padStart(26, "0")}`;

/** A short folder for sockets: the row's own home may be too long a path for one. */
export async function socketFolder(bench: Bench): Promise<string> {
  const folder = await mkdtemp("/tmp/mb-");
  bench.cleanUp(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function compile(bench: Bench, name: "relay" | "load"): Promise<string> {
  const program = join(bench.home, name);
  await mkdir(bench.home, { recursive: true });
  try {
    await mustRun("cc", ["-O2", "-pthread", "-o", program, at("bench/network", `${name}.c`)], bench.env);
  } catch (error) {
    throw new CannotMeasure(`the C compiler is missing or failed: ${String(error)}`);
  }
  return program;
}

export function startProgram(bench: Bench, program: string, args: readonly string[], stdin: "ignore" | "pipe" = "ignore"): ChildProcess {
  const child = spawn(program, args, { stdio: [stdin, "ignore", "inherit"], env: bench.env });
  child.on("error", (error) => bench.say(`${program}: ${error.message}`));
  bench.cleanUp(async () => void child.kill("SIGKILL"));
  return child;
}

export async function startRelay(bench: Bench, ports: number): Promise<Carrier> {
  const folder = await socketFolder(bench);
  const paths = Array.from({ length: ports }, (_, n) => join(folder, `r${n}`));
  const child = startProgram(bench, await compile(bench, "relay"), paths);
  return { name: "relay", pid: child.pid as number, paths };
}

export interface OurSwitch extends Carrier {
  readonly fabric: SwitchFabric;
}

/** Our switch as it is shipped, with ports that listen; `change` may make them something else than untagged and unguarded. */
export async function startOurs(
  bench: Bench,
  ports: number,
  { change = (port) => port, network = {} }: { change?: (port: PortPlan, n: number) => PortPlan; network?: Partial<NetworkPlan> } = {},
): Promise<OurSwitch> {
  const folder = await socketFolder(bench);
  let pid = 0;
  const fabric = createSwitchFabric({
    netFolder: join(folder, "net"),
    stateFolder: join(folder, "state"),
    recordPath: join(folder, "switch.json"),
    main: at(".mimic/build/switch/main.js"),
    log: silentLog,
    launch: async (program) => {
      const [node, ...args] = program.argv({ net: program.netFolder, state: program.stateFolder });
      pid = startProgram(bench, node as string, args).pid as number;
      return pid;
    },
  });
  bench.cleanUp(() => fabric.close({ end: true }));
  const plans = Array.from({ length: ports }, (_, n) => change(plainPort(n), n));
  await fabric.apply(NetworkPlan.parse({ id: NET, name: "bench", spanningTree: false, ports: plans, ...network }), {
    signal: AbortSignal.timeout(20_000),
  });
  return { name: "ours", pid, paths: plans.map((_, n) => join(folder, "net", `p${n}`)), fabric };
}

const plainPort = (n: number): PortPlan => ({
  id: portId(n),
  label: `port ${n}`,
  attach: { how: "listen", path: `p${n}` },
  mode: { mode: "access", vlan: 1 },
  isUp: true,
  guards: noGuards,
  quality: { up: {}, down: {} },
});

export async function load(bench: Bench, program: string, carrier: Carrier, wish: LoadWish): Promise<Load> {
  const args = ["-s", wish.size, "-b", wish.batch, "-d", wish.seconds ?? 0.3, "-p", carrier.pid].map(String);
  if (wish.fans) args.push("-f");
  if (carrier.isVde) args.push("-v");
  return JSON.parse(await mustRun(program, [...args, ...carrier.paths], bench.env)) as Load;
}

export interface Compared {
  readonly frames: Sample;
  readonly cpuNs: number;
  /** Medians of this round's figure through the first one's, so that what disturbs a round disturbs both. */
  readonly rateRatio: number;
  readonly cpuRatio: number;
  readonly lost: number;
  readonly gaps: number;
}

/** Loads all carriers in turn, round by round; ratios are those of `carriers[0]` to each other one, taken round by round. */
export async function compare(
  bench: Bench,
  carriers: readonly Carrier[],
  wish: LoadWish | ((carrier: Carrier) => LoadWish),
  rounds = 13,
): Promise<Compared[]> {
  const program = await compile(bench, "load");
  const taken: Load[][] = carriers.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    const order = carriers.map((_, index) => (round % 2 === 0 ? index : carriers.length - 1 - index));
    for (const index of order) {
      const carrier = carriers[index] as Carrier;
      const one = await load(bench, program, carrier, typeof wish === "function" ? wish(carrier) : wish);
      // The first round warms up.
      if (round > 0) taken[index]?.push(one);
    }
  }
  const ours = taken[0] as Load[];
  const isFan = typeof wish !== "function" && wish.fans === true;
  const copies = isFan ? (carriers[0]?.paths.length ?? 2) - 1 : 1;
  return taken.map((loads) => ({
    frames: sampleOf(loads.map((one) => one.framesPerSecond)),
    cpuNs: median(loads.map((one) => one.cpuNsPerFrame)),
    rateRatio: median(loads.map((one, i) => (ours[i] as Load).framesPerSecond / one.framesPerSecond)),
    cpuRatio: median(loads.map((one, i) => (ours[i] as Load).cpuNsPerFrame / one.cpuNsPerFrame)),
    lost: loads.reduce((sum, one) => sum + Math.max(0, one.sent * copies - one.received), 0),
    gaps: loads.reduce((sum, one) => sum + one.gaps, 0),
  }));
}

const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
export const times = (value: number): string => `${value.toFixed(2)} times`;

/** Sockets at ports that listen, joined and then left alone. */
export function joinPorts(paths: readonly string[]): Promise<Socket[]> {
  return Promise.all(
    paths.map(async (path) => {
      for (let tries = 0; ; tries++) {
        const socket = connect(path);
        try {
          await once(socket, "connect");
          socket.on("error", () => {});
          return socket;
        } catch (error) {
          if (tries > 100) throw error;
          await sleep(20);
        }
      }
    }),
  );
}

/** A row that holds our switch's rate beside that of the C relay. */
export async function againstRelay(
  bench: Bench,
  wish: LoadWish,
  { least, mtu = 1500, ports = 2 }: { readonly least: number; readonly mtu?: number; readonly ports?: number },
): Promise<Measured> {
  const [ours, relay] = await compare(bench, [await startOurs(bench, ports, { network: { mtu } }), await startRelay(bench, ports)], wish);
  if (!ours || !relay) throw new Error("nothing was measured");
  return {
    ours: ours.frames,
    peer: relay.frames,
    holds: relay.rateRatio >= least && ours.lost + ours.gaps === 0,
    besides:
      `round by round ${times(relay.rateRatio)} the frames; processor time per ${wish.fans ? "delivery" : "frame"} ` +
      `${ours.cpuNs.toFixed(0)} ns, ${times(relay.cpuRatio)} the peer's; ${ours.lost + ours.gaps} lost`,
  };
}

/** A row that holds our switch beside itself without what is measured; the relay runs along, to show what the computer gave. */
export async function compareOurs(
  bench: Bench,
  mostSlower: number,
  {
    change,
    begin,
  }: {
    readonly change?: (port: PortPlan, n: number) => PortPlan;
    /** Begins what is measured; the answer is asked at the end for what it has to say beside the figures. */
    readonly begin?: (fabric: SwitchFabric) => () => string;
  },
): Promise<Measured> {
  const measured = await startOurs(bench, 2, change ? { change } : {});
  const said = begin?.(measured.fabric);
  const [ours, without, relay] = await compare(bench, [measured, await startOurs(bench, 2), await startRelay(bench, 2)], {
    size: 1500,
    batch: 1,
  });
  if (!ours || !without || !relay) throw new Error("nothing was measured");
  return {
    ours: ours.frames,
    peer: without.frames,
    holds: without.rateRatio >= 1 - mostSlower && ours.lost + ours.gaps === 0,
    besides:
      `round by round ${times(without.rateRatio)} the frames, ${times(without.cpuRatio)} the processor time per frame; ` +
      `beside the C relay ${times(relay.rateRatio)} and ${times(relay.cpuRatio)}; ${ours.lost + ours.gaps} lost${said ? `; ${said()}` : ""}`,
  };
}
