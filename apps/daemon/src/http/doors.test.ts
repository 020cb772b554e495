// Real requests to real doors: what each listener answers, to whom, and in which words.

import { execFile } from "node:child_process";
import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createNetServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { MimicError } from "@mimic/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doorRoutes, plainRouteIds } from "./door-routes.ts";
import { type OpenDoors, openDoors, rawRequest, requestText } from "./testing/open-doors.ts";

let open: OpenDoors;
beforeAll(async () => {
  open = await openDoors();
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
});

const api = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${open.doors.address}api/v1${path}`, { ...init, headers: { authorization: `Bearer ${open.token}`, ...init.headers } });
const json = (body: unknown, method = "POST"): RequestInit => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

async function overUnix(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers: [string, string][] = [
    ["Host", "localhost"],
    ["Connection", "close"],
  ];
  if (body !== undefined) headers.push(["Content-Type", "application/json"], ["Content-Length", String(Buffer.byteLength(text))]);
  const reply = await rawRequest({ path: open.socketPath }, requestText(method, `/api/v1${path}`, headers, text));
  return { status: reply.status, body: JSON.parse(reply.body) as Record<string, unknown> };
}

describe("the contract", () => {
  test("every route of the contract stands in the plain table, and every one of the table in the contract", () => {
    const ids = doorRoutes()
      .filter((route) => route.kind === "verb")
      .map((route) => route.id);
    expect(new Set(ids)).toEqual(new Set(plainRouteIds()));
  });

  test("every verb is reached through its route, with the path's parameters in its input", async () => {
    expect(await (await api("/machines/hello")).json()).toMatchObject({ name: "hello" });
    expect(await (await api("/machines/a%2Fb%20c")).json()).toMatchObject({ name: "a/b c" });
    expect(await (await api("/machines/hello/log?which=serial")).json()).toEqual({ text: "serial" });
    expect(await (await api("/machines/hello/log")).json()).toEqual({ text: "qemu" });
    expect(await (await api("/jobs/job_0/end?withinMs=7")).json()).toMatchObject({ total: 7 });
  });

  test("an unknown key, a wrong value and the same thing in two places are refused with the place named", async () => {
    const unknown = await api("/machines", json({ name: "a", colour: "red" }));
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({ code: "input.invalid", message: expect.stringContaining("colour") });
    const wrong = await (await api("/machines/hello/keys", json({ keys: [] }))).json();
    expect(wrong).toMatchObject({ code: "input.invalid", detail: expect.stringContaining("keys") });
    expect((await api("/machines/hello/start", json({ machine: "other" }))).status).toBe(400);
    expect((await api("/jobs/j/end?withinMs=1&withinMs=2")).status).toBe(400);
    expect((await api("/machines?x=1")).status).toBe(400);
  });

  test("a refusal keeps its code and gets a fitting status", async () => {
    expect((await api("/machines/missing")).status).toBe(404);
    const off = await api("/machines/hello/pause", json({}));
    expect(off.status).toBe(409);
    expect(await off.json()).toEqual({
      code: "machine.not_running",
      message: "It is off.",
      hint: "Start it.",
      requestId: expect.stringMatching(/^req_/),
    });
  });

  test("a failure of the world keeps its words, a bug keeps its secrets", async () => {
    open.fake.failure = new MimicError("disk.full", "The disk is\u001b[31m full.", { hint: "Make room.", detail: "ENOSPC" });
    const failed = await api("/machines/hello/kill", json({}));
    expect(failed.status).toBe(500);
    expect(await failed.json()).toMatchObject({
      code: "disk.full",
      message: "The disk is\ufffd[31m full.",
      hint: "Make room.",
      detail: "ENOSPC",
    });
    open.fake.failure = undefined;
    const bug = await api("/machines/hello/kill", json({}));
    const text = await bug.text();
    expect(bug.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: "daemon.bug" });
    expect(text).not.toMatch(/secret inner words|\.ts|at /);
  });

  test("a body that is no JSON object, or larger than 1 MiB, is refused", async () => {
    for (const body of ["{", "[]", "7", '"x"', "null"]) {
      const answer = await api("/images/pull", { method: "POST", headers: { "content-type": "application/json" }, body });
      expect([body, answer.status]).toEqual([body, 400]);
    }
    const large = await api("/images/pull", json({ system: "x".repeat(1024 ** 2) }));
    expect(large.status).toBe(413);
    const streamed = new ReadableStream({
      start(controller) {
        for (let at = 0; at < 20; at++) controller.enqueue(Buffer.alloc(100_000, 32));
        controller.close();
      },
    });
    const chunked = await api("/images/pull", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: streamed,
      duplex: "half",
    } as RequestInit);
    expect(chunked.status).toBe(413);
  });

  test("unknown paths and methods are told from each other", async () => {
    expect((await api("/nothing")).status).toBe(404);
    expect((await api("/machines/a/b/c/d")).status).toBe(404);
    const wrong = await api("/host", json({}));
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET"]);
  });
});

describe("doors for the owner alone", () => {
  test("the unix socket needs no token, and the file rights keep others away", async () => {
    expect((await overUnix("GET", "/machines")).body).toMatchObject({ machines: [{ name: "hello" }] });
    expect((await stat(open.socketPath)).mode & 0o777).toBe(0o600);
    expect((await stat(join(open.folder, "data", "token"))).mode & 0o777).toBe(0o600);
  });

  test("another user of this computer reaches neither the socket nor, without the token, anything behind the port (U1)", async (context) => {
    if (process.getuid?.() !== 0) return context.skip("only root can act as another user");
    await chmod(open.folder, 0o755);
    const script = `
      const net = require("node:net"), http = require("node:http");
      const socket = net.connect(${JSON.stringify(open.socketPath)}, () => finish("connected"));
      socket.on("error", (error) => finish(error.code));
      function finish(unix) {
        http.get(${JSON.stringify(`${open.doors.address}api/v1/machines`)}, (answer) => { console.log(unix, answer.statusCode); process.exit(); });
      }`;
    const run = async (uid: number, ...args: string[]): Promise<string> => {
      const options = { uid, gid: uid, cwd: "/", timeout: 10_000 };
      return await promisify(execFile)(process.execPath, args, options).then(
        ({ stdout }) => stdout.trim(),
        (error: unknown) => `not run: ${String(error)}`,
      );
    };
    expect(await run(0, "-e", script)).toBe("connected 401");
    // A checkout in a folder of root's own keeps Node itself from other users: then there is nobody to act as.
    if ((await run(65_534, "-p", "1")) !== "1") return context.skip("another user cannot run this Node");
    expect(await run(65_534, "-e", script)).toBe("EACCES 401");
  });

  test("codes, imports by path and the daemon's end are done over the unix socket and refused on loopback", async () => {
    const only = doorRoutes().filter((route) => route.access === "unix");
    expect(only.map((route) => route.id)).toEqual(["storages.add", "images.import", "sessions.code", "daemon.shutdown"]);
    for (const { id, path } of only) {
      const before = open.fake.calls.length;
      const answer = await fetch(open.doors.address + path.slice(1), {
        ...json({}),
        headers: { authorization: `Bearer ${open.token}`, "content-type": "application/json" },
      });
      expect([id, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([id, 403, "daemon.unix_only"]);
      expect(open.fake.calls.length).toBe(before);
    }
    expect(open.shutdowns).toEqual([]);
    expect((await overUnix("POST", "/daemon/shutdown", {})).status).toBe(200);
    expect(open.shutdowns).toEqual([{ machines: false }]);
    expect((await overUnix("POST", "/images/import", { path: "/x", name: "x" })).status).toBe(200);
  });

  test("a web page that reaches the unix socket through a forwarded port is still a stranger", async () => {
    const evil = await rawRequest(
      { path: open.socketPath },
      requestText("GET", "/api/v1/machines", [
        ["Host", "evil.example"],
        ["Connection", "close"],
      ]),
    );
    expect(evil.status).toBe(421);
    const cross = await rawRequest(
      { path: open.socketPath },
      requestText("GET", "/api/v1/machines", [
        ["Host", "localhost"],
        ["Origin", "http://evil.example"],
        ["Connection", "close"],
      ]),
    );
    expect(cross.status).toBe(403);
  });
});

describe("sessions", () => {
  const page = { origin: "" };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${open.doors.address}api/v1${path}`, {
      ...json(body),
      headers: { "content-type": "application/json", origin: page.origin, ...headers },
    });

  test("a one-time code opens one session, whose cookie works only together with its CSRF value", async () => {
    page.origin = open.doors.address.slice(0, -1);
    const { body } = await overUnix("POST", "/sessions/codes", {});
    expect(body.address).toBe(`${open.doors.address}#c=${String(body.code)}`);
    const opened = await post("/sessions", { code: body.code });
    expect(opened.status).toBe(200);
    const set = opened.headers.get("set-cookie") ?? "";
    expect(set).toMatch(new RegExp(`^mimic-${open.port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`));
    const cookie = set.split(";")[0] as string;
    const { csrf } = (await opened.json()) as { csrf: string };
    const list = (headers: Record<string, string>) => fetch(`${open.doors.address}api/v1/machines`, { headers });
    expect((await list({ cookie, "x-mimic-csrf": csrf })).status).toBe(200);
    expect((await list({ cookie })).status).toBe(401);
    expect((await list({ "x-mimic-csrf": csrf })).status).toBe(401);
    expect((await list({ cookie, "x-mimic-csrf": `${csrf.slice(0, -1)}${csrf.endsWith("A") ? "B" : "A"}` })).status).toBe(401);
    expect((await list({ cookie, "x-mimic-csrf": csrf, authorization: "Bearer wrong" })).status).toBe(401);

    expect((await post("/sessions", { code: body.code })).status).toBe(401);
    const renewed = await post("/sessions/renewal", {}, { cookie });
    expect(await renewed.json()).toEqual({ csrf });
    expect(
      (
        await fetch(`${open.doors.address}api/v1/sessions/renewal`, {
          ...json({}),
          headers: { "content-type": "application/json", cookie },
        })
      ).status,
    ).toBe(403);

    const closed = await fetch(`${open.doors.address}api/v1/sessions`, { method: "DELETE", headers: { cookie, "x-mimic-csrf": csrf } });
    expect(closed.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await list({ cookie, "x-mimic-csrf": csrf })).status).toBe(401);
    expect((await post("/sessions/renewal", {}, { cookie })).status).toBe(401);
  });
});

describe("raw routes", () => {
  test("the description has every route, and its page needs nothing from elsewhere", async () => {
    const answer = await api("/openapi.json");
    const text = await answer.text();
    const description = JSON.parse(text) as { openapi: string; paths: Record<string, Record<string, { operationId: string }>> };
    expect(description.openapi).toMatch(/^3\.1/);
    const described = Object.values(description.paths).flatMap((methods) =>
      Object.values(methods).map((operation) => operation.operationId),
    );
    expect(new Set(described)).toEqual(new Set(doorRoutes().map((route) => route.id)));
    const page = await fetch(`${open.doors.address}api/v1/docs`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const html = await page.text();
    for (const [, target] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(target).toMatch(/^(\/api\/v1\/docs\/|data:,)/);
      if (target?.startsWith("/")) expect((await fetch(open.doors.address + target.slice(1))).status).toBe(200);
    }
  });

  test("an upload reaches the workbench whole and is answered when it was read", async () => {
    const bytes = Buffer.alloc(3_000_000, 7);
    const answer = await api("/images/upload?name=mine", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
    });
    expect(await answer.json()).toMatchObject({ job: { kind: "image.import" } });
    expect(Buffer.concat(open.fake.uploaded).equals(bytes)).toBe(true);
    expect(
      (await api("/images/upload?kind=pie&name=x", { method: "POST", headers: { "content-type": "application/octet-stream" }, body: "x" }))
        .status,
    ).toBe(400);
    expect((await api("/images/upload?name=x", { ...json({}) })).status).toBe(415);
  });

  test("an upload whose job ends without reading it is answered all the same", async () => {
    const headers = { "content-type": "application/octet-stream" };
    const answer = await api("/images/upload?name=never%20read", { method: "POST", headers, body: Buffer.alloc(2_000_000) });
    expect(answer.status).toBe(200);
  });

  test("a machine that is off has no screenshot and no files", async () => {
    expect((await api("/machines/hello/screenshot")).status).toBe(409);
    expect((await api("/machines/hello/files?path=/etc/motd")).status).toBe(409);
  });
});

describe("taking a port", () => {
  test("a taken port is an error that names it, and nothing else is left listening", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const { port } = other.address() as { port: number };
    await expect(openDoors({ port })).rejects.toMatchObject({ code: "daemon.port_taken", message: expect.stringContaining(String(port)) });
    await new Promise((done) => other.close(done));
  });

  test("a port that is taken on ::1 alone is taken too", async () => {
    const other = createNetServer();
    await new Promise<void>((done) => other.listen(0, "::1", done));
    const { port } = other.address() as { port: number };
    await expect(openDoors({ port })).rejects.toMatchObject({ code: "daemon.port_taken" });
    await new Promise((done) => other.close(done));
  });

  test("both loopback addresses answer, and the chosen port is written down", async () => {
    expect((await fetch(`http://[::1]:${open.port}/api/v1/docs`)).status).toBe(200);
    expect((await stat(join(open.folder, "run", "port"))).size).toBeGreaterThan(2);
  });
});

describe("the web interface", () => {
  test("files come from a list, pages fall back to the start page, and nothing else can be reached", async () => {
    const folder = join(open.folder, "web");
    await mkdir(join(folder, "assets"), { recursive: true });
    await writeFile(join(folder, "index.html"), "<!doctype html>start");
    await writeFile(join(folder, "assets", "main-abcdEF12.js"), "1;".repeat(1000));
    await writeFile(join(open.folder, "canary"), "canary-9c1");
    await chmod(folder, 0o755);
    await using other = await openDoors({ webDirectory: folder });
    const get = (path: string, headers: Record<string, string> = {}) => fetch(other.doors.address + path, { headers });
    expect(await (await get("")).text()).toContain("start");
    expect(await (await get("machines/hello")).text()).toContain("start");
    const script = await get("assets/main-abcdEF12.js", { "accept-encoding": "gzip" });
    expect([script.headers.get("content-encoding"), script.headers.get("cache-control")]).toEqual([
      "gzip",
      "public, max-age=31536000, immutable",
    ]);
    expect(await script.text()).toBe("1;".repeat(1000));
    expect((await get("assets/other.js")).status).toBe(404);
    for (const target of ["/../canary", "/assets/../../canary", "/%2e%2e/canary", "/..%2fcanary", "//canary", "/assets/..\\..\\canary"]) {
      const reply = await rawRequest(
        { port: other.port },
        requestText("GET", target, [
          ["Host", `127.0.0.1:${other.port}`],
          ["Connection", "close"],
        ]),
      );
      expect(reply.body).not.toContain("canary-9c1");
    }
    const linked = await rawRequest(
      { port: other.port },
      requestText("GET", "/", [
        ["Host", `127.0.0.1:${other.port}`],
        ["Sec-Fetch-Site", "cross-site"],
        ["Sec-Fetch-Mode", "navigate"],
        ["Sec-Fetch-Dest", "document"],
        ["Connection", "close"],
      ]),
    );
    expect(linked.status).toBe(200);
    const framed = await rawRequest(
      { port: other.port },
      requestText("GET", "/", [
        ["Host", `127.0.0.1:${other.port}`],
        ["Sec-Fetch-Site", "cross-site"],
        ["Sec-Fetch-Mode", "navigate"],
        ["Sec-Fetch-Dest", "iframe"],
        ["Connection", "close"],
      ]),
    );
    expect(framed.status).toBe(403);
  });
});
