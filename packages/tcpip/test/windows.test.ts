// The windows of both sides (RFC 9293 §3.8.6), their scale (RFC 7323 §2), and windows that are shut.
import { describe, expect, test } from "vitest";
import { opened, RawPeer } from "./raw-peer.ts";

const SYN_ACK = 0x12;
const total = (segments: readonly { readonly payload: Uint8Array }[]): number =>
  segments.reduce((sum, { payload }) => sum + payload.length, 0);

/** All that the peer's window allows, acknowledged as it comes, until nothing more comes. Answers the most that was ever on the way. */
function mostOnTheWay(
  { peer, at }: { peer: RawPeer; at: number },
  { window, forRounds = 40 }: { window: number; forRounds?: number },
): number {
  let acknowledged = at;
  let most = 0;
  for (let round = 0; round < forRounds; round++) {
    peer.scheduler.run(20);
    const end = Math.max(acknowledged, ...peer.segments().map(({ sequence, payload }) => sequence + payload.length));
    most = Math.max(most, end - acknowledged);
    acknowledged = end;
    peer.send({ sequence: 1, acknowledgement: acknowledged, window });
  }
  return most;
}

describe("window scaling", () => {
  test("is offered, and used both ways once the peer offers it too", () => {
    const peer = new RawPeer();
    peer.endpoint.events.opening = (opening) => opening.accept({});
    peer.send({ flags: 2, sequence: 0, options: { mss: 1460, windowScale: 7 } });
    const [answer] = peer.segments();
    expect(answer).toMatchObject({ flags: SYN_ACK, options: { windowScale: 8 } });
    // The window of a SYN is never scaled (§2.2).
    expect(answer?.window).toBe(65_535);
    peer.send({ sequence: 1, acknowledgement: (answer?.sequence as number) + 1, payload: new Uint8Array(1) });
    const [ack] = peer.segments();
    expect((ack?.window as number) << 8).toBeGreaterThan(65_535);
  });

  test("is not mentioned to a peer that did not offer it, and neither window is scaled then", () => {
    const peer = new RawPeer();
    peer.endpoint.events.opening = (opening) => {
      const connection = opening.accept({ opened: () => connection.write(new Uint8Array(200_000)) });
    };
    peer.send({ flags: 2, sequence: 0, options: { mss: 1460 } });
    const [answer] = peer.segments();
    expect(answer?.flags).toBe(SYN_ACK);
    expect(answer?.options.windowScale).toBeUndefined();
    const at = (answer?.sequence as number) + 1;
    peer.send({ sequence: 1, acknowledgement: at, window: 3000 });
    const segments = peer.segments();
    expect(total(segments)).toBeLessThanOrEqual(3000);
    expect(segments.every(({ window }) => window <= 65_535 && window > 60_000)).toBe(true);
    expect(mostOnTheWay({ peer, at }, { window: 65_535 })).toBeLessThanOrEqual(65_535);
  });

  test("lets more than 64 KiB be on the way, as much as the window says and no more", () => {
    const place = opened({ mss: 1460, windowScale: 7 });
    place.connection.write(new Uint8Array(300_000));
    place.connection.events = { writable: () => place.connection.write(new Uint8Array(300_000)) };
    const most = mostOnTheWay(place, { window: 2000 });
    expect(most).toBeGreaterThan(2 * 65_535);
    expect(most).toBeLessThanOrEqual(2000 << 7);
  });

  test("takes a shift above 14 for 14 (§2.3)", () => {
    for (const [windowScale, unit] of [
      [14, 1 << 14],
      [15, 1 << 14],
      [255, 1 << 14],
    ] as const) {
      const place = opened({ mss: 1000, windowScale });
      place.connection.write(new Uint8Array(200_000));
      const most = mostOnTheWay(place, { window: 2 });
      expect(most).toBeLessThanOrEqual(2 * unit);
      expect(most).toBeGreaterThan(2 * unit - 1000);
    }
  });

  test("lets a peer send more than 64 KiB before anything is acknowledged or read", () => {
    const { peer, at, connection } = opened({ mss: 1460, windowScale: 7 }, { isIdle: true });
    const piece = new Uint8Array(1000).fill(7);
    for (let i = 0; i < 100; i++) peer.send({ sequence: 1 + 1000 * i, acknowledgement: at, payload: piece });
    expect(connection.readableBytes).toBe(100_000);
    expect(peer.segments().at(-1)).toMatchObject({ acknowledgement: 100_001 });
  });
});

describe("our window, when nobody reads", () => {
  test.each([undefined, 7])(
    "shuts, never moves back what was promised, and what comes beyond it is not taken (scale %s)",
    (windowScale) => {
      const options = windowScale === undefined ? { mss: 1000 } : { mss: 1000, windowScale };
      const { peer, at, connection } = opened(options, { isIdle: true });
      const shift = windowScale === undefined ? 0 : 8;
      let [sent, edge, isShut] = [0, 0, false];
      // No multiple of the scale's unit.
      for (let i = 0; i < 400 && !isShut; i++) {
        peer.send({ sequence: 1 + sent, acknowledgement: at, payload: new Uint8Array(777) });
        peer.scheduler.run(50);
        for (const { acknowledgement, window } of peer.segments()) {
          expect(acknowledgement + (window << shift)).toBeGreaterThanOrEqual(edge);
          edge = acknowledgement + (window << shift);
          sent = acknowledgement - 1;
          isShut = window === 0;
        }
      }
      expect(sent).toBe(edge - 1);
      expect(connection.readableBytes).toBe(sent);
      expect(sent).toBeGreaterThanOrEqual(65_535);
      // A probe with a byte is answered with where we are, and its byte is not kept (RFC 9293 §3.8.6.1).
      peer.send({ sequence: 1 + sent, acknowledgement: at, payload: new Uint8Array(1) });
      expect(peer.segments()).toMatchObject([{ acknowledgement: 1 + sent, window: 0 }]);
      expect(connection.readableBytes).toBe(sent);
    },
  );

  test("is told to be open again as soon as enough was read, and not for a few bytes (§3.8.6.2.2)", () => {
    const { peer, at, connection } = opened({ mss: 1000 }, { isIdle: true });
    for (let sent = 0; sent < 65_535; sent += 1000) {
      peer.send({ sequence: 1 + sent, acknowledgement: at, payload: new Uint8Array(Math.min(1000, 65_535 - sent)) });
    }
    peer.scheduler.run(100);
    expect(peer.segments().at(-1)).toMatchObject({ acknowledgement: 65_536, window: 0 });
    connection.consume(10);
    peer.scheduler.run(1000);
    expect(peer.segments()).toEqual([]);
    connection.consume(30_000);
    peer.scheduler.run(1);
    expect(peer.segments()).toMatchObject([{ acknowledgement: 65_536, window: 30_010 }]);
  });
});

describe("a peer's window that is shut", () => {
  /** With 5000 bytes waiting, and since when. */
  function shut(): ReturnType<typeof opened> {
    const place = opened();
    const { peer, at, connection } = place;
    peer.send({ sequence: 1, acknowledgement: at, window: 0 });
    connection.write(new Uint8Array(5000));
    peer.scheduler.run(1);
    expect(peer.segments()).toEqual([]);
    return place;
  }

  test("is probed at growing intervals, up to a minute, for as long as the peer answers (§3.8.6.1)", () => {
    const { peer, at, closings } = shut();
    const times: number[] = [];
    while (peer.scheduler.monotonicMs() < 1_800_000) {
      peer.scheduler.run(10);
      for (const { payload, sequence } of peer.segments()) {
        expect([payload.length, sequence]).toEqual([0, (at - 1) >>> 0]);
        times.push(peer.scheduler.monotonicMs());
        peer.send({ sequence: 1, acknowledgement: at, window: 0 });
      }
    }
    const waits = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(waits.slice(0, 5).map((wait) => Math.round(wait / 100) * 100)).toEqual([400, 800, 1600, 3200, 6400]);
    expect(waits.every((wait, i) => i === 0 || wait >= (waits[i - 1] as number) - 20)).toBe(true);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_020);
    expect(closings).toEqual([]);
    peer.send({ sequence: 1, acknowledgement: at, window: 8000 });
    expect(total(peer.segments())).toBe(5000);
  });

  test("is given up when nobody answers the probes", () => {
    const { peer, closings } = shut();
    peer.scheduler.run(100_000);
    expect(closings).toEqual([]);
    peer.scheduler.run(100_000);
    expect(closings).toEqual(["timeout"]);
  });

  test("takes exactly what it is opened for, though that is less than a segment (§3.8.6.2.1)", () => {
    const { peer, at } = shut();
    peer.send({ sequence: 1, acknowledgement: at, window: 3000 });
    const segments = peer.segments();
    expect(total(segments)).toBeLessThanOrEqual(3000);
    expect(total(segments)).toBeGreaterThanOrEqual(2 * 1460);
    const next = at + total(segments);
    peer.send({ sequence: 1, acknowledgement: next, window: 8000 });
    expect(total(peer.segments())).toBe(5000 - (next - at));
  });
});
