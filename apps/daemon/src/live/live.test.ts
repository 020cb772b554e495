// Live connections from end to end, over real sockets, with a pretended guest on the other side.
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { GuestAgent, GuestCommand } from "@mimic/workbench";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeMachine, fakePort } from "../http/testing/fake-workbench.ts";
import { type OpenDoors, openDoors } from "../http/testing/open-doors.ts";
import { createDropper } from "./serial.ts";
import { callAsPage, callOverUnix } from "./testing/caller.ts";

let open: OpenDoors;
beforeEach(async () => {
  open = await openDoors();
});
afterEach(async () => {
  await open[Symbol.asyncDispose]();
});

describe("serial and shell", () => {
  test("the history comes first, then the sign for “live”, then what the guest says; and what is typed reaches it", async () => {
    const port = fakePort("before ");
    open.fake.running = fakeMachine({ serial: [port] });
    using caller = callOverUnix(open, "/machines/hello/serial");
    await caller.until(({ texts }) => texts.length > 0);
    expect([caller.bytes.toString(), caller.texts]).toEqual(["before ", [{ live: true }]]);
    port.say(Buffer.from("after"));
    caller.ws.send(Buffer.from("typed"));
    await caller.until(({ bytes }) => bytes.length === 12 && port.written.length > 0);
    expect(caller.bytes.toString()).toBe("before after");
    expect(Buffer.concat(port.written).toString()).toBe("typed");
  });

  test("a viewer that only watches types nothing; an unknown port and an unknown wish are refused", async () => {
    const port = fakePort();
    open.fake.running = fakeMachine({ serial: [port] });
    using watching = callOverUnix(open, "/machines/hello/serial?viewOnly=1");
    await watching.until(({ texts }) => texts.length > 0);
    watching.ws.send(Buffer.from("typed"));
    watching.ws.ping();
    await new Promise((done) => watching.ws.once("pong", done));
    expect(port.written).toEqual([]);
    using wrong = callOverUnix(open, "/machines/hello/serial?port=3");
    await wrong.until(({ closed }) => closed !== undefined);
    expect([wrong.texts[0], wrong.closed]).toMatchObject([{ problem: { code: "serial.unknown" } }, { code: 4404 }]);
    using odd = callOverUnix(open, "/machines/hello/serial?host=evil");
    await odd.until(({ closed }) => closed !== undefined);
    expect(odd.closed?.code).toBe(1006);
  });

  test("a machine that is off says so, and one that goes off ends the connection", async () => {
    using off = callOverUnix(open, "/machines/hello/serial");
    await off.until(({ closed }) => closed !== undefined);
    expect([off.texts, off.closed?.code]).toMatchObject([[{ problem: { code: "machine.not_running" } }], 4409]);
    let tell: (news: { kind: "exited"; expected: boolean; why: string; lastWords: string }) => void = () => {};
    open.fake.running = fakeMachine({
      serial: [fakePort()],
      listen: (hear) => {
        tell = hear;
        return { [Symbol.dispose]() {} };
      },
    });
    using on = callOverUnix(open, "/machines/hello/serial");
    await on.until(({ texts }) => texts.length > 0);
    tell({ kind: "exited", expected: true, why: "", lastWords: "" });
    await on.until(({ closed }) => closed !== undefined);
    expect(on.texts.at(-1)).toMatchObject({ problem: { code: "machine.went_off" } });
  });

  test("a guest that prints without end costs no memory: what a stalled viewer misses is counted and told (R5)", async () => {
    const port = fakePort();
    open.fake.running = fakeMachine({ serial: [port] });
    using caller = callOverUnix(open, "/machines/hello/serial");
    await caller.until(({ texts }) => texts.length > 0);
    caller.ws.pause();
    const piece = Buffer.alloc(64 * 1024, 120);
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 1600; round++) {
      port.say(piece);
      if (round % 100 === 0) await new Promise((done) => setImmediate(done));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 ** 2);
    caller.ws.resume();
    await caller.until(({ texts }) => texts.some((text) => "dropped" in text));
    const dropped = caller.texts.find((text) => "dropped" in text)?.dropped as number;
    port.say(Buffer.from("END"));
    await caller.until(({ bytes }) => bytes.includes("END"));
    expect(caller.bytes.length - 3 + dropped).toBe(1600 * piece.length);
  });

  test("what is dropped is told before what comes next", () => {
    const told: unknown[] = [];
    let wake = () => {};
    const viewer = {
      full: false,
      send: (b: Uint8Array) => void told.push(b.length),
      tell: (m: object) => void told.push(m),
      whenLow: (call: () => void) => (wake = call),
    };
    const say = createDropper(viewer as never);
    say(new Uint8Array(1));
    viewer.full = true;
    say(new Uint8Array(2));
    say(new Uint8Array(3));
    say(new Uint8Array(4));
    viewer.full = false;
    wake();
    say(new Uint8Array(5));
    expect(told).toEqual([1, 2, { dropped: 7 }, 5]);
  });

  test("a shell's size goes to the guest through its agent, once per rest and never a strange one", async () => {
    const commands: GuestCommand[] = [];
    const exec = async (command: GuestCommand) => {
      commands.push(command);
      return { kind: "exited", code: 0 };
    };
    const agent = { exec } as unknown as GuestAgent;
    open.fake.running = fakeMachine({ shell: fakePort("$ "), agent });
    using caller = callOverUnix(open, "/machines/hello/shell");
    await caller.until(({ texts }) => texts.length > 0);
    for (const resize of [{ columns: 100, rows: 30 }, { columns: 1e9, rows: 1 }, { columns: "$(id)", rows: 24 }, null])
      caller.ws.send(JSON.stringify({ resize }));
    caller.ws.send("{broken");
    caller.ws.ping();
    await new Promise((done) => caller.ws.once("pong", done));
    expect(commands.map((command) => [command.program, ...command.args].join(" "))).toEqual(["stty -F /dev/hvc0 rows 30 cols 100"]);
  });
});

describe("who may speak", () => {
  async function session(): Promise<{ cookie: string; csrf: string }> {
    const made = open.doors.signInAddress().split("#c=")[1];
    const origin = `http://127.0.0.1:${open.port}`;
    const answer = await fetch(`${origin}/api/v1/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json", origin },
      body: JSON.stringify({ code: made }),
    });
    return { cookie: (answer.headers.get("set-cookie") ?? "").split(";")[0] as string, ...((await answer.json()) as { csrf: string }) };
  }

  test("a page's first message must be its CSRF value; anything else ends it before the guest is heard", async () => {
    const port = fakePort("canary");
    open.fake.running = fakeMachine({ serial: [port] });
    const { cookie, csrf } = await session();
    for (const first of ["{}", '{"csrf":"wrong"}', '{"csrf":7}', "not json", Buffer.from(csrf)]) {
      using caller = callAsPage(open, "/machines/hello/serial", { cookie });
      await caller.until(({ ws }) => ws.readyState === 1);
      caller.ws.send(first);
      caller.ws.send(Buffer.from("rm -rf /\n"));
      await caller.until(({ closed }) => closed !== undefined);
      expect([caller.bytes.length, caller.closed?.code, caller.texts.at(-1)]).toMatchObject([
        0,
        4401,
        { problem: { code: "daemon.csrf_missing" } },
      ]);
    }
    expect(port.written).toEqual([]);
    using good = callAsPage(open, "/machines/hello/serial", { cookie });
    await good.until(({ ws }) => ws.readyState === 1);
    good.ws.send(JSON.stringify({ csrf }));
    good.ws.send(Buffer.from("ls\n"));
    await good.until(() => port.written.length > 0);
    expect([good.bytes.toString(), Buffer.concat(port.written).toString()]).toEqual(["canary", "ls\n"]);
    await fetch(`http://127.0.0.1:${open.port}/api/v1/sessions`, { method: "DELETE", headers: { cookie, "x-mimic-csrf": csrf } });
    await good.until(({ closed }) => closed !== undefined);
    expect(good.closed).toEqual({ code: 4401, reason: "daemon.not_signed_in" });
  });
});

describe("exec", () => {
  const agentThat = (exec: GuestAgent["exec"]) => fakeMachine({ agent: { exec } as unknown as GuestAgent });

  test("streams both ways and passes the exit status through", async () => {
    open.fake.running = agentThat(async ({ program, args, stdin, onStdout, onStderr }) => {
      await onStderr(Buffer.from(`${program} ${args.join(" ")}`));
      for await (const bytes of stdin ?? []) await onStdout(Buffer.from(bytes).reverse());
      return { kind: "exited", code: 3 };
    });
    using caller = callOverUnix(open, "/machines/hello/exec");
    await caller.until(({ ws }) => ws.readyState === 1);
    caller.ws.send(JSON.stringify({ program: "rev", args: ["-x"], stdin: true }));
    caller.ws.send(Buffer.from("abc"));
    caller.ws.send(JSON.stringify({ eof: true }));
    await caller.until(({ closed }) => closed !== undefined);
    expect(caller.binary.map((bytes) => [bytes[0], bytes.subarray(1).toString()])).toEqual([
      [2, "rev -x"],
      [1, "cba"],
    ]);
    expect([caller.texts, caller.closed?.code]).toEqual([[{ exit: { kind: "exited", code: 3 } }], 1000]);
  });

  test("closing the connection ends the command", async () => {
    const { promise: ended, resolve } = Promise.withResolvers<boolean>();
    open.fake.running = agentThat(async (_command, { signal }) => {
      signal.addEventListener("abort", () => resolve(true), { once: true });
      await ended;
      return { kind: "signalled", signal: 9 };
    });
    using caller = callOverUnix(open, "/machines/hello/exec");
    await caller.until(({ ws }) => ws.readyState === 1);
    caller.ws.send(JSON.stringify({ program: "sleep", args: [], stdin: false }));
    setTimeout(() => caller.ws.close(), 20);
    expect(await ended).toBe(true);
  });

  test("a command that prints without end waits for its viewer", async () => {
    let printed = 0;
    open.fake.running = agentThat(async ({ onStdout }, { signal }) => {
      while (!signal.aborted && printed < 400 * 65_536) {
        await onStdout(new Uint8Array(65_536));
        printed += 65_536;
        await new Promise((done) => setImmediate(done));
      }
      return { kind: "exited", code: 0 };
    });
    using caller = callOverUnix(open, "/machines/hello/exec");
    await caller.until(({ ws }) => ws.readyState === 1);
    caller.ws.pause();
    caller.ws.send(JSON.stringify({ program: "yes", args: [], stdin: false }));
    await new Promise((done) => setTimeout(done, 300));
    expect(printed).toBeGreaterThan(0);
    expect(printed).toBeLessThan(4 * 1024 ** 2);
    caller.ws.resume();
    await caller.until(({ closed }) => closed !== undefined, 10_000);
    expect(caller.bytes.length).toBe(400 * 65_537);
  });

  test("a request that is none, or a machine without an agent, is refused", async () => {
    open.fake.running = agentThat(async () => ({ kind: "exited", code: 0 }));
    for (const first of [
      "{}",
      JSON.stringify({ program: "a\u0000b", args: [], stdin: false }),
      JSON.stringify({ program: "a", args: [], stdin: true, shell: 1 }),
    ]) {
      using caller = callOverUnix(open, "/machines/hello/exec");
      await caller.until(({ ws }) => ws.readyState === 1);
      caller.ws.send(first);
      await caller.until(({ closed }) => closed !== undefined);
      expect(caller.closed).toEqual({ code: 4400, reason: "input.invalid" });
    }
    open.fake.running = fakeMachine({});
    using none = callOverUnix(open, "/machines/hello/exec");
    await none.until(({ closed }) => closed !== undefined);
    expect(none.closed).toEqual({ code: 4409, reason: "agent.none" });
  });
});

describe("screen and sound", () => {
  const INIT = Buffer.from([2, 128, 1, 224, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
  const NAME = Buffer.from("QEMU \u001b]0;x\u0007<img src=x>");

  /** A display server that greets as QEMU does, then does what the test says with what the viewer sent. */
  async function display(after: (socket: Socket, message: Buffer) => void): Promise<{ path: string; server: Server }> {
    const server = createServer((socket) => {
      const greeting = [12, 1, 1];
      socket.on("error", () => {});
      socket.write("RFB 003.008\n");
      socket.on("data", (bytes: Buffer) => {
        let rest = bytes;
        while (greeting.length > 0 && rest.length > 0) {
          rest = rest.subarray(greeting[0]);
          const left = greeting.length;
          greeting.shift();
          if (left === 3) socket.write(Uint8Array.of(2, 19, 1));
          if (left === 2) socket.write(Uint8Array.of(0, 0, 0, 0));
          const length = Buffer.alloc(4);
          length.writeUInt32BE(NAME.length);
          if (left === 1) socket.write(Buffer.concat([INIT, length, NAME]));
        }
        if (rest.length > 0) after(socket, rest);
      });
    });
    const path = join(open.folder, "run", "display");
    await new Promise<void>((done) => server.listen(path, done));
    return { path, server };
  }

  test("a viewer is greeted, its wishes are cut, pictures go through, and a broken rule ends it with a word (Q7)", async () => {
    const heard: Buffer[] = [];
    const { path, server } = await display((socket, message) => {
      heard.push(message);
      if (message[0] === 3)
        socket.write(Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 3, 0, 0, 0, 0, 0, 0, 2, 65, 65, 2]));
      if (message[0] === 4) socket.write(Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]));
    });
    open.fake.running = fakeMachine({ displaySocket: path });
    using caller = callOverUnix(open, "/machines/hello/display");
    await caller.until(({ bytes }) => bytes.length >= 12);
    caller.ws.send(Buffer.from("RFB 003.008\n"));
    caller.ws.send(Uint8Array.of(1));
    caller.ws.send(Uint8Array.of(0));
    await caller.until(({ bytes }) => bytes.length >= 42);
    expect(caller.bytes.includes(0x1b)).toBe(false);
    expect(caller.bytes.toString("latin1")).toContain("QEMU");
    const greeted = caller.bytes.length;
    caller.ws.send(Buffer.from([3, 0, 0, 0, 0, 0, 0, 1, 0, 1]));
    await caller.until(({ bytes }) => bytes.length > greeted + 20);
    expect([...caller.bytes.subarray(greeted)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 2]);
    caller.ws.send(Buffer.from([4, 1, 0, 0, 0, 0, 0, 65]));
    await caller.until(({ closed }) => closed !== undefined);
    expect([caller.texts, caller.closed?.code]).toMatchObject([[{ problem: { code: "display.broke_rules" } }], 4502]);
    expect(heard.length).toBe(2);
    server.close();
  });

  test("a slow viewer makes the display wait instead of filling the memory", async () => {
    let written = 0;
    const { path, server } = await display((socket, message) => {
      if (message[0] !== 3) return;
      const rect = Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 4, 0, 0, 0, 0, 0]), Buffer.alloc(4 * 1024 ** 2)]);
      const flood = () => {
        while (written < 200 && !socket.destroyed) {
          written++;
          if (!socket.write(rect)) return;
        }
      };
      socket.on("drain", flood);
      flood();
    });
    open.fake.running = fakeMachine({ displaySocket: path });
    using caller = callOverUnix(open, "/machines/hello/display");
    await caller.until(({ bytes }) => bytes.length >= 12);
    caller.ws.send(Buffer.concat([Buffer.from("RFB 003.008\n"), Uint8Array.of(1, 1)]));
    await caller.until(({ bytes }) => bytes.length >= 42);
    caller.ws.pause();
    caller.ws.send(Buffer.from([3, 0, 0, 0, 0, 0, 4, 0, 4, 0]));
    await new Promise((done) => setTimeout(done, 400));
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(8);
    caller.ws.resume();
    await caller.until(() => written > 20);
    expect(written).toBeGreaterThan(20);
    caller.ws.terminate();
    server.close();
  });

  test("sound is asked for as QEMU wants it, and its samples come with the signs of begin and end", async () => {
    const heard: Buffer[] = [];
    const { path, server } = await display((socket, message) => {
      heard.push(message);
      const all = Buffer.concat(heard);
      if (all.length === 4 + 12 + 10) socket.write(Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 2, 128, 1, 224, 255, 255, 254, 253]));
      if (all.length === 26 + 14) socket.write(Buffer.from([255, 1, 0, 1, 255, 1, 0, 2, 0, 0, 0, 4, 9, 8, 7, 6, 255, 1, 0, 0]));
    });
    open.fake.running = fakeMachine({ displaySocket: path, hasSound: true });
    using caller = callOverUnix(open, "/machines/hello/sound");
    await caller.until(({ texts }) => texts.length === 2);
    expect(caller.texts).toEqual([{ sound: "begin" }, { sound: "end" }]);
    expect([...caller.bytes]).toEqual([9, 8, 7, 6]);
    expect([...Buffer.concat(heard).subarray(26)]).toEqual([255, 1, 0, 2, 3, 2, 0, 0, 172, 68, 255, 1, 0, 0]);
    caller.ws.terminate();
    server.close();
  });

  test("a display that never offers sound is given up", async () => {
    const { path, server } = await display(() => {});
    open.fake.running = fakeMachine({ displaySocket: path, hasSound: true });
    using caller = callOverUnix(open, "/machines/hello/sound");
    await caller.until(({ closed }) => closed !== undefined);
    expect(caller.closed?.reason).toBe("sound.unavailable");
    server.close();
  });

  test("no screen, no sound, nobody there: each has its own word", async () => {
    const cases = [
      ["display", {}, "display.none"],
      ["sound", {}, "sound.none"],
      ["display", { displaySocket: join(open.folder, "nothing") }, "display.unreachable"],
    ] as const;
    for (const [kind, parts, code] of cases) {
      open.fake.running = fakeMachine(parts);
      using caller = callOverUnix(open, `/machines/hello/${kind}`);
      await caller.until(({ closed }) => closed !== undefined);
      expect(caller.closed?.reason).toBe(code);
    }
  });
});

describe("events", () => {
  const event = (seq: number) => ({ seq, at: "2026-01-01T00:00:00.000Z", fact: { kind: "job.started" as const, jobId: `job_${seq}` } });
  const listen = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`http://127.0.0.1:${open.port}/api/v1/events${path}`, {
      headers: { authorization: `Bearer ${open.token}`, ...headers },
      signal: signal ?? null,
    });

  test("each has its number; a reader goes on after the last one it saw, and a gap is told", async () => {
    open.fake.events = (async function* () {
      yield event(8);
      yield { kind: "stream.lagged" as const, seq: 20, dropped: 11 };
      yield event(21);
    })();
    const text = await (await listen("?after=7")).text();
    expect(text.match(/^id: \d+$/gm)).toEqual(["id: 8", "id: 20", "id: 21"]);
    const data = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json as string) as { kind?: string; dropped?: number });
    expect(data[1]).toEqual({ kind: "stream.lagged", seq: 20, dropped: 11 });
    await (await listen("", { "last-event-id": "1790000000000001" })).text();
    expect((await listen("?after=x")).status).toBe(400);
    expect(open.fake.eventsAskedAfter).toEqual([7, 1_790_000_000_000_001]);
  });

  test("a reader that stalls is not sent more than it takes, and one that leaves is forgotten", async () => {
    let given = 0;
    let left = false;
    open.fake.events = (async function* () {
      try {
        for (; given < 100_000; given++) yield { ...event(given), at: "x".repeat(1000) };
      } finally {
        left = true;
      }
    })();
    const away = new AbortController();
    await listen("", {}, away.signal);
    await new Promise((done) => setTimeout(done, 300));
    expect(given).toBeGreaterThan(10);
    expect(given).toBeLessThan(20_000);
    away.abort();
    for (let at = 0; at < 40 && !left; at++) await new Promise((done) => setTimeout(done, 50));
    expect(left).toBe(true);
  });
});
