// The guest agent of a real Linux: commands that stream, input, files, aborts, shutdown.
import { setTimeout as wait } from "node:timers/promises";
import type { GuestAgent, RunningMachine } from "@mimic/workbench/ports";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { QemuAgent } from "../src/agent/agent.ts";
import { aPlan } from "./context.ts";
import { linuxGuest } from "./guests.ts";
import { aWorkshop, newsOf, patient, type Workshop } from "./real-ports.ts";

let shop: Workshop;
let machine: RunningMachine;
let agent: QemuAgent;

beforeAll(async () => {
  const guest = await linuxGuest();
  shop = await aWorkshop();
  const plan = aPlan(
    {
      memoryMiB: 256,
      input: "ps2",
      directBoot: { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: guest.commandLine },
    },
    { kernel: guest.kernel, initrd: guest.initrd },
    `${shop.folder}/m`,
  );
  machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  agent = machine.agent as QemuAgent;
  await agent.waitUntilReady(patient());
});
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
});

async function run(program: string, args: readonly string[], more: Partial<Parameters<GuestAgent["exec"]>[0]> = {}, options = patient()) {
  let out = "";
  let err = "";
  const exit = await agent.exec(
    {
      program,
      args,
      onStdout: (bytes) => {
        out += new TextDecoder().decode(bytes);
      },
      onStderr: (bytes) => {
        err += new TextDecoder().decode(bytes);
      },
      ...more,
    },
    options,
  );
  return { exit, out, err };
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

/** Without the folder for commands, and so without any of the three. */
const root = async (script: string) =>
  expect((await agent.quick({ program: "/bin/sh", args: ["-c", script] }, patient())).code, script).toBe(0);
/** What runs a command of ours now. */
const by = async () => (await run("sh", ["-c", "ps | grep -oE '[/]lib/mimic/run|[.]mimic-[0-9a-f]+/run' | head -n 1"])).out.trim();
async function beginAnew(): Promise<void> {
  await root("rm -r /dev/shm/.mimic-*");
  agent.guestWasReset();
  await agent.waitUntilReady(patient());
}

describe.each([
  { what: "the runner", prepare: async () => expect(await by()).toBe("/lib/mimic/run") },
  {
    what: "a runner that is lent, where there is none",
    prepare: async () => {
      await root("mv /lib/mimic/run /root/");
      await beginAnew();
      expect([await by(), await by()]).toEqual(["", expect.stringMatching(/^.mimic-[0-9a-f]+.run$/)]);
    },
  },
  {
    what: "the shell script, where no program runs from our folder",
    prepare: async () => {
      await root("mount -o remount,noexec /dev/shm");
      await beginAnew();
      expect([await by(), await by()]).toEqual(["", ""]);
    },
  },
])("a command, by $what:", ({ prepare }) => {
  beforeAll(async () => {
    await prepare();
  });

  test("output, errors and exit status come through apart", async () => {
    expect(await run("sh", ["-c", "echo out; echo err >&2; exit 7"])).toEqual({
      exit: { kind: "exited", code: 7 },
      out: "out\n",
      err: "err\n",
    });
    expect((await run("no-such-program", [])).exit).toEqual({ kind: "exited", code: 127 });
    expect((await run("exit", ["3"])).exit).toEqual({ kind: "exited", code: 127 });
  });

  test("arguments and variables arrive as they are", async () => {
    const odd = ["a b", "c;d", "$(id)", "'", '"', "\\", "*", "-n", "ü\n"];
    expect((await run("printf", ["%s|", ...odd])).out).toBe(`${odd.join("|")}|`);
    expect((await run("sh", ["-c", 'printf %s "$GREETING"'], { env: ["GREETING=it's $HOME"] })).out).toBe("it's $HOME");
  });

  test("output streams while the command runs", async () => {
    const times: number[] = [];
    await run("sh", ["-c", "echo one; sleep 2; echo two"], { onStdout: () => void times.push(performance.now()) });
    expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThan(1000);
  });

  test("eight megabytes come whole and in order, though the guest holds only a few at a time", async () => {
    let bytes = 0;
    let wrong = 0;
    const { exit } = await run("sh", ["-c", "yes 0123456 | head -c 8388608"], {
      onStdout: (piece) => {
        for (const byte of piece) if (byte !== "0123456\n".charCodeAt(bytes++ % 8)) wrong++;
      },
    });
    expect({ exit, bytes, wrong }).toEqual({ exit: { kind: "exited", code: 0 }, bytes: 8_388_608, wrong: 0 });
  });

  test("input reaches the command and its end is seen", async () => {
    expect((await run("cat", [], { stdin: pieces("hello ", "world\n") })).out).toBe("hello world\n");
    expect((await run("wc", ["-c"], { stdin: pieces("x".repeat(700_000)) })).out.trim()).toBe("700000");
    // A command that does not read its input ends all the same.
    expect((await run("true", [], { stdin: pieces("y".repeat(100_000)) })).exit).toEqual({ kind: "exited", code: 0 });
  });

  test("what a command reads and says is in a folder that others in the guest can neither list nor enter", async () => {
    const look = `ls -ld /dev/shm/.mimic-* | cut -c1-10; su nobody -s /bin/sh -c 'echo here; cat /dev/shm/.mimic-*/* >/dev/null 2>&1' && echo read; cat >/dev/null; sleep 0.3; cat /dev/shm/.mimic-*/*.o.0 >/dev/null && echo own`;
    // The controls: the other one does look, and who may enter reads.
    expect((await run("sh", ["-c", look], { stdin: pieces("secret\n") })).out).toBe("drwx------\nhere\nown\n");
  });

  test("an aborted command is ended in the guest and leaves no files", async () => {
    const stop = new AbortController();
    const running = run(
      "sh",
      ["-c", "echo go; sleep 4711"],
      { onStdout: () => stop.abort(new Error("enough")) },
      { signal: stop.signal, report: () => {} },
    );
    await expect(running).rejects.toThrow("enough");
    await wait(3000);
    expect((await run("sh", ["-c", "ps | grep -c '[s]leep 4711'"])).out.trim()).toBe("0");
    expect((await run("sh", ["-c", "echo >&2; sleep 0.3; ls -d /dev/shm/.mimic-*/*.* | cut -d. -f1,2 | sort -u | wc -l"])).out.trim()).toBe(
      "1",
    );
  });
});

test("a file goes in and comes out the same", async () => {
  const bytes = Uint8Array.from({ length: 500_000 }, (_, i) => (i * 7919) & 255);
  await agent.writeFile(
    "/tmp/x",
    (async function* () {
      yield bytes;
    })(),
    patient(),
  );
  const back: Uint8Array[] = [];
  for await (const piece of agent.readFile("/tmp/x", patient())) back.push(piece);
  expect(Buffer.concat(back).equals(bytes)).toBe(true);
  await expect(async () => {
    for await (const _ of agent.readFile("/no/such", patient()));
  }).rejects.toMatchObject({ code: "agent.refused" });
});

test("the guest says who it is, and shuts down when asked", async () => {
  expect((await agent.describe(patient())).agentVersion).toMatch(/^\d/);
  const gone = newsOf(machine, "exited");
  await machine.pressPowerButton(patient());
  expect(await gone).toMatchObject({ expected: true });
});
