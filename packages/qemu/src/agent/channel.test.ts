// A far end that breaks the rules in every way we could think of. The channel names it, and never throws on bytes.
import { MimicError } from "@mimic/base";
import { VirtualClock } from "@mimic/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AGENT_LINE_BYTES, AgentChannel } from "./channel.ts";

const options = { signal: new AbortController().signal };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function wire() {
  const clock = new VirtualClock();
  const sent: { execute: string; arguments: { id: number } }[] = [];
  let closed = false;
  let chance = 0;
  const channel = new AgentChannel(
    {
      send: (bytes) => {
        if (bytes[0] !== 0xff) sent.push(JSON.parse(new TextDecoder().decode(bytes)));
      },
      waiting: () => 0,
      close: () => {
        closed = true;
      },
    },
    clock,
    { bytes: (count) => Uint8Array.from({ length: count }, () => ++chance & 255) },
  );
  const say = (text: string): void => channel.receive(bytesOf(text));
  const answerSync = (index: number): void => {
    channel.receive(Uint8Array.of(0xff));
    say(`${JSON.stringify({ return: sent[index]?.arguments.id })}\n`);
  };
  return { channel, clock, sent, say, answerSync, closed: () => closed };
}

async function synced() {
  const far = wire();
  far.channel.beginSync();
  far.answerSync(0);
  await far.channel.whenSynced(options);
  return far;
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error instanceof MimicError ? error.code : error),
  );
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test("is ready once the agent answers the very question, whatever noise came before", async () => {
  const far = wire();
  far.channel.beginSync();
  far.say('{"error":{"class":"GenericError","desc":"JSON parse error"}}\n{"return":12345}\nnoise');
  expect(far.channel.synced).toBe(false);
  far.answerSync(0);
  expect(far.channel.synced).toBe(true);
});

test("a slow guest that answers every repeated synchronisation does not shift the answers", async () => {
  const far = wire();
  far.channel.beginSync();
  const ready = far.channel.whenSynced(options);
  await far.clock.pass(10_001);
  await settle();
  expect(far.sent).toHaveLength(2);
  far.answerSync(0);
  expect(far.channel.synced).toBe(false);
  far.say('{"error":{"class":"GenericError","desc":"JSON parse error"}}\n');
  far.answerSync(1);
  await ready;
  const reply = far.channel.call("guest-info", {}, options);
  await settle();
  far.answerSync(1);
  far.say('{"return":{"version":"7"}}\n');
  expect(await reply).toEqual({ version: "7" });
});

describe("an agent that misbehaves", () => {
  const cases: readonly [string, string, string][] = [
    ["says no JSON", "hello\n", "agent.misbehaved"],
    ["nests too deep", `${"[".repeat(50)}${"]".repeat(50)}\n`, "agent.misbehaved"],
    ["sends a line that is too long", `"${"x".repeat(AGENT_LINE_BYTES + 10)}"\n`, "agent.misbehaved"],
    ["answers with a list", "[]\n", "agent.misbehaved"],
    ["answers with null", "null\n", "agent.misbehaved"],
    ["refuses", '{"error":{"class":"GenericError","desc":"no\\u001b[2J"}}\n', "agent.refused"],
    ["refuses without words", '{"error":{}}\n', "agent.refused"],
  ];
  for (const [name, words, code] of cases)
    test(`and ${name}: ${code}`, async () => {
      const far = await synced();
      const reply = outcome(far.channel.call("guest-info", {}, options));
      await settle();
      far.say(words);
      expect(await reply).toBe(code);
    });

  test("by saying nothing is absent after the time limit, and is synchronised anew before the next question", async () => {
    const far = await synced();
    const reply = outcome(far.channel.call("guest-info", {}, { ...options, timeoutMs: 5000 }));
    await settle();
    await far.clock.pass(5001);
    expect(await reply).toBe("agent.absent");
    const next = far.channel.call("guest-ping", {}, options);
    await settle();
    expect(far.sent.at(-1)?.execute).toBe("guest-sync-delimited");
    far.say('{"return":"the old answer"}\n');
    far.answerSync(far.sent.length - 1);
    await settle();
    far.say('{"return":{}}\n');
    expect(await next).toEqual({});
  });

  test("by starting again answers nothing that was asked before, and questions after that do not wait for it", async () => {
    const far = await synced();
    const reply = outcome(far.channel.call("guest-exec", {}, options));
    const behind = far.channel.call("guest-ping", {}, options);
    await settle();
    far.channel.beganAnew();
    expect(await reply).toBe("agent.absent");
    await settle();
    far.answerSync(far.sent.length - 1);
    await settle();
    far.say('{"return":{}}\n');
    expect(await behind).toEqual({});
  });

  test("by talking without end is cut off", async () => {
    const far = await synced();
    for (let i = 0; i < 300; i++) far.say(`"${"x".repeat(8000)}"\n`);
    expect(far.closed()).toBe(true);
    expect(await outcome(far.channel.call("guest-ping", {}, options))).toBe("agent.absent");
  });
});

test("one question at a time", async () => {
  const far = await synced();
  const both = Promise.all([far.channel.call("guest-info", {}, options), far.channel.call("guest-ping", {}, options)]);
  await settle();
  expect(far.sent.map((m) => m.execute)).toEqual(["guest-sync-delimited", "guest-info"]);
  far.say('{"return":1}\n');
  await settle();
  far.say('{"return":2}\n');
  expect(await both).toEqual([1, 2]);
});

test("any bytes, in any state, never throw", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.uint8Array({ maxLength: 100 })), (ready, pieces) => {
      const far = wire();
      far.channel.beginSync();
      if (ready) far.answerSync(0);
      for (const piece of pieces) far.channel.receive(piece);
    }),
  );
});
