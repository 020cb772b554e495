// A bad wire between our endpoint and Linux's: everything arrives unchanged, both ways, over IPv4 and IPv6. And Linux's tools
// for looking at hosts see a host.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Endpoint, IpAddress } from "@mimic/tcpip";
import { nodeScheduler, TcpDuplex } from "@mimic/tcpip/node";
import { HostileWire, type WireQuality } from "@mimic/testkit";
import { type FrameServer, type NamespaceGuest, openNamespaceGuest, serveFrames, whyNoNamespaces } from "@mimic/testkit/node";
import { afterAll, describe, expect, test } from "vitest";
import { BOX, GUEST } from "./nat-box.ts";

const why = await whyNoNamespaces();
const folder = mkdtempSync(join(tmpdir(), "mimic-hw-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** MIMIC_TEST_GIGABYTES=4 for a long run. */
const BYTES = Math.round(Number(process.env["MIMIC_TEST_GIGABYTES"] ?? 0.008) * 1e9);
const big = randomBytes(Math.min(BYTES, 64 << 20));
const repeats = Math.max(1, Math.round(BYTES / big.length));
const bigDigest = ((hash) => {
  for (let i = 0; i < repeats; i++) hash.update(big);
  return hash.digest("hex");
})(createHash("sha256"));

interface Place extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly guest: NamespaceGuest;
  readonly wires: readonly HostileWire[];
}

async function open(name: string, quality: WireQuality): Promise<Place> {
  await using scope = new AsyncDisposableStack();
  const path = join(folder, name);
  let frames: FrameServer | undefined;
  const runOf = (some: readonly Uint8Array[]): Uint8Array => Buffer.concat(some.flatMap((frame) => [lengthOf(frame), frame]));
  const toGuest = new HostileWire({ quality, seed: 11, scheduler: nodeScheduler }, (some) => void frames?.transmit(runOf(some)));
  const toUs: HostileWire = new HostileWire({ quality, seed: 12, scheduler: nodeScheduler }, (some) => {
    for (const frame of some) endpoint.input(frame);
    endpoint.flush();
  });
  const endpoint: Endpoint = new Endpoint({
    mac: Uint8Array.from(BOX.mac.split(":"), (part) => Number.parseInt(part, 16)),
    addresses: [
      { address: IpAddress.of(BOX.v4), prefixLength: 24 },
      { address: IpAddress.of(BOX.v6), prefixLength: 64 },
    ],
    answersFor: "own",
    scheduler: nodeScheduler,
    random: { bytes: (count) => randomBytes(count) },
    transmit: (run) => {
      toGuest.sendRun(run);
      return true;
    },
  });
  scope.defer(() => endpoint.close());
  frames = scope.use(await serveFrames(path, { input: (bytes, at, end) => toUs.send(bytes.subarray(at, end)), flush: () => {} }));
  const guest = scope.use(await openNamespaceGuest({ dial: path, ...GUEST }));
  // ARP has no checksum: a corrupted answer would be believed.
  await guest.must("ip", ["neigh", "replace", BOX.v4, "lladdr", BOX.mac, "dev", "eth0", "nud", "permanent"]);
  await guest.must("ip", ["-6", "neigh", "replace", BOX.v6, "lladdr", BOX.mac, "dev", "eth0", "nud", "permanent"]);
  const owned = scope.move();
  return { endpoint, guest, wires: [toGuest, toUs], [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function lengthOf(frame: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(frame.length);
  return head;
}

describe.skipIf(why)(`with Linux at the other end${why ? ` (${why})` : ""}`, () => {
  const qualities: Readonly<Record<string, WireQuality>> = {
    "loses, doubles and reorders": { loss: 0.01, duplication: 0.02, reordering: 0.05, delayMs: 1, jitterMs: 3 },
    "corrupts one in fifty": { corruption: 0.02, delayMs: 1 },
  };
  test.each(Object.entries(qualities))("a wire that %s changes nothing that arrives, in either direction", async (name, quality) => {
    await using place = await open(name.slice(0, 5), quality);
    const { endpoint, guest } = place;
    const { promise: uploaded, resolve } = Promise.withResolvers<string>();
    endpoint.events.opening = (opening) => {
      const duplex = new TcpDuplex(opening.accept({}), { allowHalfOpen: true });
      duplex.on("error", () => {});
      if (opening.localPort === 7) {
        const hash = createHash("sha256");
        duplex
          .on("data", (part: Buffer) => hash.update(part))
          .on("end", () => {
            resolve(hash.digest("hex"));
            duplex.end();
          });
      } else {
        void (async () => {
          for (let i = 0; i < repeats; i++) if (!duplex.write(big)) await new Promise((go) => duplex.once("drain", go));
          duplex.end();
        })();
      }
    };
    const down = await guest.must("sh", ["-c", `nc -d ${BOX.v4} 8 | sha256sum`], { timeoutMs: 600_000 });
    expect(down.split(" ")[0]).toBe(bigDigest);
    const times = `for i in $(seq ${repeats}); do cat "$0"; done`;
    const input = join(folder, "big");
    (await import("node:fs")).writeFileSync(input, big);
    await guest.must("sh", ["-c", `(${times}) | nc -N ${BOX.v6} 7`, input], { timeoutMs: 600_000 });
    expect(await uploaded).toBe(bigDigest);
    // The wire was as bad as it was said to be.
    expect(place.wires.every(({ counts }) => counts.lost + counts.corrupted + counts.doubled > 0)).toBe(true);
  });

  test("connects to Linux's servers, and hears when nobody is there", async () => {
    await using place = await open("calls", { delayMs: 1, loss: 0.02 });
    const { endpoint, guest } = place;
    guest.start("sh", ["-c", `echo "hello from Linux" | nc -l -N 5000`], { stdio: "ignore" });
    await guest.must("sh", ["-c", "for i in $(seq 100); do ss -ltn | grep -q :5000 && exit; sleep 0.05; done; exit 1"]);
    const dial = (port: number): TcpDuplex => {
      const connection = endpoint.connect({ address: IpAddress.of("10.0.2.15"), port }, {});
      if (!connection) throw new Error("no connection");
      return new TcpDuplex(connection);
    };
    let said = "";
    for await (const part of dial(5000)) said += part;
    expect(said).toBe("hello from Linux\n");
    const refused = await new Promise<NodeJS.ErrnoException>((resolve) => dial(5001).on("error", resolve));
    expect(refused.code).toBe("ECONNREFUSED");
  });

  test("nmap finds what is open and what is closed, whatever flags it tries", async () => {
    await using place = await open("nmap", {});
    place.endpoint.events.opening = (opening) => {
      if (opening.localPort === 80) opening.accept({});
      else opening.refuse("refused");
    };
    place.endpoint.events.udp = ({ destinationPort }) => destinationPort === 53;
    const scan = (how: string, ports = "79-81"): Promise<string> =>
      place.guest.must("nmap", ["-n", "-Pn", "--max-retries", "2", "-p", ports, how, BOX.v4]);
    for (const how of ["-sS", "-sT"]) {
      const said = await scan(how);
      expect(said).toMatch(/80\/tcp\s+open/);
      expect(said).toMatch(/79\/tcp\s+closed/);
    }
    // Neither FIN nor nothing nor everything gets more out of it than the specification says (RFC 9293 §3.10.7.1).
    for (const how of ["-sF", "-sN", "-sX"]) expect(await scan(how)).toMatch(/closed/);
    expect(await scan("-sU", "53,54")).toMatch(/54\/udp\s+closed/);
  });
});
