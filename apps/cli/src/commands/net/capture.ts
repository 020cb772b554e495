// `mimic net capture NETWORK`: frames as pcap-ng into a file or a pipe, or as a list on the terminal.
import type { LivePacket } from "@mimic/api/live";
import { liveRoutes, rawRoutes } from "@mimic/api/routes";
import { plain } from "@mimic/base";
import { NETWORK, readCount, readSize } from "../../arguments.ts";
import { blocksWithin, WholeBlocks } from "../../capture/whole-blocks.ts";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { harmlessText } from "../../harmless-text.ts";
import { aside, line, printJson } from "../../io.ts";
import { openLive } from "../../live-socket.ts";
import { readVlan } from "../../net-options.ts";
import { rawRequest } from "../../raw-http.ts";
import { UsageError } from "../../say.ts";
import { cut } from "../../table.ts";

export const command: CommandSpec = {
  path: "net capture",
  group: "Networks",
  summary: "Record what passes a network",
  about:
    "Until Ctrl-C. Without --write each frame is a line on the terminal. Filters are written as in tcpdump: “tcp port 80 and host 10.77.0.10”.",
  args: [NETWORK],
  options: [
    { flags: "-w, --write <file>", about: "as pcap-ng into a file; - for standard output", completes: "file" },
    { flags: "--port <port>", about: "only this port: the machine there, or its own name", completes: "machine" },
    { flags: "--vlan <vlan>", about: "only this VLAN", completes: "nothing" },
    { flags: "--filter <filter>", about: "only frames that fit", completes: "nothing" },
    { flags: "--snap <bytes>", about: "keep only so much of each frame", completes: ["96", "256"] },
    { flags: "--drops", about: "dropped frames too, each with the reason" },
    { flags: "--limit <size>", about: "with --write: end when the file is this large", completes: ["10M", "100M"] },
    {
      flags: "--ring <files>",
      about: "with --write and --limit: begin another file instead, and keep only the newest so many (lab-00001.pcapng …)",
      completes: ["2", "5"],
    },
    { flags: "--count <frames>", about: "on the terminal: end after so many", completes: "nothing" },
  ],
  examples: [
    { line: "mimic net capture home", does: "a line per frame" },
    { line: "mimic net capture home -w - | wireshark -k -i -", does: "live in Wireshark" },
    { line: "mimic net capture home --port hello --filter 'udp port 53' -w dns.pcapng", does: "what “hello” asks the DNS, into a file" },
    { line: "mimic net capture home -w lab.pcapng --limit 10M --ring 5", does: "for days: the last 50 MB, in five files" },
  ],
  run: async (context, given) => {
    const file = given.text("write");
    if (file === undefined) return await showLive(context, given);
    return await record(context, given, file);
  },
};

function wishOf(given: Given): Record<string, string> {
  const [port, vlan, filter] = [given.text("port"), given.text("vlan"), given.text("filter")];
  return {
    ...(port !== undefined && { port }),
    ...(vlan !== undefined && { vlan: String(readVlan("--vlan", vlan)) }),
    ...(filter !== undefined && { filter }),
    ...(given.flag("drops") && { drops: "1" }),
  };
}

async function record({ io, door }: Context, given: Given, file: string): Promise<number> {
  const [snap, limit] = [given.text("snap"), given.text("limit")];
  const ring = given.text("ring");
  if (ring !== undefined && (limit === undefined || file === "-"))
    throw new UsageError("cli.usage", "A ring is made of files of a certain size.", {
      hint: "For example: --write lab.pcapng --limit 10M --ring 5",
    });
  const most = limit === undefined ? Number.POSITIVE_INFINITY : readSize("--limit", limit);
  const stop = new AbortController();
  using _ = io.onInterrupt(() => stop.abort());
  const query = { ...wishOf(given), ...(snap !== undefined && { snapLength: String(readCount("--snap", snap)) }) };
  const response = await rawRequest(door, { route: rawRoutes.capture, of: { network: given.arg("network") }, query, signal: stop.signal });
  const { openCaptureFiles } = await import("../../capture/capture-files.ts");
  const files = { maxFileBytes: limit === undefined ? 0 : most, maxFiles: ring === undefined ? 1 : readCount("--ring", ring) };
  await using to = file === "-" ? undefined : openCaptureFiles(file, files);
  if (to && io.err.isTerminal) aside(io, `Recording into ${file}. Ctrl-C ends it.`, "faint");
  let size = 0;
  const blocks = new WholeBlocks();
  try {
    for await (const bytes of response as AsyncIterable<Buffer>) {
      const whole = blocks.push(bytes);
      const fits = to ? whole : blocksWithin(whole, most - size);
      size += fits.length;
      if (to && !(await to.write(fits))) break;
      if (!to) await io.out.writeBytes(fits);
      if (fits.length < whole.length) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  response.destroy();
  if (to && given.json) printJson(io, { files: to.paths, bytes: size });
  return 0;
}

async function showLive(context: Context, given: Given): Promise<number> {
  const { io, door } = context;
  const count = given.text("count");
  let left = count === undefined ? Number.POSITIVE_INFINITY : readCount("--count", count);
  await door.ensure();
  const over = Promise.withResolvers<void>();
  using _ = io.onInterrupt(() => over.resolve());
  await using live = await openLive(
    { socket: door.socket, route: liveRoutes.packets, of: { network: given.arg("network") }, query: wishOf(given) },
    {
      onBytes() {},
      onText(message) {
        for (const packet of (message.packets ?? []) as LivePacket[]) {
          if (left-- <= 0) return over.resolve();
          if (given.json) printJson(io, packet);
          else line(io, rowOf(packet, io.out.columns), packet.dropped === undefined ? undefined : "busy");
        }
        if (left <= 0) over.resolve();
        if (typeof message.missed === "number") aside(io, `… ${message.missed} frames were missed`, "faint");
      },
    },
  );
  await Promise.race([over.promise, live.closed]);
  return 0;
}

function rowOf(packet: LivePacket, columns: number | undefined): string {
  const time = new Date(packet.atMs).toISOString().slice(11, 23);
  const why = packet.dropped === undefined ? "" : `  ✗ ${packet.dropped}`;
  const text = plain(harmlessText(`${time}  ${packet.from} → ${packet.to}  ${packet.protocol}  ${packet.words}${why}`), 1000);
  return columns === undefined ? text : cut(text, columns);
}
