import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leanRequest, parseReply } from "../src/lean-http.ts";
import { FakeDaemon } from "./fake-daemon.ts";

const reply = (text: string) => parseReply(Buffer.from(text, "latin1"));

describe("an answer (RFC 9112 §6)", () => {
  test("is read by its length, by chunks, or to the end of the connection", () => {
    expect(reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest")).toEqual({ status: 200, text: "{}", isWhole: true });
    expect(reply("HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n")).toEqual({
      status: 404,
      text: "abc0123456789",
      isWhole: true,
    });
    expect(reply("HTTP/1.1 200 OK\r\n\r\nall")).toEqual({ status: 200, text: "all", isWhole: false });
  });

  test.each([
    "",
    "HTTP/1.1 200 OK\r\n",
    "SSH-2.0-x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
  ])("that is none or cut off is malformed: %j", (text) => {
    expect(reply(text)).toHaveProperty("malformed");
  });

  test("for any bytes it never throws", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        (bytes, head) =>
          void parseReply(Buffer.concat([Buffer.from(head ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" : ""), bytes])),
      ),
    );
  });
});

test("a long answer that comes in pieces is whole", async () => {
  await using daemon = await FakeDaemon.start();
  const big = "ü".repeat(2_000_000);
  daemon.on("GET", "/big", { body: big });
  const { text } = await leanRequest({ socket: `${daemon.home}/run/daemon.sock`, method: "GET", path: "/api/v1/big" });
  expect(JSON.parse(text)).toBe(big);
});

test("silence ends with ETIMEDOUT, and a signal ends it at once", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.on("GET", "/never", () => undefined);
  const request = { socket: `${daemon.home}/run/daemon.sock`, method: "GET", path: "/api/v1/never" };
  await expect(leanRequest({ ...request, silenceMs: 50 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
  const aborter = new AbortController();
  const waiting = leanRequest({ ...request, signal: aborter.signal });
  aborter.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});
