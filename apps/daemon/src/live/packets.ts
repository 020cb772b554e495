// The live packet list: the capture's own bytes, read and decoded here, and told in batches. Who reads too slowly is told
// how many frames were missed; what waits is bounded by the capture, which counts what it had no room for.
import type { LivePacket, PacketLayer } from "@mimic/api/live";
import { orThrow, plain } from "@mimic/base";
import { type CapturedInterface, type CapturedPacket, CaptureReader } from "@mimic/network";
import { decodeFrame } from "@mimic/wire";
import { DoorError } from "../http/problem.ts";
import type { LiveCall } from "./live-call.ts";

const EVERY_MS = 200;
/** Of a batch; more a second than anybody reads. */
const BATCH = 500;
/** Frames whose bytes can still be asked for. */
const KEPT = 2000;
/** Bytes kept of each: the headers and a little more. */
const SNAP = 2048;

export async function openPackets({ viewer, name, query, workbench }: LiveCall): Promise<void> {
  const kept = new Map<number, Uint8Array>();
  viewer.hear({
    binary() {},
    text(message) {
      const frame = typeof message?.bytes === "number" ? kept.get(message.bytes) : undefined;
      if (message?.bytes === undefined) return;
      if (frame === undefined) viewer.tell({ gone: message.bytes });
      else viewer.tell({ bytes: { seq: message.bytes, base64: Buffer.from(frame).toString("base64"), layers: layersOf(frame) } });
    },
  });
  const vlan = query.vlan === undefined ? undefined : Number(query.vlan);
  if (vlan !== undefined && !Number.isInteger(vlan))
    throw new DoorError(400, "input.invalid", "“vlan” is a VLAN's number.", "Give a number from 1 to 4094.");
  const request = { network: name, port: query.port, vlan, filter: query.filter, snapLength: SNAP, withDrops: query.drops === "1" };
  const capture = orThrow(await workbench.networks.capture(request, { signal: viewer.gone }));
  const list = new PacketList(kept);
  const tick = setInterval(() => {
    const batch = list.take();
    if (batch.missed > 0) viewer.tell({ missed: batch.missed });
    if (batch.packets.length > 0) viewer.tell({ packets: batch.packets });
  }, EVERY_MS);
  viewer.gone.addEventListener("abort", () => clearInterval(tick), { once: true });
  viewer.tell({ live: true });
  try {
    for await (const bytes of capture) {
      list.add(bytes);
      // A page that does not keep up holds the capture back, and that counts what is lost meanwhile.
      if (viewer.full) await viewer.untilLow();
    }
  } catch (error) {
    if (!viewer.gone.aborted) throw error;
  } finally {
    clearInterval(tick);
  }
}

/** Turns capture bytes into rows, and keeps the last frames. */
export class PacketList {
  readonly #reader = new CaptureReader();
  readonly #kept: Map<number, Uint8Array>;
  readonly #ports = new Map<number, string>();
  #packets: LivePacket[] = [];
  #missed = 0;
  #seq = 0;

  constructor(kept: Map<number, Uint8Array>) {
    this.#kept = kept;
  }

  add(bytes: Uint8Array): void {
    for (const item of this.#reader.push(bytes)) {
      if (item.kind === "interface") this.#ports.set(item.id, portOf(item));
      if (item.kind !== "packet") continue;
      this.#missed += item.lost;
      if (this.#packets.length >= BATCH) {
        this.#missed++;
        continue;
      }
      const row = this.#rowOf(item);
      this.#packets.push(row);
      this.#kept.set(row.seq, item.frame.slice());
      if (this.#kept.size > KEPT) this.#kept.delete(row.seq - KEPT);
    }
  }

  take(): { readonly packets: readonly LivePacket[]; readonly missed: number } {
    const taken = { packets: this.#packets, missed: this.#missed };
    this.#packets = [];
    this.#missed = 0;
    return taken;
  }

  #rowOf({ interfaceId, atNs, frame, originalLength, direction, comments }: CapturedPacket): LivePacket {
    const { source, destination, sourcePort, destinationPort, protocol, info } = decodeFrame(frame);
    const [why] = comments;
    return {
      seq: ++this.#seq,
      atMs: Number(atNs / 1000n) / 1000,
      port: this.#ports.get(interfaceId) ?? "?",
      direction: direction === "outbound" ? "out" : "in",
      length: originalLength,
      from: endOf(source, sourcePort),
      to: endOf(destination, destinationPort),
      protocol,
      words: info,
      ...(why !== undefined && { dropped: plain(why, 300) }),
    };
  }
}

/** The switch writes a port's id as the description of its interface, and its name for people as the name. */
const portOf = ({ id, name, description }: CapturedInterface): string => plain(description ?? name ?? String(id), 100);

const endOf = (address: string, port: number | undefined): string =>
  port === undefined ? address : address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

const layersOf = (frame: Uint8Array): PacketLayer[] =>
  decodeFrame(frame).layers.map(({ name, at, length, fields, problem }) => ({
    name,
    from: at,
    to: at + length,
    fields: fields.map((field) => ({ name: field.name, value: field.value, from: field.at, to: field.at + field.length })),
    ...(problem !== undefined && { problem }),
  }));
