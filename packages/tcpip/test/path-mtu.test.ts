// A router on the way takes less than our link: its word makes segments smaller, and nobody else's does.
import type { TcpConnection } from "@mimic/tcpip";
import { IP_PROTOCOL, serializeIcmp } from "@mimic/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decidePathMtu } from "../src/tcp/path-mtu.ts";
import { openPair, type PairWish, Sink, sendAll } from "./pair.ts";
import { RawPeer } from "./raw-peer.ts";

describe("what a router says about a packet's size", () => {
  const full = { quotedLength: 1500, sequence: 0 };
  test.each([
    ["is kept to", { version: 4, mtu: 1500 }, { ...full, mtu: 1400 }, 1400],
    ["is kept to down to what IPv6 needs", { version: 6, mtu: 1500 }, { ...full, mtu: 600 }, 1280],
    ["cannot make packets absurdly small", { version: 4, mtu: 1500 }, { ...full, mtu: 68 }, 296],
    ["is guessed when it is not said", { version: 4, mtu: 1500 }, { ...full, mtu: 0 }, 1492],
    ["is never zero with IPv6", { version: 6, mtu: 1280 }, { ...full, quotedLength: 1280, mtu: 0 }, undefined],
    ["is not believed when the packet would have fitted", { version: 4, mtu: 1500 }, { ...full, quotedLength: 1000, mtu: 1400 }, undefined],
    ["is not believed of a packet that we never send", { version: 4, mtu: 1400 }, { ...full, mtu: 1300 }, undefined],
    ["never makes packets larger", { version: 4, mtu: 1400 }, { ...full, quotedLength: 1400, mtu: 1500 }, undefined],
  ] as const)("%s", (_, now, message, kept) => expect(decidePathMtu(now, message)).toBe(kept));

  test("only ever makes packets smaller, and never too small to carry anything", () => {
    const message = fc.record({ mtu: fc.nat(0xffff_ffff), quotedLength: fc.nat(0xffff), sequence: fc.integer() });
    fc.assert(
      fc.property(message, fc.constantFrom(4 as const, 6 as const), fc.integer({ min: 1280, max: 65_535 }), (said, version, mtu) => {
        const kept = decidePathMtu({ version, mtu }, said);
        if (kept !== undefined) {
          expect(kept).toBeLessThan(mtu);
          expect(kept).toBeGreaterThanOrEqual(version === 4 ? 296 : 1280);
        }
      }),
    );
  });
});

describe("a way that takes less than the link", () => {
  const SENT = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) ^ (i >> 8));

  function transfer(wish: PairWish & { version: 4 | 6 }): { sink: Sink; shrunk: number; atMs: number } {
    const pair = openPair({ ...wish, quality: { delayMs: 5 } });
    const sink = new Sink();
    pair.b.endpoint.events.opening = (opening) => {
      const connection: TcpConnection = opening.accept({});
      connection.events = { readable: () => sink.take(connection) };
    };
    const client = pair.a.endpoint.connect({ address: wish.version === 6 ? pair.b.v6 : pair.b.v4, port: 80 }, {}) as TcpConnection;
    client.events = sendAll(client, SENT);
    pair.scheduler.run(60_000, () => sink.hasEnded);
    return { sink, shrunk: pair.a.endpoint.tcp.counters.pathShrunk, atMs: pair.scheduler.monotonicMs() };
  }

  test.each([
    ["IPv4", 4, 1400, undefined],
    ["IPv4, much less", 4, 576, undefined],
    ["IPv4, by a router that does not say how much", 4, 1300, 0],
    ["IPv6", 6, 1280, undefined],
  ] as const)("is found, and all arrives whole (%s)", (_, version, mtu, says) => {
    const { sink, shrunk, atMs } = transfer({ version, narrow: { mtu, tells: true, ...(says !== undefined && { says }) } });
    expect(shrunk).toBeGreaterThan(0);
    expect(Buffer.compare(sink.bytes, SENT)).toBe(0);
    expect(sink.hasEnded).toBe(true);
    // By the messages, not by running into timeouts.
    expect(atMs).toBeLessThan(1500);
  });

  test("without the router's word nothing but the small end arrives: the control", () => {
    const { sink, shrunk } = transfer({ version: 4, narrow: { mtu: 1400, tells: false } });
    expect([sink.length, shrunk, sink.hasEnded]).toEqual([0, 0, false]);
  });
});

test("a message about a segment that is not on its way is somebody's guess, and changes nothing", () => {
  const peer = new RawPeer();
  let connection: TcpConnection | undefined;
  peer.endpoint.events.opening = (opening) => (connection = opening.accept({}));
  const at = peer.open();
  connection?.write(new Uint8Array(1460));
  peer.endpoint.flush();
  const [whole] = peer.packets();
  if (whole === undefined) throw new Error("nothing was sent");
  const say = (change: (quoted: Uint8Array) => void): number => {
    const quoted = packetOf(at);
    change(quoted);
    peer.packet(IP_PROTOCOL.icmp, serializeIcmp({ type: 3, code: 4, rest: 1000, body: quoted }));
    return peer.endpoint.tcp.counters.pathShrunk;
  };
  const shift = (by: number) => (quoted: Uint8Array) => new DataView(quoted.buffer).setUint32(24, (at + by) >>> 0);
  expect(say(shift(-1))).toBe(0);
  expect(say(shift(1460))).toBe(0);
  expect(say(shift(1 << 30))).toBe(0);
  expect(say((quoted) => (quoted[21] = 0x50 ^ 1))).toBe(0);
  expect(say((quoted) => (quoted[9] = 17))).toBe(0);
  expect(peer.segments()).toEqual([]);
  expect(say(() => {})).toBe(1);
  expect(peer.segments().map(({ payload }) => payload.length)).toEqual([960, 500]);
});

/** The beginning of what the endpoint sent, as a router quotes it. */
function packetOf(sequence: number): Uint8Array {
  const quoted = new Uint8Array(28);
  quoted.set([0x45, 0, 1500 >> 8, 1500 & 0xff, 0, 0, 0x40, 0, 64, IP_PROTOCOL.tcp, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9]);
  const view = new DataView(quoted.buffer);
  view.setUint16(20, 80);
  view.setUint16(22, 1000);
  view.setUint32(24, sequence);
  return quoted;
}
