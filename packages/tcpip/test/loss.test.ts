// What shows that segments were lost, and which are sent again then: duplicate acknowledgements (RFC 5681 §3.2, RFC 6582),
// selective ones (RFC 2018, RFC 6675), and what we tell a peer of holes ourselves (RFC 2018 §4, RFC 2883).
import { describe, expect, test } from "vitest";
import { opened, type RawPeer } from "./raw-peer.ts";

const MSS = 1000;
const WINDOW = 60_000;

/** Ten segments of a thousand bytes are on the way, and as many wait. `sent` answers the numbers of those that leave, from 0. */
function tenOnTheWay(options: { sackPermitted?: boolean } = {}) {
  const place = opened({ mss: MSS, ...options });
  const { peer, at, connection } = place;
  peer.send({ sequence: 1, acknowledgement: at, window: WINDOW });
  connection.write(new Uint8Array(20 * MSS));
  const sent = (): number[] => {
    peer.scheduler.run(1);
    return peer.segments().flatMap(({ sequence, payload }) => (payload.length > 0 ? [((sequence - at) >>> 0) / MSS] : []));
  };
  expect(sent()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  /** Acknowledges all before that segment; `held`: [from, to) of segments. */
  const acknowledge = (before: number, ...held: (readonly [number, number])[]): void =>
    peer.send({
      sequence: 1,
      acknowledgement: at + before * MSS,
      window: WINDOW,
      options: { sack: held.map(([from, to]) => [(at + from * MSS) >>> 0, (at + to * MSS) >>> 0] as const) },
    });
  return { ...place, sent, acknowledge };
}

describe("duplicate acknowledgements", () => {
  test("one and two let one new segment leave each (RFC 3042), the third sends the first again, at once", () => {
    const { sent, acknowledge, connection } = tenOnTheWay();
    acknowledge(0);
    expect(sent()).toEqual([10]);
    acknowledge(0);
    expect(sent()).toEqual([11]);
    acknowledge(0);
    expect(sent()).toEqual([0]);
    // Its share of what was on the way, where nothing queues.
    expect(connection.facts().congestionWindow).toBeLessThanOrEqual(0.85 * 12 * MSS);
    expect(connection.facts().timeouts).toBe(0);
  });

  test("further ones inflate what may leave; the acknowledgement of all ends it, and nothing else is sent again", () => {
    const { sent, acknowledge, connection } = tenOnTheWay();
    for (let i = 0; i < 9; i++) acknowledge(0);
    const again = sent();
    expect(again.filter((number) => number < 10)).toEqual([0]);
    // The tenth and eleventh new one left with the first two duplicates.
    acknowledge(12);
    const later = sent();
    expect([...again, ...later].filter((number) => number < 10)).toEqual([0]);
    expect(connection.facts().segmentsResent).toBe(1);
  });

  test("a partial acknowledgement sends the next lost one again without three more (RFC 6582 §3.2)", () => {
    const { sent, acknowledge, connection } = tenOnTheWay();
    for (let i = 0; i < 3; i++) acknowledge(0);
    expect(sent()).toContain(0);
    acknowledge(4);
    expect(sent()).toContain(4);
    acknowledge(7);
    expect(sent()).toContain(7);
    expect(connection.facts()).toMatchObject({ segmentsResent: 3, timeouts: 0 });
  });

  test("are not those that carry data or another window (RFC 5681 §2)", () => {
    const { peer, at, sent, connection } = tenOnTheWay();
    for (let i = 0; i < 5; i++) peer.send({ sequence: 1 + i, acknowledgement: at, window: WINDOW, payload: new Uint8Array(1) });
    for (let i = 0; i < 5; i++) peer.send({ sequence: 6, acknowledgement: at, window: WINDOW + 1 + i });
    expect(sent().filter((number) => number < 10)).toEqual([]);
    expect(connection.facts().segmentsResent).toBe(0);
  });
});

describe("selective acknowledgements", () => {
  test("three held segments above a hole fill the hole, and what is held is not sent again", () => {
    const { sent, acknowledge, connection } = tenOnTheWay({ sackPermitted: true });
    acknowledge(0, [1, 2]);
    acknowledge(0, [1, 3]);
    expect(sent().filter((number) => number < 10)).toEqual([]);
    acknowledge(0, [1, 4]);
    expect(sent()[0]).toBe(0);
    acknowledge(4);
    expect(connection.facts().segmentsResent).toBe(1);
  });

  test("several holes are filled in one round, in order, as the window has room", () => {
    const { sent, acknowledge, connection } = tenOnTheWay({ sackPermitted: true });
    acknowledge(0, [9, 10], [7, 8], [4, 6]);
    // Above the sixth and the eighth there are fewer than three: they may still come.
    expect(sent()).toEqual([0, 1, 2, 3, 10, 11]);
    acknowledge(4, [9, 11], [7, 8], [4, 6]);
    expect(sent()[0]).toBe(6);
    expect(connection.facts()).toMatchObject({ timeouts: 0, segmentsResent: 5 });
  });

  test("what was sent again and is lost again is noticed by what was sent after it, without a timeout", () => {
    const { sent, acknowledge, connection } = tenOnTheWay({ sackPermitted: true });
    acknowledge(0, [1, 10]);
    // Eight and a half of ten, where nothing queues: the lost one and seven new ones.
    expect(sent()).toEqual([0, 10, 11, 12, 13, 14, 15, 16]);
    acknowledge(0, [1, 13]);
    expect(sent()).not.toContain(0);
    acknowledge(0, [1, 14]);
    expect(sent()).toContain(0);
    // Once: it is on its way again, until what was sent after it comes too.
    acknowledge(0, [1, 15]);
    expect(sent()).not.toContain(0);
    expect(connection.facts()).toMatchObject({ timeouts: 0, segmentsResent: 2 });
  });

  test("what a timeout sent again for nothing is no sign of reordering: three held above a hole are still enough", () => {
    const { peer, sent, acknowledge, connection } = tenOnTheWay({ sackPermitted: true });
    while (connection.facts().timeouts < 1) peer.scheduler.run(1);
    // Before that its end was sent once more (RFC 8985 §7).
    expect(sent()).toEqual([9, 0]);
    // All ten had arrived, and the first came twice (RFC 2883).
    acknowledge(10, [0, 1]);
    expect(sent().slice(0, 4)).toEqual([10, 11, 12, 13]);
    acknowledge(10, [11, 14]);
    expect(sent()).toContain(10);
    expect(connection.facts()).toMatchObject({ timeouts: 1, segmentsResent: 3 });
  });

  test("what is sent again has its whole time anew, so that its second loss can show before the timeout", () => {
    const { peer, sent, acknowledge, connection } = tenOnTheWay({ sackPermitted: true });
    acknowledge(0, [1, 2]);
    peer.scheduler.run(150);
    // The time of a probe is over, which is not needed any more: that is no timeout.
    expect(connection.facts().timeouts).toBe(0);
    acknowledge(0, [1, 4]);
    expect(sent()).toContain(0);
    peer.scheduler.run(150);
    expect(connection.facts().timeouts).toBe(0);
    peer.scheduler.run(100);
    expect(connection.facts().timeouts).toBe(1);
  });

  test("are believed over one timeout, and no longer over a second: a peer may take back what it held (RFC 2018 §8)", () => {
    const afterTimeouts = (count: number): number[] => {
      const { peer, sent, acknowledge, connection } = tenOnTheWay({ sackPermitted: true });
      acknowledge(0, [1, 10]);
      sent();
      while (connection.facts().timeouts < count) peer.scheduler.run(1);
      peer.segments();
      acknowledge(1);
      return sent();
    };
    expect(afterTimeouts(1).filter((number) => number < 10)).toEqual([]);
    expect(afterTimeouts(2)).toEqual([1, 2]);
  });

  test("the end of a burst is sent once more after two round trips, since nothing behind it would show its loss (RFC 8985 §7)", () => {
    const { peer, at, connection } = opened({ mss: MSS, sackPermitted: true });
    connection.write(new Uint8Array(MSS));
    peer.scheduler.run(20);
    peer.segments();
    peer.send({ sequence: 1, acknowledgement: at + MSS });
    connection.write(new Uint8Array(4 * MSS));
    peer.scheduler.run(1);
    expect(peer.segments().length).toBe(4);
    peer.scheduler.run(60);
    expect(peer.segments().map(({ sequence }) => (sequence - at) / MSS)).toEqual([4]);
    expect(connection.facts().timeouts).toBe(0);
  });
});

describe("what we tell of holes", () => {
  const open = (options: Parameters<RawPeer["open"]>[0] = { mss: MSS, sackPermitted: true }) => {
    const { peer, at, sink } = opened(options);
    peer.segments();
    let stamp = options.timestamps?.value ?? 0;
    /** The segments [from, to) arrive in one; answers the blocks of the acknowledgement, in segments. */
    const arrive = (from: number, to = from + 1): (readonly number[])[] => {
      const timestamps = options.timestamps ? { timestamps: { value: ++stamp, echo: 0 } } : {};
      const payload = new Uint8Array((to - from) * MSS);
      peer.send({ sequence: 1 + from * MSS, acknowledgement: at, payload, options: timestamps });
      const [answer] = peer.segments();
      return (answer?.options.sack ?? []).map((block) => block.map((edge) => (edge - 1) / MSS));
    };
    return { peer, at, sink, arrive };
  };

  test("nothing, while there are none", () => {
    const { arrive } = open();
    expect([arrive(0), arrive(1), arrive(2)]).toEqual([[], [], []]);
  });

  test("one block that grows, when only the first was lost (RFC 2018 §5, case 2)", () => {
    const { arrive } = open();
    expect(arrive(1)).toEqual([[1, 2]]);
    expect(arrive(2)).toEqual([[1, 3]]);
    expect(arrive(3)).toEqual([[1, 4]]);
    expect(arrive(0)).toEqual([]);
  });

  test("the newest block first, then those that were told last, three at most (RFC 2018 §4, §5 case 3)", () => {
    const { arrive } = open();
    expect(arrive(1)).toEqual([[1, 2]]);
    expect(arrive(3)).toEqual([
      [3, 4],
      [1, 2],
    ]);
    expect(arrive(5)).toEqual([
      [5, 6],
      [3, 4],
      [1, 2],
    ]);
    expect(arrive(7)).toEqual([
      [7, 8],
      [5, 6],
      [3, 4],
    ]);
    // A segment that joins an old block brings it to the front.
    expect(arrive(2)).toEqual([
      [1, 4],
      [7, 8],
      [5, 6],
    ]);
    // What is in order is acknowledged and told no more.
    expect(arrive(0)).toEqual([
      [7, 8],
      [5, 6],
    ]);
  });

  test("three blocks beside time stamps too, and the header stays within its forty bytes", () => {
    const { arrive } = open({ mss: MSS, sackPermitted: true, timestamps: { value: 1, echo: 0 } });
    for (const segment of [1, 3, 5]) arrive(segment);
    expect(arrive(7)).toEqual([
      [7, 8],
      [5, 6],
      [3, 4],
    ]);
  });

  test("a duplicate of what was acknowledged comes first, once (RFC 2883 §4.1)", () => {
    const { arrive } = open();
    arrive(0, 3);
    arrive(4);
    expect(arrive(1)).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(arrive(5)).toEqual([[4, 6]]);
  });

  test("of a segment that is new only in part, the part that came twice comes first (RFC 2883 §4.2)", () => {
    const { arrive } = open();
    arrive(0, 3);
    expect(arrive(2, 4)).toEqual([[2, 3]]);
    expect(arrive(4)).toEqual([]);
  });

  test("a duplicate of what is held comes first, the block that it is part of second (RFC 2883 §4.1.1)", () => {
    const { arrive } = open();
    arrive(6);
    arrive(1, 4);
    expect(arrive(2)).toEqual([
      [2, 3],
      [1, 4],
      [6, 7],
    ]);
    expect(arrive(6)).toEqual([
      [6, 7],
      [6, 7],
      [1, 4],
    ]);
  });

  test("to a peer that does not know blocks: an acknowledgement for each segment that came out of order (RFC 5681 §4.2)", () => {
    const { peer, at } = opened({ mss: MSS });
    const arrive = (segment: number): void => peer.send({ sequence: 1 + segment * MSS, acknowledgement: at, payload: new Uint8Array(MSS) });
    arrive(1);
    expect(peer.segments()).toMatchObject([{ acknowledgement: 1, options: {} }]);
    // Also of those that came at once: it counts them.
    peer.atOnce(() => [2, 3, 4].forEach(arrive));
    expect(peer.segments().map(({ acknowledgement }) => acknowledgement)).toEqual([1, 1, 1]);
  });
});
