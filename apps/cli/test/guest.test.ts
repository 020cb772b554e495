import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecRequest } from "@mimic/api/live";
import { describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { packFolder } from "../src/folder-tar.ts";
import { tarEnd, tarHeader, tarPadding } from "../src/tar.ts";
import { aMachine, FakeDaemon } from "./fake-daemon.ts";
import { runCli } from "./run-cli.ts";

type Command = (
  request: ExecRequest,
  guest: { out(data: string | Uint8Array): void; err(data: string): void; exit(end: object): void; stdin: Promise<Buffer> },
) => void;

/** A guest whose commands are functions. */
function execs(daemon: FakeDaemon, command: Command): ExecRequest[] {
  const requests: ExecRequest[] = [];
  daemon.onLive("/machines/hello/exec", (socket: WebSocket) => {
    const input: Buffer[] = [];
    const stdin = Promise.withResolvers<Buffer>();
    const send = (stream: number) => (data: string | Uint8Array) =>
      socket.send(Buffer.concat([Buffer.of(stream), Buffer.from(data as string)]));
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) return void input.push(data);
      const message = JSON.parse(data.toString()) as ExecRequest | { eof: true };
      if ("eof" in message) return stdin.resolve(Buffer.concat(input));
      requests.push(message);
      command(message, { out: send(1), err: send(2), exit: (exit) => socket.send(JSON.stringify({ exit })), stdin: stdin.promise });
    });
  });
  return requests;
}
const folder = (): Disposable & { path: string } => {
  const path = mkdtempSync(join(tmpdir(), "mimic-cp-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
};
const ESC = "\u001b";

describe("exec", () => {
  test("passes both streams and the command's own number", async () => {
    await using daemon = await FakeDaemon.start();
    const requests = execs(daemon, (_, guest) => {
      guest.out("out\n");
      guest.err("err\n");
      guest.exit({ kind: "exited", code: 42 });
    });
    expect(await runCli(["exec", "-e", "A=b", "hello", "-n", "--", "ls", "--json", "-l"], daemon)).toEqual({
      code: 42,
      out: "out\n",
      err: "err\n",
    });
    expect(requests).toEqual([{ program: "ls", args: ["--json", "-l"], env: ["A=b"], stdin: false }]);
  });

  test("reads the command without --, too, and leaves its options alone", async () => {
    await using daemon = await FakeDaemon.start();
    const requests = execs(daemon, (_, guest) => guest.exit({ kind: "exited", code: 0 }));
    await runCli(["exec", "hello", "tar", "-n", "--help"], daemon);
    expect(requests[0]).toEqual({ program: "tar", args: ["-n", "--help"], stdin: true });
  });

  test("passes standard input to its end", async () => {
    await using daemon = await FakeDaemon.start();
    execs(daemon, (_, guest) => {
      void guest.stdin.then((all) => {
        guest.out(all);
        guest.exit({ kind: "exited", code: 0 });
      });
    });
    const big = "x".repeat(300_000);
    expect((await runCli(["exec", "hello", "--", "cat"], { home: daemon.home, stdin: ["one ", big] })).out).toBe(`one ${big}`);
  });

  test("a signal in the guest ends with 128 and its number", async () => {
    await using daemon = await FakeDaemon.start();
    execs(daemon, (_, guest) => guest.exit({ kind: "signalled", signal: 9 }));
    expect((await runCli(["exec", "hello", "--", "x"], daemon)).code).toBe(137);
  });

  test("bytes go into a pipe as they are, and onto a terminal without what it would obey", async () => {
    await using daemon = await FakeDaemon.start();
    execs(daemon, (_, guest) => {
      guest.out(`${ESC}[31mred${ESC}[0m ${ESC}]52;c;aGk=\u0007\u009b2J\n`);
      guest.exit({ kind: "exited", code: 0 });
    });
    expect((await runCli(["exec", "hello", "--", "x"], daemon)).out).toContain(`${ESC}[31mred`);
    expect((await runCli(["exec", "hello", "--", "x"], { home: daemon.home, terminal: true })).out).toBe("red \n");
  });

  test("--json gives one object", async () => {
    await using daemon = await FakeDaemon.start();
    execs(daemon, (_, guest) => {
      guest.out("a");
      guest.err("b");
      guest.exit({ kind: "exited", code: 3 });
    });
    const ran = await runCli(["exec", "--json", "hello", "--", "x"], daemon);
    expect([ran.code, JSON.parse(ran.out)]).toEqual([3, { exit: { kind: "exited", code: 3 }, stdout: "a", stderr: "b", cut: false }]);
  });

  test("an unknown machine ends with 4, a refusal within the connection with 3, a cut connection with 5", async () => {
    await using daemon = await FakeDaemon.start();
    expect((await runCli(["exec", "nope", "--", "x"], daemon)).code).toBe(4);
    daemon.onLive("/machines/off/exec", (socket) => {
      socket.send(JSON.stringify({ problem: { code: "machine.not_running", message: "“off” is off.", hint: "Start it." } }));
      socket.close();
    });
    expect((await runCli(["exec", "off", "--", "x"], daemon)).code).toBe(3);
    daemon.onLive("/machines/cut/exec", (socket) => socket.terminate());
    expect((await runCli(["exec", "cut", "--", "x"], daemon)).code).toBe(5);
  });
});

describe("console", () => {
  test("passes bytes both ways as they are, leaves at Ctrl-], and puts the terminal right", async () => {
    await using daemon = await FakeDaemon.start();
    const got: string[] = [];
    daemon.onLive("/machines/hello/serial", (socket, url) => {
      got.push(url.search);
      socket.send(Buffer.from(`history${ESC}[6n${ESC}[c${ESC}]10;?\u0007${ESC}[?1049h`));
      socket.send(JSON.stringify({ live: true }));
      socket.send(Buffer.from(`${ESC}[6n`));
      socket.on("message", (data: Buffer) => got.push(data.toString()));
    });
    const ran = await runCli(["console", "hello", "--port", "1"], {
      home: daemon.home,
      terminal: true,
      stdin: ["ls\r", "more\u001dnever"],
    });
    expect(ran.code).toBe(0);
    expect(got).toEqual(["?port=1", "ls\r", "more"]);
    // Questions of the past are not asked again; those of now reach the terminal.
    expect(ran.out.startsWith(`history${ESC}[?1049h${ESC}[6n`)).toBe(true);
    expect(ran.out).toContain(`${ESC}[?1049l`);
    expect(ran.err).toContain("Leave with Ctrl-]");
  });

  test("ends by itself when the machine does", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.onLive("/machines/hello/serial", (socket) => {
      socket.send(Buffer.from("bye"));
      socket.close(1000);
    });
    expect(await runCli(["console", "hello"], daemon)).toEqual({ code: 0, out: "bye", err: "" });
  });
});

describe("shell", () => {
  test("tells the terminal's size first", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("GET", "/machines/hello", { body: aMachine({ name: "hello" }) });
    const told: unknown[] = [];
    daemon.onLive("/machines/hello/shell", (socket) => {
      socket.on("message", (data: Buffer, isBinary) => {
        told.push(isBinary ? data.toString() : JSON.parse(data.toString()));
        if (isBinary) socket.close(1000);
      });
    });
    await runCli(["shell", "hello"], { home: daemon.home, terminal: true, stdin: ["exit\r"] });
    expect(told).toEqual([{ resize: { columns: 100, rows: 30 } }, "exit\r"]);
  });
});

describe("a shell that ends in the guest", () => {
  const END = "\u001b]777;mimic;shell-ended\u0007";
  const joined = async (pieces: readonly string[]) => {
    await using daemon = await FakeDaemon.start();
    daemon.on("GET", "/machines/hello", { body: aMachine({ name: "hello" }) });
    daemon.onLive("/machines/hello/shell", (socket) => {
      // An earlier shell's end is history, and no reason to leave.
      socket.send(Buffer.from(`earlier${END}`));
      socket.send(JSON.stringify({ live: true }));
      for (const piece of pieces) socket.send(Buffer.from(piece));
    });
    return await runCli(["shell", "hello"], { home: daemon.home, terminal: true });
  };

  test("is left, and what the next one says is not shown, however the mark is cut", async () => {
    for (const cut of [0, 1, 9, END.length - 1, END.length]) {
      const ran = await joined([`bye${END.slice(0, cut)}`, `${END.slice(cut)}next prompt`, "and more"]);
      expect(ran.code).toBe(0);
      expect(ran.out).toContain("bye");
      expect(ran.out).not.toContain("next prompt");
      expect(ran.out).not.toContain("and more");
      expect(ran.err).toContain("The shell ended.");
    }
  });
});

describe("cp", () => {
  const looks = (kind: string) => (request: ExecRequest, guest: Parameters<Command>[1]) => {
    if (!request.args[1]?.includes("[ -d")) return false;
    guest.out(`${kind}\n`);
    guest.exit({ kind: "exited", code: 0 });
    return true;
  };

  test("sends a file through the agent, under its own name into a folder", async () => {
    await using daemon = await FakeDaemon.start();
    using here = folder();
    writeFileSync(join(here.path, "a b.txt"), "hello");
    execs(daemon, looks("folder"));
    daemon.on("POST", "/machines/hello/files", { body: {} });
    const ran = await runCli(["cp", join(here.path, "a b.txt"), "hello:/tmp"], daemon);
    expect([ran.code, ran.out]).toEqual([0, "Copied one file (5 B) to hello:/tmp/a b.txt.\n"]);
    const post = daemon.asked.find(({ method }) => method === "POST");
    expect([post?.path, post?.body]).toEqual(["/machines/hello/files?path=%2Ftmp%2Fa+b.txt", "hello"]);
  });

  test("fetches a file whole or not at all", async () => {
    await using daemon = await FakeDaemon.start();
    using here = folder();
    execs(daemon, looks("file\n5"));
    daemon.on("GET", "/machines/hello/files", (_, response) => void response.writeHead(200).end("bytes"));
    expect((await runCli(["cp", "hello:/etc/motd", here.path], daemon)).code).toBe(0);
    expect(readFileSync(join(here.path, "motd"), "utf8")).toBe("bytes");
    daemon.on("GET", "/machines/hello/files", (_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    });
    expect((await runCli(["cp", "hello:/etc/cut", here.path], daemon)).code).not.toBe(0);
    expect(readdirSync(here.path)).toEqual(["motd"]);
  });

  test("says so when there is nothing, here or there", async () => {
    await using daemon = await FakeDaemon.start();
    execs(daemon, looks("nothing"));
    expect((await runCli(["cp", "hello:/none", "."], daemon)).err).toContain("(cp.no_such_guest_file)");
    expect((await runCli(["cp", "/nonexistent-here", "hello:/tmp"], daemon)).err).toContain("(cp.no_such_file)");
  });

  test("takes a folder there and back unchanged: files, empty folders, long names, links, modes", async () => {
    await using daemon = await FakeDaemon.start();
    using here = folder();
    const source = join(here.path, "source");
    const deep = join(source, "d".repeat(60), "e".repeat(60));
    mkdirSync(deep, { recursive: true });
    mkdirSync(join(source, "empty"));
    writeFileSync(join(deep, `ü${"n".repeat(90)}`), "deep");
    writeFileSync(join(source, "run.sh"), "#!/bin/sh\n");
    chmodSync(join(source, "run.sh"), 0o755);
    writeFileSync(join(source, "big"), Buffer.alloc(200_001, 7));
    symlinkSync("run.sh", join(source, "link"));
    let sent = Buffer.alloc(0);
    execs(daemon, (request, guest) => {
      if (looks(request.args[3] === "/srv" ? "nothing" : "folder")(request, guest)) return;
      if (request.program === "tar") {
        guest.out(sent);
        guest.exit({ kind: "exited", code: 0 });
        return;
      }
      void guest.stdin.then((all) => {
        sent = Buffer.from(all);
        guest.exit({ kind: "exited", code: 0 });
      });
    });
    expect((await runCli(["cp", source, "hello:/srv"], daemon)).code).toBe(0);
    const back = join(here.path, "back");
    const ran = await runCli(["cp", "hello:/data", back], daemon);
    expect([ran.err, ran.code]).toEqual(["", 0]);
    const list = (at: string, inside = ""): string[] =>
      readdirSync(join(at, inside))
        .toSorted()
        .flatMap((name) => {
          const found = lstatSync(join(at, inside, name));
          const path = `${inside}/${name}`;
          return found.isDirectory()
            ? [path, ...list(at, path)]
            : [`${path} ${found.isFile() ? readFileSync(join(at, path), "latin1").length : "link"} ${(found.mode & 0o777).toString(8)}`];
        });
    expect(list(back)).toEqual(list(source));
    expect((await runCli(["cp", "hello:/data", back], daemon)).code).toBe(0);
    expect(readdirSync(join(back, "data"))).toContain("run.sh");
    expect((await runCli(["cp", "hello:/data", back], daemon)).err).toContain("(cp.already_there)");
  });

  test("of a hostile folder writes nothing outside, follows no link, and leaves nothing half-made", async () => {
    await using daemon = await FakeDaemon.start();
    using here = folder();
    const canary = join(here.path, "canary");
    writeFileSync(canary, "safe");
    const entry = (path: string, kind: "file" | "folder" | "link", text = "", target = "") =>
      Buffer.concat([tarHeader({ path, kind, sizeBytes: text.length, mode: 0o4777, target }), Buffer.from(text), tarPadding(text.length)]);
    let archive: Uint8Array = Buffer.alloc(0);
    execs(daemon, (request, guest) => {
      if (looks("folder")(request, guest)) return;
      guest.out(archive);
      guest.exit({ kind: "exited", code: 0 });
    });
    const take = async (...parts: Uint8Array[]) => {
      archive = Buffer.concat([...parts, tarEnd()]);
      return runCli(["cp", "hello:/x", join(here.path, `out${readdirSync(here.path).length}`)], daemon);
    };
    for (const bad of [
      entry("../canary", "file", "bad"),
      entry(canary, "file", "bad"),
      entry("a/../../canary", "file", "bad"),
      Buffer.from("no tar at all".repeat(60)),
    ])
      expect((await take(bad)).err).toContain("(cp.malformed_archive)");
    expect((await take(entry("a", "file", "1"), entry("a", "file", "2"))).err).toContain("(cp.malformed_archive)");
    expect(readdirSync(here.path)).toEqual(["canary"]);
    // A link to outside, then a file through it: the link is left out and the file lands in a folder of that name.
    const ran = await take(entry("dir", "link", "", here.path), entry("dir/canary", "file", "bad"), entry("up", "link", "", "../canary"));
    expect(ran.out).toContain("Left out: 2");
    expect(readFileSync(canary, "utf8")).toBe("safe");
    expect(readFileSync(join(here.path, "out1/dir/canary"), "utf8")).toBe("bad");
    expect(existsSync(join(here.path, "out1/up"))).toBe(false);
    expect(statSync(join(here.path, "out1/dir/canary")).mode & 0o7000).toBe(0);
  });

  test("the system's own tar reads what is sent", async () => {
    using here = folder();
    mkdirSync(join(here.path, "in/sub"), { recursive: true });
    writeFileSync(join(here.path, "in/sub", "n".repeat(150)), "long");
    const parts: Uint8Array[] = [];
    for await (const part of packFolder(join(here.path, "in"), { files: 0, bytes: 0, left: 0 })) parts.push(part);
    const { spawnSync } = await import("node:child_process");
    const listed = spawnSync("tar", ["-tf", "-"], { input: Buffer.concat(parts) });
    expect(listed.stdout.toString()).toBe(`sub/\nsub/${"n".repeat(150)}\n`);
  });
});
