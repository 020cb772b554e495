// What other web pages can do to a person who is signed in and has a machine running: nothing. Every route of the
// product is tried from another site, from another port of this computer (to which the browser does send Mimic's
// cookie), from a page without origin, and by a name made to point here (DNS rebinding). Each attack is run against a
// server without the gate too: there it must succeed, or the test would prove nothing.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { attack, everyLivePath, everyRoute } from "./kit/attack.ts";
import { launchBrowser, signIn, type Watched } from "./kit/browser.ts";
import { type Installation, install, startTinyLinux } from "./kit/installation.ts";

const CANARY = "canary-2f7c1e9a40b84d11a6d3";
let mimic: Installation;
let browser: Browser;
let own: Watched;
let csrf: string;
let evil: Server;
let open: Server;
/** What reached the server without a gate. */
const reached: string[] = [];
const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true }), launchBrowser(["evil.test"])]);
  await startTinyLinux(mimic, "target");
  await mimic.client.machines.change({ machine: "target", note: CANARY });
  await mimic.mimic(["exec", "target", "--", "sh", "-c", `echo ${CANARY} > /dev/ttyS0`]);
  evil = createServer((request, response) => {
    // As a sandboxed frame: scripts and forms, but an origin of “null”.
    if (request.url === "/sandboxed") response.setHeader("content-security-policy", "sandbox allow-scripts allow-forms");
    response.setHeader("content-type", "text/html").end("<!doctype html><title>evil</title>");
  });
  open = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    response.setHeader("content-type", "text/html").end(`<!doctype html><title>open</title>${CANARY}`);
  });
  const sockets = new WebSocketServer({ server: open });
  sockets.on("connection", (socket, request) => {
    reached.push(`WS ${request.url}`);
    socket.send(CANARY, () => socket.close());
  });
  for (const server of [evil, open]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  own = await signIn(browser, mimic);
  csrf = (await own.page.evaluate(`fetch("/api/v1/sessions/renewal", { method: "POST", headers: { "content-type": "application/json" },
    body: "{}" }).then((answer) => answer.json()).then((body) => body.csrf)`)) as string;
}, 300_000);
afterAll(async () => {
  await browser?.close();
  for (const server of [evil, open]) {
    server?.closeAllConnections();
    server?.close();
  }
  await mimic?.[Symbol.asyncDispose]();
});

/** Everything that an attack could change: what is on disk, and what the daemon says. */
async function stateHash(): Promise<string> {
  const hash = createHash("sha256");
  const data = `${mimic.home}/data`;
  const entries = (await readdir(data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const path of entries.map((entry) => `${entry.parentPath}/${entry.name}`).sort()) {
    // The guest writes here by itself.
    if (/\/(logs?|images)\//.test(path) || /\.log$/.test(path)) continue;
    hash.update(path).update(await readFile(path));
  }
  const [machines, images, jobs, trash] = await Promise.all([
    mimic.client.machines.list({}),
    mimic.client.images.list({}),
    mimic.client.jobs.list({}),
    mimic.client.trash.list({}),
  ]);
  return hash.update(JSON.stringify([machines, images, jobs, trash])).digest("hex");
}

describe("control", () => {
  test("Mimic's own page reads the canary, hears the guest, and changes what it may change", async () => {
    expect(csrf).toMatch(/^\S{20,}$/);
    const read = await own.page.evaluate(
      `fetch("/api/v1/machines", { headers: { "x-mimic-csrf": ${JSON.stringify(csrf)} } }).then((r) => r.text())`,
    );
    expect(read).toContain(CANARY);
    const heard = await own.page.evaluate(`new Promise((done) => {
      const socket = new WebSocket(location.origin.replace("http", "ws") + "/api/v1/machines/target/serial");
      let text = "";
      socket.onopen = () => socket.send(JSON.stringify({ csrf: ${JSON.stringify(csrf)} }));
      socket.onmessage = async ({ data }) => { text += typeof data === "string" ? data : await data.text(); };
      setTimeout(() => done(text), 1500);
    })`);
    expect(heard).toContain(CANARY);
    const before = await stateHash();
    expect(await stateHash()).toBe(before);
    await own.page.evaluate(`fetch("/api/v1/machines/target", { method: "PATCH", body: JSON.stringify({ note: ${JSON.stringify(`${CANARY} changed`)} }),
      headers: { "content-type": "application/json", "x-mimic-csrf": ${JSON.stringify(csrf)} } })`);
    expect(await stateHash()).not.toBe(before);
  }, 30_000);
});

const ORIGINS: [string, () => string][] = [
  ["another site", () => `http://evil.test:${portOf(evil)}/`],
  ["another port of this computer", () => `http://127.0.0.1:${portOf(evil)}/`],
  ["another name of this computer", () => `http://localhost:${portOf(evil)}/`],
  ["nowhere (an opaque origin)", () => `http://127.0.0.1:${portOf(evil)}/sandboxed`],
];

describe.each(ORIGINS)("a page of %s", (_where, address) => {
  test("reads nothing and changes nothing by any route, form, image or WebSocket; without the gate it would", async () => {
    const page = await own.context.newPage();
    await page.goto(address());
    const before = await stateHash();
    const seen = await attack(page, own.address, "target");
    expect(seen).toBe("");
    expect(await stateHash()).toBe(before);
    expect((await mimic.client.machines.show({ machine: "target" })).power).toBe("running");
    // The same page, the same requests, a server without the gate.
    reached.length = 0;
    expect(await attack(page, `http://127.0.0.1:${portOf(open)}`, "target")).toContain(CANARY);
    const posts = everyRoute("target").filter(({ method }) => method === "POST");
    const wanted = [...posts.map(({ path }) => `POST ${path}`), ...everyLivePath("target").map((path) => `WS ${path}`)];
    // On a busy computer the last ones are still on their way.
    await expect.poll(() => wanted.filter((each) => !reached.includes(each))).toEqual([]);
    await page.close();
  }, 180_000);
});

test("a name that was made to point here reads nothing, not even as its own origin; without the gate it would (W1)", async () => {
  const page = await own.context.newPage();
  const rebound = `http://evil.test:${await mimic.port()}`;
  expect((await page.goto(`${rebound}/`))?.status()).toBe(421);
  const free = await own.context.newPage();
  await free.goto(`http://evil.test:${portOf(evil)}/`);
  const before = await stateHash();
  for (const at of [page, free]) expect(await attack(at, rebound, "target")).not.toContain(CANARY);
  expect(await stateHash()).toBe(before);
  // Control: the same name, the same page, a server without the gate: there the page is of the same origin and reads.
  const control = `http://evil.test:${portOf(open)}`;
  await page.goto(`${control}/`);
  expect(await attack(page, control, "target")).toContain(CANARY);
  await Promise.all([page.close(), free.close()]);
}, 180_000);

test("Mimic is shown in no frame; another page is (W4)", async () => {
  const page = await own.context.newPage();
  await page.goto(`http://127.0.0.1:${portOf(evil)}/`);
  const framed = (address: string) =>
    page
      .evaluate(`new Promise((done) => {
        const frame = Object.assign(document.createElement("iframe"), { src: ${JSON.stringify(address)} });
        frame.addEventListener("load", () => done(), { once: true });
        document.body.replaceChildren(frame);
      })`)
      .then(() => page.frames()[1]?.content());
  for (const path of ["/", "/machines/target", "/api/v1/docs", "/no-such-page"]) {
    const content = await framed(own.address + path);
    expect(content).not.toContain("Mimic");
    expect(content).not.toContain("assets/");
  }
  expect(await framed(`http://127.0.0.1:${portOf(open)}/`)).toContain(CANARY);
  await page.close();
}, 180_000);

test("the sign-in code is in no request's line and no Referer, and works once (W5)", async () => {
  const { address, code } = await mimic.client.sessions.code({});
  const page = await (await browser.newContext()).newPage();
  const sent: string[] = [];
  page.on("request", (request) => sent.push(request.url(), ...Object.values(request.headers())));
  await page.goto(address);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  expect(sent.length).toBeGreaterThan(3);
  expect(sent.join("\n")).not.toContain(code);
  expect(mimic.log).not.toContain(code);
  const again = await fetch(`${own.address}/api/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: own.address },
    body: JSON.stringify({ code }),
  });
  expect(again.status).toBe(401);
  await page.context().close();
}, 30_000);
