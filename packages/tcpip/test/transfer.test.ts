import { IpAddress, type TcpClosing, type TcpConnection } from "@mimic/tcpip";
import { seededChance } from "@mimic/testkit";
import { serializeArp, serializeEthernet } from "@mimic/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openPair, type PairWish, Sink, sendAll } from "./pair.ts";

const bytesOf = (length: number, seed: number): Uint8Array => {
  const chance = seededChance(seed);
  return Uint8Array.from({ length }, () => chance() * 256);
};

const arpFrom = (mac: number[], ip: number[]): Uint8Array => {
  const body = serializeArp({
    operation: 1,
    senderMac: Uint8Array.from(mac),
    senderIp: Uint8Array.from(ip),
    targetMac: new Uint8Array(6),
    targetIp: Uint8Array.from([10, 0, 0, 1]),
  });
  return serializeEthernet({ destination: new Uint8Array(6).fill(0xff), source: Uint8Array.from(mac), etherType: 0x0806, payload: body });
};

interface Outcome {
  readonly toServer: Sink;
  readonly toClient: Sink;
  readonly closings: (TcpClosing | undefined)[];
  readonly pair: ReturnType<typeof openPair>;
}

/** Both sides send at once, end, and are waited for. */
function exchange(up: Uint8Array, down: Uint8Array, wish: PairWish & { version?: 4 | 6; forMs?: number } = {}): Outcome {
  const pair = openPair(wish);
  const toServer = new Sink();
  const toClient = new Sink();
  const closings: (TcpClosing | undefined)[] = [undefined, undefined];
  pair.b.endpoint.events.opening = (opening) => {
    const connection: TcpConnection = opening.accept({});
    connection.events = {
      readable: () => toServer.take(connection),
      closed: (why) => (closings[1] = why),
      ...sendAll(connection, down),
    };
  };
  const address = wish.version === 6 ? pair.b.v6 : pair.b.v4;
  const client = pair.a.endpoint.connect({ address, port: 80 }, {}) as TcpConnection;
  client.events = { readable: () => toClient.take(client), closed: (why) => (closings[0] = why), ...sendAll(client, up) };
  pair.scheduler.run(wish.forMs ?? 3_600_000, () => closings[0] !== undefined && closings[1] !== undefined);
  return { toServer, toClient, closings, pair };
}

function expectWhole(outcome: Outcome, up: Uint8Array, down: Uint8Array): void {
  expect(outcome.closings).toEqual(["done", "done"]);
  expect([outcome.toServer.length, outcome.toClient.length]).toEqual([up.length, down.length]);
  expect(Buffer.compare(outcome.toServer.bytes, up)).toBe(0);
  expect(Buffer.compare(outcome.toClient.bytes, down)).toBe(0);
  expect([outcome.toServer.hasEnded, outcome.toClient.hasEnded]).toEqual([true, true]);
}

describe("a connection", () => {
  test.each([4, 6] as const)("carries bytes both ways at once and ends (IPv%i)", (version) => {
    const up = bytesOf(300_001, 1);
    const down = bytesOf(2_000_003, 2);
    const outcome = exchange(up, down, { version, quality: { delayMs: 1 } });
    expectWhole(outcome, up, down);
    expect(outcome.pair.a.endpoint.tcp.counters.resent + outcome.pair.b.endpoint.tcp.counters.resent).toBe(0);
  });

  test("gives back all its memory when it is over", () => {
    const outcome = exchange(bytesOf(500_000, 1), bytesOf(500_000, 2), { quality: { delayMs: 5, loss: 0.02 } });
    const { a, b } = outcome.pair;
    expect([a.endpoint.memoryBytes, b.endpoint.memoryBytes]).toEqual([0, 0]);
    expect([a.endpoint.tcp.size.connections, b.endpoint.tcp.size.connections]).toEqual([0, 0]);
  });

  test("carries nothing and ends", () => {
    expectWhole(exchange(new Uint8Array(0), new Uint8Array(0)), new Uint8Array(0), new Uint8Array(0));
  });
});

test("what was kept of a frame is a copy, also when the frame was a Buffer", () => {
  const { a, scheduler } = openPair();
  const memory = Buffer.from(arpFrom([2, 0, 0, 0, 0, 9], [10, 0, 0, 9]));
  a.endpoint.input(memory);
  memory.fill(0xff);
  a.endpoint.flush();
  expect([...(a.endpoint.neighbours.known(IpAddress.of("10.0.0.9")) ?? [])]).toEqual([2, 0, 0, 0, 0, 9]);
  scheduler.run(1);
});

describe("a hostile wire", () => {
  const qualities: Readonly<Record<string, PairWish["quality"]>> = {
    "loses one in ten": { loss: 0.1, delayMs: 10 },
    "doubles one in ten": { duplication: 0.1, delayMs: 2, jitterMs: 5 },
    "corrupts one in twenty": { corruption: 0.05, delayMs: 2 },
    "reorders a third": { reordering: 0.33, delayMs: 5, jitterMs: 8 },
    "does all of it": { loss: 0.05, duplication: 0.05, corruption: 0.03, reordering: 0.2, delayMs: 10, jitterMs: 10 },
  };
  test.each(Object.entries(qualities))("that %s changes nothing that arrives", (_, quality) => {
    const up = bytesOf(400_000, 3);
    const down = bytesOf(400_000, 4);
    for (let seed = 1; seed <= 3; seed++) expectWhole(exchange(up, down, { quality, seed }), up, down);
  });

  test("changes nothing for any seed, size and MTU", () => {
    const wish = fc.record({
      seed: fc.nat({ max: 1e6 }),
      mtu: fc.constantFrom(576, 1280, 1500, 9000),
      version: fc.constantFrom(4 as const, 6 as const),
      quality: fc.record({
        loss: fc.double({ min: 0, max: 0.1, noNaN: true }),
        duplication: fc.double({ min: 0, max: 0.2, noNaN: true }),
        corruption: fc.double({ min: 0, max: 0.05, noNaN: true }),
        reordering: fc.double({ min: 0, max: 0.5, noNaN: true }),
        delayMs: fc.nat({ max: 100 }),
        jitterMs: fc.nat({ max: 50 }),
      }),
    });
    fc.assert(
      fc.property(wish, fc.nat({ max: 60_000 }), fc.nat({ max: 60_000 }), (given, upLength, downLength) => {
        const up = bytesOf(upLength, given.seed);
        const down = bytesOf(downLength, given.seed + 1);
        expectWhole(exchange(up, down, { ...given, mtu: given.version === 6 ? Math.max(1280, given.mtu) : given.mtu }), up, down);
      }),
      { numRuns: 60 },
    );
  });
});
