import { MimicError } from "@mimic/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QmpSession } from "./session.ts";

const GREETING = '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}\r\n';
const signal = new AbortController().signal;

/** A session whose far end is this test. */
function wire(limits?: ConstructorParameters<typeof QmpSession>[1]) {
  const sent: { execute: string; arguments: unknown; id: number }[] = [];
  let closes = 0;
  const session: QmpSession = new QmpSession(
    {
      send: (bytes) => void sent.push(JSON.parse(new TextDecoder().decode(bytes))),
      close: () => {
        closes++;
      },
    },
    limits,
  );
  const say = (text: string): void => session.receive(new TextEncoder().encode(text));
  const answer = (index: number, body: object): void => say(`${JSON.stringify({ ...body, id: sent[index]?.id })}\n`);
  return { session, sent, say, answer, closes: () => closes };
}

async function running(limits?: ConstructorParameters<typeof QmpSession>[1]) {
  const far = wire(limits);
  far.session.begin();
  far.say(GREETING);
  await Promise.resolve();
  far.answer(0, { return: {} });
  await far.session.ready;
  return far;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof MimicError ? error.code : String(error)),
  );
}

describe("the states of a session", () => {
  test("idle, connecting, running, closed, in this order", async () => {
    const far = wire();
    expect(far.session.state).toBe("idle");
    far.session.begin();
    expect(far.session.state).toBe("connecting");
    far.say(GREETING);
    expect(far.sent[0]?.execute).toBe("qmp_capabilities");
    expect(far.session.state).toBe("connecting");
    far.answer(0, { return: {} });
    expect(await far.session.ready).toEqual({ version: "7.2.22" });
    expect(far.session.state).toBe("running");
    far.session.ended("gone");
    expect(far.session.state).toBe("closed");
    expect((await far.session.closed).code).toBe("qmp.disconnected");
  });

  test("an order before the handshake is told so", async () => {
    expect(await codeOf(wire().session.execute("cont", {}, { signal }))).toBe("qmp.wrong_state");
  });

  test("a greeting without a version ends it", async () => {
    const far = wire();
    far.say('{"QMP":{}}\n');
    expect((await far.session.closed).code).toBe("qmp.bad_message");
    expect(await codeOf(far.session.ready)).toBe("qmp.bad_message");
    expect(far.closes()).toBe(1);
  });
});

describe("orders and answers", () => {
  test("answers find their orders by id, in any order", async () => {
    const far = await running();
    const first = far.session.execute("query-status", {}, { signal });
    const second = far.session.execute("query-status", {}, { signal });
    await Promise.resolve();
    far.answer(2, { return: { running: false, status: "paused" } });
    far.answer(1, { return: { running: true, status: "running" } });
    expect([await first, await second]).toEqual([
      { running: true, status: "running" },
      { running: false, status: "paused" },
    ]);
  });

  test("QEMU's refusal has its words, without control characters", async () => {
    const far = await running();
    const order = far.session.execute("cont", {}, { signal });
    await Promise.resolve();
    far.answer(1, { error: { class: "GenericError", desc: "no\u001b[31m way" } });
    await expect(order).rejects.toMatchObject({ code: "qmp.refused", words: "no\ufffd[31m way", qemuClass: "GenericError" });
  });

  test("an answer of the wrong shape is a bad message, not a value", async () => {
    const far = await running();
    const order = far.session.execute("query-status", {}, { signal });
    await Promise.resolve();
    far.answer(1, { return: { running: "yes" } });
    expect(await codeOf(order)).toBe("qmp.bad_message");
  });

  test("the end of the session fails every waiting order", async () => {
    const far = await running();
    const orders = [far.session.execute("cont", {}, { signal }), far.session.execute("stop", {}, { signal })];
    await Promise.resolve();
    far.session.ended("killed");
    expect(await Promise.all(orders.map(codeOf))).toEqual(["qmp.disconnected", "qmp.disconnected"]);
    expect(await codeOf(far.session.execute("cont", {}, { signal }))).toBe("qmp.disconnected");
  });

  test("an order that is given up rejects with the caller's reason, and its late answer disturbs nobody", async () => {
    const far = await running();
    const stop = new AbortController();
    const order = far.session.execute("query-status", {}, { signal: stop.signal });
    await Promise.resolve();
    stop.abort(new Error("enough"));
    await expect(order).rejects.toThrow("enough");
    far.answer(1, { return: { running: true, status: "running" } });
    expect(far.session.state).toBe("running");
  });

  test("more waiting orders than the limit are refused", async () => {
    const far = await running({ lineBytes: 1000, depth: 10, pending: 2 });
    const kept = [far.session.execute("cont", {}, { signal }), far.session.execute("cont", {}, { signal })];
    expect(await codeOf(far.session.execute("cont", {}, { signal }))).toBe("qmp.busy");
    far.session.close();
    await Promise.all(kept.map(codeOf));
  });
});

describe("listeners", () => {
  test("hear only their events, from the moment they listen, until the session ends", async () => {
    const far = await running();
    far.say('{"event":"STOP","data":{}}\n');
    using stops = far.session.listen(["STOP"]);
    far.say('{"event":"RESUME"}\n{"event":"STOP","data":{"n":1}}\n');
    far.session.ended("over");
    const heard = [];
    for await (const event of stops) heard.push(event);
    expect(heard).toEqual([{ kind: "event", event: "STOP", data: { n: 1 } }]);
  });

  test("a slow listener loses the oldest and is told how many", async () => {
    const far = await running();
    using slow = far.session.listen(undefined, 2);
    for (let n = 0; n < 5; n++) far.say(`{"event":"RESET","data":{"n":${n}}}\n`);
    far.session.close();
    const heard = [];
    for await (const event of slow) heard.push(event.kind === "event" ? event.data.n : event);
    expect(heard).toEqual([{ kind: "stream.lagged", dropped: 3 }, 3, 4]);
  });
});

describe("for any bytes", () => {
  test("receiving never throws, and ends in a known state", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array(),
            fc.json().map((t) => new TextEncoder().encode(`${t}\n`)),
          ),
        ),
        (pieces) => {
          const far = wire({ lineBytes: 200, depth: 4, pending: 4 });
          far.session.begin();
          for (const piece of pieces) far.session.receive(piece);
          expect(["connecting", "closed"]).toContain(far.session.state);
        },
      ),
    );
  });

  test("a conversation cut anywhere is the same conversation", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(200)), async (cuts) => {
        const far = await running();
        using all = far.session.listen();
        const order = far.session.execute("query-status", {}, { signal });
        await Promise.resolve();
        const text = `{"event":"STOP"}\r\n{"return":{"running":true,"status":"✓"},"id":${far.sent[1]?.id}}\r\n{"event":"RESUME"}\n`;
        const bytes = new TextEncoder().encode(text);
        let from = 0;
        for (const to of [...cuts.map((c) => c % bytes.length).sort((a, b) => a - b), bytes.length]) {
          far.session.receive(bytes.subarray(from, to));
          from = to;
        }
        expect((await order).status).toBe("✓");
        far.session.close();
        const heard = [];
        for await (const event of all) heard.push(event.kind === "event" ? event.event : "?");
        expect(heard).toEqual(["STOP", "RESUME"]);
      }),
      { numRuns: 50 },
    );
  });

  test("a line without end closes the session instead of filling memory", async () => {
    const far = await running({ lineBytes: 1000, depth: 10, pending: 4 });
    for (let n = 0; n < 20; n++) far.say("x".repeat(100));
    expect((await far.session.closed).code).toBe("qmp.bad_message");
  });
});
