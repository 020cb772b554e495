import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BufferPool } from "../../switch/run-buffer.ts";
import { StreamOutlet } from "./stream-outlet.ts";

async function socketPair() {
  const folder = await mkdtemp("/tmp/mo-");
  const server = createServer({ pauseOnConnect: true }).listen(join(folder, "s"));
  await once(server, "listening");
  const near = connect(join(folder, "s"));
  const [far] = (await once(server, "connection")) as [Socket];
  near.on("error", () => {});
  far.on("error", () => {});
  return {
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      near.destroy();
      far.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Each run is told apart by its filling. */
const RUN_BYTES = 1504;
const pool = () => new BufferPool(() => new Uint8Array(262_144), 4);

describe.each([
  ["writing to the descriptor", undefined],
  ["writing through the stream, where there is no descriptor to be had", -1],
])("a way out %s", (_words, descriptor) => {
  test("gives a peer that stands still what it took, whole and in order, refuses the rest, and lets borrowed memory go", async () => {
    await using pair = await socketPair();
    const outlet = new StreamOutlet(pair.near, pool(), ...(descriptor === undefined ? [] : [descriptor]));
    // Two pieces of memory in turn: one that is pinned may not be written over.
    let pins = 0;
    const memory = { pin: () => void pins++, unpin: () => void pins-- };
    const taken: number[] = [];
    let refused = 0;
    for (let n = 0; n < 4000; n++) {
      const bytes = new Uint8Array(RUN_BYTES).fill(n & 255);
      const sent = outlet.send(bytes, 0, RUN_BYTES, 1, memory);
      if (sent === "full") refused++;
      else taken.push(n & 255);
      // What was not pinned belongs to us again.
      if (pins === 0) bytes.fill(0);
    }
    expect(refused).toBeGreaterThan(0);
    expect(outlet.queuedBytes()).toBeLessThan(3 * 1024 * 1024);
    let relieved = false;
    outlet.whenRelieved(() => {
      relieved = true;
    });
    const parts: Buffer[] = [];
    let size = 0;
    pair.far.on("data", (bytes: Buffer) => {
      parts.push(bytes);
      size += bytes.length;
    });
    pair.far.resume();
    while (size < taken.length * RUN_BYTES) await once(pair.far, "data");
    const got = Buffer.concat(parts);
    expect(got.length).toBe(taken.length * RUN_BYTES);
    expect(taken.every((fill, i) => got.subarray(i * RUN_BYTES, (i + 1) * RUN_BYTES).every((byte) => byte === fill))).toBe(true);
    while (outlet.queuedBytes() > 0) await new Promise((resolve) => setImmediate(resolve));
    expect([pins, relieved]).toEqual([0, true]);
  });

  test("to a peer that has died takes nothing more, and touches no descriptor that may be another's by now", async () => {
    await using pair = await socketPair();
    const outlet = new StreamOutlet(pair.near, pool(), ...(descriptor === undefined ? [] : [descriptor]));
    pair.far.destroy();
    await once(pair.far, "close");
    const bytes = new Uint8Array(RUN_BYTES);
    while (!pair.near.destroyed) {
      outlet.send(bytes, 0, RUN_BYTES, 1, undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(outlet.send(bytes, 0, RUN_BYTES, 1, undefined)).toBe("full");
  });
});
