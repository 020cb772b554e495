import type { TcpConnection } from "@mimic/tcpip";
import { seededChance } from "@mimic/testkit";
import { IP_PROTOCOL, serializeIcmp, serializeIpv4Packet, serializeTcp, serializeUdp } from "@mimic/wire";
import { describe, expect, test } from "vitest";
import { openPair, Sink, sendAll } from "./pair.ts";
import { opened, RawPeer } from "./raw-peer.ts";

const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];

describe("against blind attacks (RFC 5961)", () => {
  test("a reset in the window is questioned, one exactly at its beginning is believed", () => {
    const { peer, closings, at } = opened();
    peer.send({ flags: RST, sequence: 100 });
    expect(peer.segments()).toMatchObject([{ flags: ACK, sequence: at, acknowledgement: 1 }]);
    expect(closings).toEqual([]);
    peer.send({ flags: RST, sequence: 4_000_000_000 });
    expect(peer.segments()).toEqual([]);
    expect(closings).toEqual([]);
    peer.send({ flags: RST, sequence: 1 });
    expect(closings).toEqual(["reset"]);
  });

  test("a SYN in an open connection is questioned", () => {
    const { peer, closings, at } = opened();
    peer.send({ flags: SYN, sequence: 50 });
    expect(peer.segments()).toMatchObject([{ flags: ACK, sequence: at, acknowledgement: 1 }]);
    expect(closings).toEqual([]);
  });

  test("data whose acknowledgement cannot be is not taken", () => {
    const { peer, sink, at } = opened();
    for (const acknowledgement of [at + 5, at - 1_000_000]) {
      peer.send({ sequence: 1, acknowledgement, payload: new Uint8Array([1]) });
      expect(peer.segments()).toMatchObject([{ flags: ACK, acknowledgement: 1 }]);
    }
    expect(sink.length).toBe(0);
    peer.send({ sequence: 1, acknowledgement: at, payload: new Uint8Array([1]) });
    expect(sink.length).toBe(1);
  });

  test("questions are not asked without end", () => {
    const { peer } = opened();
    for (let i = 0; i < 1000; i++) peer.send({ flags: RST, sequence: 100 });
    expect(peer.segments().length).toBeLessThanOrEqual(10);
  });

  test("an old time stamp is not taken (PAWS, RFC 7323 §5)", () => {
    const { peer, sink, at } = opened({ mss: 1460, timestamps: { value: 1000, echo: 0 } });
    const send = (value: number, sequence: number): void =>
      peer.send({ sequence, acknowledgement: at, payload: new Uint8Array([1]), options: { timestamps: { value, echo: 0 } } });
    send(1001, 1);
    send(500, 2);
    expect(sink.length).toBe(1);
    send(1002, 2);
    expect(sink.length).toBe(2);
  });
});

describe("a flood of SYNs", () => {
  const flood = (peer: RawPeer, count: number): void => {
    for (let i = 0; i < count; i++) {
      peer.send({ flags: SYN, sourcePort: 1 + (i % 60_000), sequence: i }, new Uint8Array([10, 0, 1 + (i >> 14), i & 0xff]));
    }
  };

  test("leaves room for those who mean it, and costs bounded memory", () => {
    const peer = new RawPeer();
    let accepted = 0;
    peer.endpoint.events.opening = (opening) => opening.accept({ opened: () => accepted++ });
    flood(peer, 4000);
    expect(peer.endpoint.tcp.size.halfOpen).toBeLessThanOrEqual(1024);
    expect(peer.endpoint.tcp.size.connections).toBeLessThanOrEqual(1024);
    expect(peer.endpoint.memoryBytes).toBe(0);
    peer.open();
    expect(accepted).toBe(1);
    // What nobody finishes goes by itself.
    peer.scheduler.run(200_000);
    expect(peer.endpoint.tcp.size.connections).toBe(1);
  });

  test("whose wishes wait for somebody else takes at most a quarter of the places", () => {
    const peer = new RawPeer();
    peer.endpoint.events.opening = () => {};
    flood(peer, 5000);
    expect(peer.endpoint.tcp.size.openings).toBe(512);
    expect(peer.endpoint.tcp.counters.synDropped).toBe(5000 - 512);
    peer.scheduler.run(200_000);
    expect(peer.endpoint.tcp.size.openings).toBe(0);
  });
});

describe("a peer that is strange", () => {
  test("shuts its window: it is probed, and the rest goes when it opens", () => {
    const { peer, connection, at } = opened();
    peer.send({ sequence: 1, acknowledgement: at, window: 0 });
    peer.segments();
    connection.write(new Uint8Array(5000));
    peer.scheduler.run(1);
    expect(peer.segments()).toEqual([]);
    peer.scheduler.run(5000);
    const probes = peer.segments();
    expect(probes.length).toBeGreaterThan(1);
    expect(probes.every(({ payload, sequence }) => payload.length === 0 && sequence === (at - 1) >>> 0)).toBe(true);
    peer.send({ sequence: 1, acknowledgement: at, window: 10_000 });
    expect(peer.segments().reduce((sum, { payload }) => sum + payload.length, 0)).toBe(5000);
  });

  test("says nothing any more: what was sent comes again, ever more slowly, and then the owner is told", () => {
    const { peer, connection, closings } = opened();
    connection.write(new Uint8Array(100));
    peer.scheduler.run(3000);
    expect(peer.segments().filter(({ payload }) => payload.length === 100).length).toBeGreaterThan(2);
    peer.scheduler.run(300_000);
    expect(closings).toEqual(["timeout"]);
    expect(peer.endpoint.memoryBytes).toBe(0);
  });

  test("is asked whether it is still there, and is given up", () => {
    const { peer, connection, closings, at } = opened();
    connection.keepAliveMs = 10_000;
    peer.send({ sequence: 1, acknowledgement: at, payload: new Uint8Array([1]) });
    connection.write(new Uint8Array([1]));
    peer.scheduler.run(1);
    peer.send({ sequence: 2, acknowledgement: at + 1 });
    connection.end();
    peer.scheduler.run(1);
    peer.send({ sequence: 2, acknowledgement: at + 2 });
    peer.scheduler.run(600_000);
    expect(closings).toEqual(["timeout"]);
  });

  test("sends a byte at a time, all of them out of order, and holds back the first: memory stays bounded", () => {
    const { peer, sink, at } = opened();
    for (let i = 4000; i > 1; i -= 2) peer.send({ sequence: 1 + i, acknowledgement: at, payload: new Uint8Array([i & 0xff]) });
    expect(peer.endpoint.memoryBytes).toBeLessThanOrEqual(1 << 16);
    expect(sink.length).toBe(0);
  });

  test("acknowledges with thousands of tiny blocks: nothing is thrown and all is sent in the end", () => {
    const { peer, connection, at } = opened({ mss: 100, sackPermitted: true, windowScale: 8 });
    connection.write(new Uint8Array(60_000));
    const chance = seededChance(3);
    for (let i = 0; i < 1000; i++) {
      const left = at + Math.floor(chance() * 60_000);
      peer.send({ sequence: 1, acknowledgement: at, options: { sack: [[left >>> 0, (left + 1) >>> 0]] } });
    }
    peer.scheduler.run(10);
    peer.segments();
    peer.send({ sequence: 1, acknowledgement: at });
    peer.scheduler.run(20_000);
    expect(peer.segments().length).toBeGreaterThan(0);
  });

  test("ends twice, and sends behind its end: only what was before counts", () => {
    const { peer, sink, at } = opened();
    peer.send({ flags: ACK | FIN, sequence: 1, acknowledgement: at, payload: new Uint8Array([1, 2]) });
    peer.send({ flags: ACK | FIN, sequence: 1, acknowledgement: at, payload: new Uint8Array([1, 2]) });
    peer.send({ sequence: 4, acknowledgement: at, payload: new Uint8Array([9]) });
    expect([...sink.bytes]).toEqual([1, 2]);
    expect(sink.hasEnded).toBe(true);
  });
});

describe("TIME-WAIT", () => {
  test("acknowledges the peer's end again, rests for a minute, and makes room for a newer SYN", () => {
    const { peer, connection, at, closings } = opened();
    connection.end();
    peer.scheduler.run(1);
    peer.send({ flags: ACK | FIN, sequence: 1, acknowledgement: at + 1 });
    expect(closings).toEqual(["done"]);
    peer.segments();
    expect(peer.endpoint.tcp.size).toMatchObject({ connections: 0, timeWaits: 1 });
    peer.send({ flags: ACK | FIN, sequence: 1, acknowledgement: at + 1 });
    expect(peer.segments()).toMatchObject([{ flags: ACK, acknowledgement: 2 }]);
    peer.send({ flags: RST, sequence: 2 });
    expect(peer.endpoint.tcp.size.timeWaits).toBe(1);
    peer.send({ flags: SYN, sequence: 100_000, options: { mss: 1460 } });
    expect(peer.segments()).toMatchObject([{ flags: SYN | ACK, acknowledgement: 100_001 }]);
    peer.scheduler.run(120_000);
    expect(peer.endpoint.tcp.size.timeWaits).toBe(0);
  });
});

describe("pieces of packets", () => {
  const whole = serializeUdp(
    { sourcePort: 5, destinationPort: 7, payload: new Uint8Array(3000).fill(7) },
    new Uint8Array([10, 0, 0, 9]),
    new Uint8Array([10, 0, 0, 1]),
  );
  const piece = (peer: RawPeer, start: number, end: number, identification = 1): void =>
    peer.packet(IP_PROTOCOL.udp, whole.subarray(start, end), { identification, fragmentOffset: start, moreFragments: end < whole.length });
  const echoing = (): RawPeer => {
    const peer = new RawPeer();
    peer.endpoint.events.udp = ({ source, sourcePort, destination, destinationPort, payload }) => {
      peer.endpoint.sendUdp({
        source: destination,
        sourcePort: destinationPort,
        destination: source,
        destinationPort: sourcePort,
        payload,
      });
      return true;
    };
    return peer;
  };

  test("are put together in any order, and large datagrams leave in pieces", () => {
    const peer = echoing();
    piece(peer, 2000, whole.length);
    piece(peer, 0, 1000);
    expect(peer.packets()).toEqual([]);
    piece(peer, 1000, 2000);
    const answers = peer.packets();
    expect(answers.map(({ fragmentOffset, moreFragments }) => [fragmentOffset, moreFragments])).toEqual([
      [0, true],
      [1480, true],
      [2960, false],
    ]);
  });

  test("that overlap make the whole vanish (RFC 5722)", () => {
    const peer = echoing();
    piece(peer, 0, 1000);
    piece(peer, 992, 2000);
    piece(peer, 1000, 2000);
    piece(peer, 2000, whole.length);
    expect(peer.packets()).toEqual([]);
  });

  test("that never come together cost bounded memory and go in time", () => {
    const peer = echoing();
    for (let i = 0; i < 5000; i++) piece(peer, 0, 1400, i & 0xffff);
    peer.scheduler.run(60_000);
    piece(peer, 0, 1000, 7);
    piece(peer, 1000, 2000, 7);
    piece(peer, 2000, whole.length, 7);
    expect(peer.packets().length).toBe(3);
  });
});

describe("ICMP", () => {
  test("echoes are answered with the same data; broadcast ones are not", () => {
    const peer = new RawPeer();
    const echo = serializeIcmp({ type: 8, rest: 0x1234_0001, body: new Uint8Array([1, 2, 3]) });
    peer.packet(IP_PROTOCOL.icmp, echo);
    expect(peer.icmp()).toEqual([{ type: 0, code: 0 }]);
    peer.packet(IP_PROTOCOL.icmp, echo, { destination: new Uint8Array([10, 0, 0, 255]) });
    expect(peer.icmp()).toEqual([]);
  });

  test("a port where nobody is says so, but not for ever, and never about an error", () => {
    const peer = new RawPeer();
    const datagram = serializeUdp(
      { sourcePort: 5, destinationPort: 7, payload: new Uint8Array(1) },
      new Uint8Array([10, 0, 0, 9]),
      new Uint8Array([10, 0, 0, 1]),
    );
    for (let i = 0; i < 1000; i++) peer.packet(IP_PROTOCOL.udp, datagram);
    const said = peer.icmp();
    expect(said[0]).toEqual({ type: 3, code: 3 });
    expect(said.length).toBeLessThanOrEqual(200);
    peer.scheduler.run(10_000);
    peer.packet(IP_PROTOCOL.icmp, serializeIcmp({ type: 3, code: 3, body: new Uint8Array(28) }));
    expect(peer.icmp()).toEqual([]);
  });

  test("a port where nobody listens refuses SYNs with RST, and answers no RST", () => {
    const peer = new RawPeer();
    peer.send({ flags: SYN, sequence: 7 });
    expect(peer.segments()).toMatchObject([{ flags: RST | ACK, acknowledgement: 8 }]);
    peer.send({ flags: ACK, acknowledgement: 99 });
    expect(peer.segments()).toMatchObject([{ flags: RST, sequence: 99 }]);
    peer.send({ flags: RST });
    expect(peer.segments()).toEqual([]);
  });
});

/** `MIMIC_MUTATED_FRAMES=10000000` makes it thorough. */
const FRAMES = Number(process.env["MIMIC_MUTATED_FRAMES"] ?? 100_000);

describe("mutated frames", () => {
  test(`${FRAMES} of them: nothing throws, memory stays flat, and a transfer in between is unharmed`, {
    timeout: 60_000 + FRAMES / 5,
  }, () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 31);
    const { scheduler, a, b } = openPair({ quality: { delayMs: 1 } });
    const sink = new Sink();
    let isDone = false;
    b.endpoint.events.opening = (opening) => {
      const connection = opening.accept({});
      connection.events = {
        readable: () => {
          sink.take(connection);
          if (sink.hasEnded) connection.end();
        },
        closed: () => (isDone = true),
      };
    };
    b.endpoint.events.udp = () => true;
    const client = a.endpoint.connect({ address: b.v4, port: 80 }, {}) as TcpConnection;
    client.events = { ...sendAll(client, bytes) };
    const hostile = mutations(7);
    for (let i = 0; i < FRAMES; i++) {
      b.endpoint.input(hostile());
      if (i % 50 === 0) b.endpoint.flush();
      if (i % 500 === 0) scheduler.run(1);
    }
    b.endpoint.flush();
    expect(scheduler.run(100_000, () => isDone)).toBe(true);
    expect(Buffer.compare(sink.bytes, bytes)).toBe(0);
    expect(b.endpoint.memoryBytes).toBeLessThan(64 << 20);
    scheduler.run(400_000);
    expect(b.endpoint.tcp.size).toEqual({ connections: 0, openings: 0, halfOpen: 0, timeWaits: 0 });
    expect(b.endpoint.memoryBytes).toBe(0);
  });
});

/** Frames for B from somebody else: half of them with checksums put right, so that they get deep. */
function mutations(seed: number): () => Uint8Array {
  const chance = seededChance(seed);
  const some = (most: number): number => Math.floor(chance() * most);
  const ends = [new Uint8Array([10, 0, 0, 77]), new Uint8Array([10, 0, 0, 2])] as const;
  const head = [0x52, 0x54, 0, 0, 0, 2, 0x52, 0x54, 0, 0, 0, 77];
  return () => {
    const flags = some(64);
    const ports = { sourcePort: 1 + some(40), destinationPort: 80 };
    const numbers = { sequence: some(2) ? some(3000) : some(2 ** 32), acknowledgement: some(2 ** 32), window: some(65_536) };
    const payload = new Uint8Array(some(3) ? 0 : some(300));
    const segment = serializeTcp(
      {
        ...ports,
        ...numbers,
        flags,
        payload,
        options: some(2) ? { mss: some(2000), sackPermitted: true, windowScale: some(20), timestamps: { value: some(5000), echo: 0 } } : {},
      },
      ...ends,
    );
    const packet = serializeIpv4Packet({
      source: ends[0],
      destination: ends[1],
      protocol: some(8) ? 6 : some(256),
      payload: segment,
      moreFragments: some(30) === 0,
      fragmentOffset: some(30) === 0 ? some(100) * 8 : 0,
    });
    const frame = new Uint8Array([...head, 8, 0, ...packet]);
    for (let flips = some(4) ? 0 : 1 + some(8); flips > 0; flips--) frame[some(frame.length)] = some(256);
    return some(20) === 0 ? frame.subarray(0, some(frame.length)) : frame;
  };
}
