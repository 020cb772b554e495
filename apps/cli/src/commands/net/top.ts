// `mimic net top [NETWORK]`: what passes each port now.
import { formatSize } from "@mimic/base";
import type { NetworkView, PortCounters } from "@mimic/model";
import type { CommandSpec, Context } from "../../command.ts";
import { hasColour, printJson } from "../../io.ts";
import { type Cell, table } from "../../table.ts";

const EVERY_MS = 1000;

export const command: CommandSpec = {
  path: "net top",
  group: "Networks",
  summary: "Watch what passes each port",
  about: "On a terminal it goes on until Ctrl-C; elsewhere, and with --json, it measures for a second and ends.",
  args: [{ name: "network", about: "one network; all of them when left out", optional: true, completes: "network" }],
  options: [{ flags: "--once", about: "measure for a second and end" }],
  examples: [
    { line: "mimic net top", does: "the busiest ports first, measured each second" },
    { line: "mimic net top home --json", does: "one measurement, for programs" },
  ],
  run: async (context, given) => {
    const { io } = context;
    const goesOn = io.out.isTerminal && !given.json && !given.flag("once");
    const stop = new AbortController();
    using _ = goesOn ? io.onInterrupt(() => stop.abort()) : undefined;
    let before = await look(context, given.maybe("network"));
    for (;;) {
      await pause(EVERY_MS, stop.signal);
      if (stop.signal.aborted) return 0;
      const now = await look(context, given.maybe("network"));
      const rates = compare(before, now);
      if (given.json) printJson(io, { ports: rates });
      else io.out.write(`${goesOn ? "\u001b[H\u001b[2J" : ""}${show(context, rates)}\n`);
      if (!goesOn) return 0;
      before = now;
    }
  },
};

interface Sample {
  readonly atMs: number;
  readonly networks: readonly { readonly network: NetworkView; readonly ports: readonly PortCounters[] }[];
}
interface Rate {
  readonly network: string;
  readonly port: string;
  readonly inBytesPerSecond: number;
  readonly outBytesPerSecond: number;
  readonly framesPerSecond: number;
  readonly droppedPerSecond: number;
}

async function look({ client, io }: Context, wanted: string | undefined): Promise<Sample> {
  const networks = wanted === undefined ? (await client.networks.list({})).networks : [await client.networks.show({ network: wanted })];
  const sampled = await Promise.all(
    networks.map(async (network) => ({
      network,
      // One that is in trouble must not hide the others.
      ports: network.state === "up" ? (await client.networks.counters({ network: network.id })).ports : [],
    })),
  );
  return { atMs: io.nowMs(), networks: sampled };
}

const sum = (drops: PortCounters["drops"]): number => Object.values(drops).reduce((total, count) => total + count, 0);

function compare(before: Sample, now: Sample): Rate[] {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const old = new Map(before.networks.flatMap(({ ports }) => ports.map((port) => [port.port, port] as const)));
  return now.networks
    .flatMap(({ network, ports }) =>
      ports.map((port): Rate => {
        const was = old.get(port.port);
        const per = (count: number, earlier: number | undefined) => Math.max(0, count - (earlier ?? count)) / seconds;
        return {
          network: network.name,
          port: network.ports.find(({ id }) => id === port.port)?.label ?? port.port,
          inBytesPerSecond: per(port.received.bytes, was?.received.bytes),
          outBytesPerSecond: per(port.sent.bytes, was?.sent.bytes),
          framesPerSecond: per(port.received.frames + port.sent.frames, was && was.received.frames + was.sent.frames),
          droppedPerSecond: per(sum(port.drops), was && sum(was.drops)),
        };
      }),
    )
    .sort((a, b) => b.inBytesPerSecond + b.outBytesPerSecond - a.inBytesPerSecond - a.outBytesPerSecond);
}

function show({ io }: Context, rates: readonly Rate[]): string {
  const size = (bytes: number): Cell => ({ text: `${formatSize(Math.round(bytes))}/s`, tone: bytes > 0 ? undefined : "faint" });
  return table(
    ["PORT", "NETWORK", "FROM IT", "TO IT", "FRAMES", "DROPPED"],
    rates
      .slice(0, Math.max(5, (io.out.rows ?? 200) - 3))
      .map((rate) => [
        { text: rate.port, tone: "strong" },
        { text: rate.network },
        size(rate.inBytesPerSecond),
        size(rate.outBytesPerSecond),
        { text: `${Math.round(rate.framesPerSecond)}/s` },
        { text: `${Math.round(rate.droppedPerSecond)}/s`, tone: rate.droppedPerSecond > 0 ? "busy" : "faint" },
      ]),
    { colour: hasColour(io), columns: io.out.columns },
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
