import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cable, openNamespace, openNamespaceGuest, whyNoNamespaces } from "./index.ts";

const why = await whyNoNamespaces();
const folder = mkdtempSync(join(tmpdir(), "mimic-t-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(why)(`a namespace${why ? ` (${why})` : ""}`, () => {
  test("reaches another one over a cable, and nothing else", async () => {
    await using a = await openNamespace();
    await using b = await openNamespace();
    await cable(
      { namespace: a, ifname: "a0", addresses: ["10.9.0.1/24", "fd09::1/64"] },
      { namespace: b, ifname: "b0", addresses: ["10.9.0.2/24", "fd09::2/64"] },
    );
    expect((await a.run("ping", ["-c", "1", "-W", "5", "10.9.0.2"])).code).toBe(0);
    expect((await a.run("ping", ["-c", "1", "-W", "5", "fd09::2"])).code).toBe(0);
    expect((await a.run("ping", ["-c", "1", "-W", "1", "10.9.9.9"])).stderr).toContain("unreachable");
  });

  test("has a resolv.conf of its own", async () => {
    await using a = await openNamespace();
    a.setResolvers(["10.0.2.3"], "home.mimic");
    expect(await a.must("cat", ["/etc/resolv.conf"])).toBe("search home.mimic\nnameserver 10.0.2.3\n");
  });

  test("as a guest talks with another guest through sockets that carry frames", async () => {
    const path = join(folder, "hub");
    await using hub = await openHub(path);
    await using a = await openNamespaceGuest({ dial: path, mac: "52:54:00:00:00:01", addresses: ["10.0.2.1/24"] });
    await using b = await openNamespaceGuest({ dial: path, addresses: ["10.0.2.2/24", "fd02::2/64"] });
    expect(a.mac).toBe("52:54:00:00:00:01");
    expect(await a.must("ping", ["-c", "2", "-i", "0.2", "-W", "5", "10.0.2.2"])).toContain("2 received");
    expect(hub.listening).toBe(true);
    await using more = await b.plug({ dial: path, ifname: "eth1", addresses: ["10.0.3.2/24"] });
    expect(more.mac).not.toBe(b.mac);
  });
});

/** Gives each connection the bytes of the others: whole frames or not does not matter to two. */
async function openHub(path: string): Promise<Server & AsyncDisposable> {
  const plugged = new Set<import("node:net").Socket>();
  const server = createServer((socket) => {
    plugged.add(socket);
    socket.on("data", (bytes) => {
      for (const other of plugged) if (other !== socket) other.write(bytes);
    });
    socket.on("close", () => plugged.delete(socket)).on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}
