import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sshOptions } from "../src/ssh.ts";
import { aMachine, FakeDaemon } from "./fake-daemon.ts";
import { runCli } from "./run-cli.ts";

describe("mimic ssh", () => {
  test("its lines for ~/.ssh/config name the machine's user, key and own host key", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("GET", "/machines/web", { body: aMachine({ name: "web", login: { user: "mimic", shell: "none" } }) });
    const ran = await runCli(["ssh", "web", "--config"], daemon);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(
      /^Host mimic-web\n {2}User mimic\n {2}ProxyCommand .*'__tcp' 'web' '22'\n {2}IdentityFile ".*\/ssh\/id_ed25519"\n/,
    );
    expect(ran.out).toContain("HostKeyAlias mch_");
  });

  test("a machine that Mimic did not set up needs a user", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("GET", "/machines/web", { body: aMachine({ name: "web", login: undefined }) });
    expect((await runCli(["ssh", "web"], daemon)).err).toContain("mimic ssh web -l USER");
  });

  test("whatever folders are called, the proxy's words stay words", () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        const [, command = ""] = sshOptions({ data: "/d", machineId: "mch_0", name: "web", port: 22, proxy: [path] })[0] ?? [];
        // Read as sh does single quotes, after ssh has taken %% for %.
        const words = [
          ...command
            .replaceAll("%%", "%")
            .replaceAll("'\\''", "\u0000")
            .matchAll(/'([^']*)'/gs),
        ].map(([, word = ""]) => word.replaceAll("\u0000", "'"));
        fc.pre(!path.includes("\u0000"));
        expect(words).toEqual([path, "__tcp", "web", "22"]);
      }),
    );
  });
});

test("the pipe carries bytes both ways and ends when the machine hangs up", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.onLive("/machines/web/tcp", (socket, url) => {
    expect(url.searchParams.get("port")).toBe("2222");
    socket.on("message", (data, isBinary) => {
      if (!isBinary) return socket.close(1000);
      socket.send(Buffer.concat([Buffer.from("heard "), data as Buffer]), { binary: true });
    });
  });
  const ran = await runCli(["__tcp", "web", "2222"], { ...daemon, home: daemon.home, stdin: ["SSH-2.0"] });
  expect(ran).toMatchObject({ code: 0, out: "heard SSH-2.0" });
});
