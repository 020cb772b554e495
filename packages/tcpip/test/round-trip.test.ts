// When to send again: RFC 6298, rule by rule, and Karn's algorithm as a peer meets it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RoundTrip } from "../src/tcp/round-trip.ts";
import { opened, RawPeer } from "./raw-peer.ts";

describe("the retransmission timeout (RFC 6298)", () => {
  test("is a second until something was measured (2.1), then three times the first sample (2.2)", () => {
    const roundTrip = new RoundTrip();
    expect(roundTrip.timeoutMs).toBe(1000);
    roundTrip.sample(400);
    expect([roundTrip.smoothedMs, roundTrip.timeoutMs]).toEqual([400, 1200]);
  });

  test("follows every further sample as (2.3) computes it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 2, maxLength: 40 }), (samples) => {
        const roundTrip = new RoundTrip();
        const [first = 0, ...others] = samples;
        roundTrip.sample(first);
        let [srtt, rttvar] = [first, first / 2];
        for (const sample of others) {
          roundTrip.sample(sample);
          rttvar = (3 / 4) * rttvar + (1 / 4) * Math.abs(srtt - sample);
          srtt = (7 / 8) * srtt + (1 / 8) * sample;
          expect(roundTrip.smoothedMs).toBeCloseTo(srtt, 6);
          // (2.4) as hosts of today have it, 200 ms; G is a millisecond.
          expect(roundTrip.timeoutMs).toBeCloseTo(Math.min(60_000, Math.max(200, srtt + Math.max(1, 4 * rttvar))), 6);
        }
        expect(roundTrip.leastMs).toBe(Math.min(...samples));
      }),
    );
  });

  test("is never less than 200 ms, and never that of the clock's grain alone (2.3, 2.4)", () => {
    const roundTrip = new RoundTrip();
    for (let i = 0; i < 200; i++) roundTrip.sample(1);
    expect(roundTrip.timeoutMs).toBe(200);
    const slow = new RoundTrip();
    for (let i = 0; i < 500; i++) slow.sample(2000);
    expect(slow.timeoutMs).toBeCloseTo(2001, 6);
  });

  test("doubles each time that it passes (5.5), up to a minute (2.5), and the next sample ends that", () => {
    const roundTrip = new RoundTrip();
    roundTrip.sample(500);
    const waits = Array.from({ length: 8 }, () => {
      roundTrip.backOff();
      return roundTrip.timeoutMs;
    });
    expect(waits).toEqual([3000, 6000, 12_000, 24_000, 48_000, 60_000, 60_000, 60_000]);
    roundTrip.sample(500);
    expect(roundTrip.timeoutMs).toBe(1250);
  });

  test("is three seconds after a handshake that took more than one SYN (5.7), and as measured after any other", () => {
    const roundTrip = new RoundTrip();
    roundTrip.backOff();
    roundTrip.begin();
    expect(roundTrip.timeoutMs).toBe(3000);
    const measured = new RoundTrip();
    measured.sample(400);
    measured.begin();
    expect(measured.timeoutMs).toBe(1200);
  });
});

/** When, from now on, segments with data leave, in virtual milliseconds. */
function timesOfData(peer: RawPeer, forMs: number, onEach: (sentMs: number) => void = () => {}): number[] {
  const times: number[] = [];
  const fromMs = peer.scheduler.monotonicMs();
  for (let ms = 0; ms < forMs; ms++) {
    for (const { payload } of peer.segments()) {
      if (payload.length === 0) continue;
      times.push(peer.scheduler.monotonicMs() - fromMs);
      onEach(peer.scheduler.monotonicMs());
    }
    peer.scheduler.run(1);
  }
  return times;
}

describe("towards a peer", () => {
  test("that says nothing, the same segment leaves after one timeout, two more, four more and so on", () => {
    const { peer, connection } = opened();
    connection.write(new Uint8Array(100));
    const times = timesOfData(peer, 7000);
    const waits = times.slice(1).map((time, i) => time - (times[i] as number));
    // The handshake took no time: the least timeout.
    expect(waits).toEqual([200, 400, 800, 1600, 3200].map((wait) => expect.closeTo(wait, -0.5)));
  });

  test("no time is taken from a segment that was sent twice (Karn)", () => {
    const { peer, connection, at } = opened();
    connection.write(new Uint8Array(100));
    timesOfData(peer, 250);
    // Half a second after the first, a quarter after the second: which of the two is meant?
    peer.scheduler.run(250);
    peer.send({ sequence: 1, acknowledgement: at + 100 });
    expect(connection.facts().roundTripMs).toBe(0);
  });

  test("nor from one that was sent again for other reasons than time", () => {
    const { peer, connection, at } = opened({ mss: 1000 });
    connection.write(new Uint8Array(5000));
    peer.scheduler.run(80);
    for (let i = 0; i < 3; i++) peer.send({ sequence: 1, acknowledgement: at });
    peer.scheduler.run(80);
    peer.send({ sequence: 1, acknowledgement: at + 5000 });
    expect(connection.facts()).toMatchObject({ segmentsResent: 1, timeouts: 0, roundTripMs: 0 });
  });

  test("time stamps tell which of two was meant, and so are taken (RFC 7323 §4)", () => {
    const { peer, connection, at } = opened({ mss: 1460, timestamps: { value: 1, echo: 0 } });
    connection.write(new Uint8Array(100));
    peer.scheduler.run(1);
    const [first] = peer.segments();
    peer.scheduler.run(500);
    const echo = first?.options.timestamps?.value as number;
    peer.send({ sequence: 1, acknowledgement: at + 100, options: { timestamps: { value: 2, echo } } });
    // An eighth of half a second.
    expect(connection.facts().roundTripMs).toBeGreaterThan(55);
  });

  test("whose way became longer than the timeout, segments are sent twice only until that is found out", () => {
    const { peer, connection, at } = opened();
    const sends: number[] = [];
    for (let round = 1; round <= 6; round++) {
      connection.write(new Uint8Array(100));
      peer.scheduler.run(1);
      let sent = 0;
      for (let ms = 0; ms < 1500; ms++) {
        sent += peer.segments().filter(({ payload }) => payload.length > 0).length;
        peer.scheduler.run(1);
      }
      sends.push(sent);
      peer.send({ sequence: 1, acknowledgement: at + 100 * round });
    }
    expect(sends[0]).toBeGreaterThan(2);
    // The second keeps the timeout to which the first backed off, and so is measured.
    expect(sends.slice(1)).toEqual([1, 1, 1, 1, 1]);
  });

  test("that answered only the second SYN, data that is lost waits three seconds (5.7)", () => {
    const peer = new RawPeer();
    peer.endpoint.events.opening = (opening) => {
      const connection = opening.accept({ opened: () => connection.write(new Uint8Array(100)) });
    };
    peer.send({ flags: 0x02, sequence: 0, options: { mss: 1460 } });
    const [answer] = peer.segments();
    peer.scheduler.run(1100);
    expect(peer.segments()).toMatchObject([{ flags: 0x12 }]);
    peer.send({ sequence: 1, acknowledgement: (answer?.sequence as number) + 1 });
    const [first = 0, second = 0] = timesOfData(peer, 4000);
    expect(second - first).toBeCloseTo(3000, -0.5);
  });
});
