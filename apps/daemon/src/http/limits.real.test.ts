// Floods and dawdlers (R4): who sends slowly, endlessly, or on too many connections is cut off, and everyone
// else is still served. These tests wait for real time limits.
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenDoors, openDoors, requestText } from "./testing/open-doors.ts";

let open: OpenDoors;
beforeAll(async () => {
  open = await openDoors();
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
});

const served = async (): Promise<number> => {
  const answer = await fetch(`${open.doors.address}api/v1/machines`, { headers: { authorization: `Bearer ${open.token}` } });
  return answer.status;
};

/** Connects, sends `first`, then one more byte each half second; resolves to how long it was let, in seconds. */
function dawdle(first: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const startedAt = performance.now();
  const socket = connect({ host: "127.0.0.1", port: open.port });
  socket.write(first);
  const drip = setInterval(() => socket.write("a"), 500);
  socket.on("error", () => {});
  socket.resume();
  socket.on("close", () => {
    clearInterval(drip);
    resolve((performance.now() - startedAt) / 1000);
  });
  return promise;
}

describe("dawdlers", () => {
  test("headers and JSON that never end are cut off in seconds, and meanwhile others are served", async () => {
    const host: [string, string] = ["Host", `127.0.0.1:${open.port}`];
    const headers: [string, string][] = [
      host,
      ["Authorization", `Bearer ${open.token}`],
      ["Content-Type", "application/json"],
      ["Content-Length", "1000"],
    ];
    const slow = [
      ...Array.from({ length: 40 }, () => dawdle(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${open.port}\r\nX-Slow: `)),
      ...Array.from({ length: 10 }, () => dawdle(requestText("POST", "/api/v1/images/pull", headers, "{"))),
    ];
    expect(await served()).toBe(200);
    for (const seconds of await Promise.all(slow)) expect(seconds).toBeLessThan(25);
    expect(await served()).toBe(200);
  });
});

describe("floods", () => {
  test("connections beyond the limit are dropped, and the unix socket still answers", async () => {
    const sockets: Socket[] = [];
    let dropped = 0;
    for (let at = 0; at < 400; at++) {
      const socket = connect({ host: "127.0.0.1", port: open.port });
      socket.on("error", () => {});
      socket.on("close", () => dropped++);
      sockets.push(socket);
    }
    await new Promise((done) => setTimeout(done, 1000));
    expect(dropped).toBeGreaterThan(100);
    const { promise, resolve } = Promise.withResolvers<string>();
    const owner = connect({ path: open.socketPath });
    owner.write(
      requestText("GET", "/api/v1/machines", [
        ["Host", "localhost"],
        ["Connection", "close"],
      ]),
    );
    owner.once("data", (bytes: Buffer) => resolve(bytes.toString("latin1")));
    expect(await promise).toContain("200 OK");
    for (const socket of [...sockets, owner]) socket.destroy();
    await new Promise((done) => setTimeout(done, 200));
    expect(await served()).toBe(200);
  });
});
