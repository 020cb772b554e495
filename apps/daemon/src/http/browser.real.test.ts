// What a hostile page can do in a real Chromium to a person who is signed in to Mimic: nothing. The page comes from
// another site, from another port of this computer (to which the browser does send Mimic's cookie), and from a
// name that was made to point here (DNS rebinding). Each attack stands beside the same request from Mimic's own page.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doorRoutes } from "./door-routes.ts";
import { fakeMachine, fakePort } from "./testing/fake-workbench.ts";
import { type OpenDoors, openDoors } from "./testing/open-doors.ts";

// The few words of a browser page that the functions sent into it use: this file itself runs in Node.
interface PageElement {
  append(child: PageElement): void;
  submit(): void;
  addEventListener(event: string, hear: (value: unknown) => void, options: { once: boolean }): void;
  open: boolean;
}
declare const document: {
  readonly body: PageElement;
  createElement(name: string): PageElement;
  querySelectorAll(selector: string): readonly PageElement[];
};
declare const Image: new () => { onload: () => void; onerror: () => void; src: string };

const CANARY = "canary-90b1f3";
let open: OpenDoors;
let evil: Server;
let browser: Browser;
let context: BrowserContext;
let own: Page;
let csrf: string;

beforeAll(async () => {
  open = await openDoors();
  open.fake.running = fakeMachine({ serial: [fakePort(CANARY)], shell: fakePort(CANARY) });
  evil = createServer((_request, response) =>
    response.setHeader("content-type", "text/html").end("<!doctype html><title>evil</title><body>"),
  );
  await new Promise<void>((done) => evil.listen(0, "127.0.0.1", done));
  browser = await chromium.launch({
    executablePath: process.env.MIMIC_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP evil.test 127.0.0.1",
    ],
  });
  context = await browser.newContext();
  own = await context.newPage();
  await own.goto(`${open.doors.address}api/v1/docs`);
  csrf = await own.evaluate(async (code) => {
    const answer = await fetch("/api/v1/sessions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    });
    return ((await answer.json()) as { csrf: string }).csrf;
  }, open.doors.signInAddress().split("#c=")[1]);
});
afterAll(async () => {
  await browser?.close();
  await new Promise((done) => evil.close(done));
  await open[Symbol.asyncDispose]();
});

const livePaths = doorRoutes()
  .filter((route) => route.kind === "live")
  .map((route) => route.path.replace("{machine}", "hello"));

/** Opens each path as a WebSocket, sends the CSRF value when there is one, and tells what came. */
function tryLive(page: Page, base: string, paths: readonly string[], proof: string | undefined): Promise<string[]> {
  return page.evaluate(
    ({ base, paths, proof }) =>
      Promise.all(
        paths.map(
          (path) =>
            new Promise<string>((done) => {
              const socket = new WebSocket(base.replace(/^http/, "ws") + path);
              let said = "closed";
              socket.onopen = () => {
                said = "open ";
                if (proof !== undefined) socket.send(JSON.stringify({ csrf: proof }));
              };
              socket.onmessage = async (event) => {
                said += typeof event.data === "string" ? event.data : await (event.data as Blob).text();
              };
              socket.onclose = () => done(said);
              setTimeout(() => done(said), 700);
            }),
        ),
      ),
    { base, paths, proof },
  );
}

/** What a page can send anywhere without asking: each entry is what came back, as far as the page may see it. */
function trySimple(page: Page, base: string): Promise<string[]> {
  return page.evaluate(async (base) => {
    const ask = (path: string, init: RequestInit) =>
      fetch(base + path, { credentials: "include", ...init }).then(
        async (answer) => `${answer.type} ${answer.status} ${await answer.text()}`,
        () => "failed",
      );
    const image = () =>
      new Promise<string>((done) => {
        const picture = new Image();
        picture.onload = () => done("loaded");
        picture.onerror = () => done("failed");
        picture.src = `${base}/api/v1/machines/hello/screenshot`;
      });
    const json = { "content-type": "application/json" };
    return Promise.all([
      ask("/api/v1/machines", {}),
      ask("/api/v1/machines", { mode: "no-cors" }),
      ask("/api/v1/machines/hello/kill", { method: "POST", mode: "no-cors", body: "{}" }),
      ask("/api/v1/machines/hello/kill", { method: "POST", headers: json, body: "{}" }),
      ask("/api/v1/machines/hello", { method: "DELETE" }),
      ask("/api/v1/sessions/renewal", { method: "POST", headers: json, body: "{}" }),
      ask("/api/v1/sessions/renewal", { method: "POST", mode: "no-cors", headers: json, body: "{}" }),
      image(),
    ]);
  }, base);
}

const base = () => `http://127.0.0.1:${open.port}`;

describe("control: Mimic's own page", () => {
  test("reads the list, hears the guest, and gets its CSRF value again after a reload", async () => {
    const [list, serial] = await Promise.all([
      own.evaluate(async (value) => await (await fetch("/api/v1/machines", { headers: { "x-mimic-csrf": value } })).text(), csrf),
      tryLive(own, base(), ["/api/v1/machines/hello/serial"], csrf),
    ]);
    expect(list).toContain("hello");
    expect(serial[0]).toContain(CANARY);
    const renewed = await own.evaluate(async () => {
      const answer = await fetch("/api/v1/sessions/renewal", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      return ((await answer.json()) as { csrf: string }).csrf;
    });
    expect(renewed).toBe(csrf);
  });
});

describe.each([
  ["another site", () => `http://evil.test:${(evil.address() as AddressInfo).port}/`],
  ["another port of this computer", () => `http://127.0.0.1:${(evil.address() as AddressInfo).port}/`],
])("a page of %s", (_where, address) => {
  test("reads nothing, changes nothing and hears nothing (W2, W3)", async () => {
    const page = await context.newPage();
    await page.goto(address());
    const before = open.fake.calls.length;
    for (const seen of await trySimple(page, base())) expect(seen.replace(/^opaque 0 $/, "failed")).toBe("failed");
    for (const proof of [undefined, "guess"]) {
      expect(await tryLive(page, base(), livePaths, proof)).toEqual(livePaths.map(() => "closed"));
    }
    await page.evaluate((to) => {
      const form = Object.assign(document.createElement("form"), {
        method: "POST",
        action: `${to}/api/v1/machines/hello/kill`,
        enctype: "text/plain",
      });
      document.body.append(form);
      form.submit();
    }, base());
    await page.waitForLoadState();
    expect(await page.textContent("body")).toMatch(/daemon\.(foreign_origin|cross_site)/);
    expect(open.fake.calls.length).toBe(before);
    await page.close();
  });

  test("cannot show Mimic in a frame (W4)", async () => {
    const page = await context.newPage();
    await page.goto(address());
    await page.evaluate(async (to) => {
      const frame = Object.assign(document.createElement("iframe"), { src: `${to}/api/v1/docs` });
      const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
      document.body.append(frame);
      await loaded;
    }, base());
    const frame = page.frames()[1];
    expect(await frame?.content()).not.toContain("Mimic: the API");
    await page.close();
  });
});

test("a name that was made to point here is answered 421, for pages, requests and live connections (W1)", async () => {
  const page = await context.newPage();
  const rebound = `http://evil.test:${open.port}`;
  expect((await page.goto(`${rebound}/`))?.status()).toBe(421);
  const before = open.fake.calls.length;
  const statuses = await page.evaluate(
    async (value) =>
      (await Promise.all(["/api/v1/machines", "/api/v1/docs", "/"].map((path) => fetch(path, { headers: { "x-mimic-csrf": value } })))).map(
        (answer) => answer.status,
      ),
    csrf,
  );
  expect(statuses).toEqual([421, 421, 421]);
  // The answer's own policy lets this page open nothing at all; so the attempt is made from a page without one.
  const free = await context.newPage();
  await free.goto(`http://evil.test:${(evil.address() as AddressInfo).port}/`);
  expect(await tryLive(free, rebound, livePaths, csrf)).toEqual(livePaths.map(() => "closed"));
  expect(open.fake.calls.length).toBe(before);
  await Promise.all([page.close(), free.close()]);
});

test("the page of the API shows every route, works under its own policy, and axe finds nothing wrong with it", async () => {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${open.doors.address}api/v1/docs`);
  await page.waitForSelector("details");
  expect(await page.locator("details").count()).toBe(doorRoutes().length);
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.evaluate(() => {
      for (const [at, each] of [...document.querySelectorAll("details")].entries()) each.open = at % 7 === 0;
    });
    await page.evaluate(readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8"));
    const found = await page.evaluate(async () => {
      const axe = (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe;
      return (await axe.run()).violations.map((each) => `${each.id}: ${each.nodes[0]?.html.slice(0, 200)}`);
    });
    expect(found).toEqual([]);
  }
  expect(complaints).toEqual([]);
  await page.close();
});
