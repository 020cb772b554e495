// Much data over bad wires between our endpoint and Linux's TCP: opened by either, sent by either, over IPv4 and IPv6, all at
// once. What arrives is what was sent, to the byte, in the time that such a wire takes.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IpAddress } from "@mimic/tcpip";
import { TcpDuplex } from "@mimic/tcpip/node";
import type { WireQuality } from "@mimic/testkit";
import { whyNoNamespaces } from "@mimic/testkit/node";
import { afterAll, describe, expect, test } from "vitest";
import { type BadWire, LINUX, openBadWire } from "./bad-wire.ts";
import { BOX } from "./nat-box.ts";

const why = await whyNoNamespaces();
const folder = mkdtempSync(join(tmpdir(), "mimic-bulk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Wire {
  readonly quality: WireQuality;
  /** Carried by all transfers together; MIMIC_TEST_GIGABYTES says another amount for every wire. */
  readonly megabytes: number;
  /** Megabytes in a second by all together, on a computer that has other work too (CUBIC at both ends). */
  readonly rate: number;
}

const WIRES: Readonly<Record<string, Wire>> = {
  "is almost clean": { quality: { loss: 0.000_05 }, megabytes: 1000, rate: 80 },
  "loses, doubles and reorders": {
    quality: { loss: 0.01, duplication: 0.02, reordering: 0.05, delayMs: 1, jitterMs: 3 },
    megabytes: 100,
    rate: 14,
  },
  "corrupts one in fifty": { quality: { corruption: 0.02, delayMs: 1 }, megabytes: 100, rate: 11 },
  "is long": { quality: { loss: 0.000_2, delayMs: 60 }, megabytes: 100, rate: 8 },
};

/** MIMIC_TEST_GIGABYTES=2 for a long run, which also says how fast each transfer was. */
const GIGABYTES = process.env["MIMIC_TEST_GIGABYTES"];
const megabytesOf = ({ megabytes }: Wire): number => (GIGABYTES === undefined ? megabytes : Number(GIGABYTES) * 1000);
/** Ten times what it should take: slower is a fault, and a busy computer is none. */
const timeoutMsOf = (wire: Wire): number => Math.round(30_000 + (10_000 * megabytesOf(wire)) / wire.rate);

interface Transfer {
  readonly opener: "Linux" | "endpoint";
  readonly sender: "Linux" | "endpoint";
  readonly version: 4 | 6;
}

const SIDES = ["Linux", "endpoint"] as const;
const TRANSFERS: readonly Transfer[] = SIDES.flatMap((opener) =>
  SIDES.flatMap((sender) => ([4, 6] as const).map((version) => ({ opener, sender, version }))),
);
const nameOf = ({ opener, sender, version }: Transfer): string => `opened by ${opener}, sent by ${sender}, IPv${version}`;

/** Sent again and again; its length fits no segment. */
const PIECE = randomBytes(1_000_003);
const pieceFile = join(folder, "piece");
writeFileSync(pieceFile, PIECE);

function digestOf(pieces: number): string {
  const hash = createHash("sha256");
  for (let i = 0; i < pieces; i++) hash.update(PIECE);
  return hash.digest("hex");
}

/** Not `for await`: that destroys the stream at its end, and the reset that says so may be lost on such a wire. */
async function digestOfAll(duplex: TcpDuplex): Promise<string> {
  const hash = createHash("sha256");
  duplex.on("data", (part: Buffer) => hash.update(part));
  await once(duplex, "end");
  duplex.end();
  return hash.digest("hex");
}

async function send(duplex: TcpDuplex, pieces: number): Promise<void> {
  for (let i = 0; i < pieces; i++) if (!duplex.write(PIECE)) await once(duplex, "drain");
  duplex.end();
}

/** What Linux runs: netcat, that listens or dials, at a pipe. It says the digest of what it got. */
function netcat({ opener, sender, version }: Transfer, port: number, pieces: number): string {
  const ends = opener === "Linux" ? `${version === 4 ? BOX.v4 : BOX.v6} ${port}` : `-${version} -l ${port}`;
  return sender === "Linux"
    ? `for i in $(seq ${pieces}); do cat ${pieceFile}; done | nc -N ${ends}`
    : `nc -d ${ends} | sha256sum | cut -d' ' -f1`;
}

/** Connections of a place, by the port that Linux dials or listens at. */
class Connections {
  readonly #place: BadWire;
  readonly #expected = new Map<number, (duplex: TcpDuplex) => void>();

  constructor(place: BadWire) {
    this.#place = place;
    place.endpoint.events.opening = (opening) => {
      const take = this.#expected.get(opening.localPort);
      if (take) take(new TcpDuplex(opening.accept({}), { allowHalfOpen: true }));
      else opening.refuse("refused");
    };
  }

  /** Answers the digest of what came; undefined when Linux has it. */
  async carry({ opener, sender, version }: Transfer, port: number, pieces: number): Promise<string | undefined> {
    const duplex = await (opener === "Linux" ? this.#accepted(port) : this.#dialled(port, version));
    if (sender === "Linux") return digestOfAll(duplex);
    await send(duplex, pieces);
    return undefined;
  }

  #accepted(port: number): Promise<TcpDuplex> {
    return new Promise((resolve) => this.#expected.set(port, resolve));
  }

  async #dialled(port: number, version: 4 | 6): Promise<TcpDuplex> {
    const { endpoint, guest } = this.#place;
    await guest.must("sh", ["-c", `for i in $(seq 400); do ss -ltn | grep -q ":${port} " && exit; sleep 0.05; done; exit 1`]);
    const connection = endpoint.connect({ address: IpAddress.of(version === 4 ? LINUX.v4 : LINUX.v6), port }, {});
    if (!connection) throw new Error("no connection");
    return new TcpDuplex(connection, { allowHalfOpen: true });
  }
}

describe.skipIf(why)(`with Linux at the other end${why ? ` (${why})` : ""}`, () => {
  for (const [name, wire] of Object.entries(WIRES)) {
    const [megabytes, timeoutMs] = [megabytesOf(wire), timeoutMsOf(wire)];
    test(
      `a wire that ${name} changes nothing of ${megabytes} MB, whoever opens, sends, and over which IP`,
      async () => {
        await using place = await openBadWire(join(folder, `${Object.keys(WIRES).indexOf(name)}`), wire.quality);
        const carried = await carryAll(place, { pieces: Math.ceil(megabytes / TRANSFERS.length), timeoutMs });
        if (GIGABYTES !== undefined) process.stdout.write(`A wire that ${name}:\n${carried.map(({ text }) => `  ${text}\n`).join("")}`);
        expect(carried.map(({ transfer, arrived }) => [nameOf(transfer), arrived])).toEqual(
          carried.map(({ transfer, sent }) => [nameOf(transfer), sent]),
        );
        expectAsBadAsSaid(place, wire.quality);
      },
      timeoutMs,
    );
  }
});

interface Carried {
  readonly transfer: Transfer;
  /** Digests. */
  readonly sent: string;
  readonly arrived: string;
  readonly text: string;
}

function carryAll(place: BadWire, { pieces, timeoutMs }: { readonly pieces: number; readonly timeoutMs: number }): Promise<Carried[]> {
  const connections = new Connections(place);
  const sent = digestOf(pieces);
  return Promise.all(
    TRANSFERS.map(async (transfer, index) => {
      const port = 5000 + index;
      const beganMs = performance.now();
      const [said, digest] = await Promise.all([
        place.guest.must("sh", ["-c", netcat(transfer, port, pieces)], { timeoutMs }),
        connections.carry(transfer, port, pieces),
      ]);
      const seconds = (performance.now() - beganMs) / 1000;
      const text = `${nameOf(transfer)}: ${pieces} MB in ${seconds.toFixed(1)} s, ${(pieces / seconds).toFixed(1)} MB/s`;
      return { transfer, sent, arrived: digest ?? said.trim(), text };
    }),
  );
}

function expectAsBadAsSaid({ wires }: BadWire, { loss = 0, corruption = 0, duplication = 0, reordering = 0 }: WireQuality): void {
  for (const { counts } of wires) {
    const least = (share: number): number => Math.floor((share * counts.frames) / 4);
    expect(counts.lost).toBeGreaterThanOrEqual(least(loss));
    expect(counts.corrupted).toBeGreaterThanOrEqual(least(corruption));
    expect(counts.doubled).toBeGreaterThanOrEqual(least(duplication));
    expect(counts.reordered).toBeGreaterThanOrEqual(least(reordering));
  }
}
