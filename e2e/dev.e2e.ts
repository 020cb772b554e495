// `./mimic dev` as its developers use it: the page with hot reload, the daemon from its sources and started again on a save,
// both with a home and ports of their own; and nothing of it is left when it is ended.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, utimes } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { launchBrowser } from "./kit/browser.ts";
import { Installation, ROOT } from "./kit/installation.ts";

const run = promisify(execFile);
let mimic: Installation;
let dev: ChildProcess;
let browser: Browser;
let page: Page;
let web: string;
let tree: string;
let said = "";
const heard: string[] = [];

beforeAll(async () => {
  tree = await treeNow();
  const [port, webPort] = await freePorts(2);
  web = `http://127.0.0.1:${webPort}`;
  const ports = { MIMIC_PORT: String(port), MIMIC_WEB_PORT: String(webPort) };
  mimic = new Installation(await mkdtemp(join(tmpdir(), "mimic-e-")), ports);
  dev = spawn(join(ROOT, "mimic"), ["dev"], { env: mimic.env, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [dev.stdout, dev.stderr])
    stream?.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
  browser = await launchBrowser();
  await vi.waitUntil(() => dev.exitCode !== null || said.includes("daemon serves"), { timeout: 120_000 });
  expect(said).toContain(`Browser interface with hot reload: ${web}`);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  if (dev?.exitCode === null) {
    dev.kill("SIGTERM");
    await once(dev, "exit");
  }
  await mimic?.[Symbol.asyncDispose]();
});

/** What git sees: a save that changes nothing is no change. */
const treeNow = async (): Promise<string> => (await run("git", ["status", "--porcelain"], { cwd: ROOT })).stdout;
const save = (path: string) => utimes(join(ROOT, path), new Date(), new Date());

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A process, and all that came from it. */
async function withChildren(first: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir("/proc")) {
    const stat = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "") : "";
    const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const found = [first];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}
const isThere = (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/stat`, "utf8").then(
    (stat) => !/\) Z /.test(stat),
    () => false,
  );

test("the page is served with hot reload, and a save changes it without loading it anew", async () => {
  const { address } = await mimic.client.sessions.code({});
  page = await browser.newPage();
  page.on("console", (message) => heard.push(message.text()));
  await page.goto(`${web}/${new URL(address).hash}`);
  await page.getByRole("heading", { level: 1 }).first().waitFor({ timeout: 60_000 });
  await page.evaluate("window.sameAsBefore = true");
  await expect.poll(() => heard.join("\n")).toContain("[vite] connected");
  await save("apps/web/src/pages/home/card.tsx");
  await expect.poll(() => heard.join("\n")).toMatch(/hot updated: \S*card\.tsx/);
  expect(await page.evaluate("window.sameAsBefore")).toBe(true);
});

test("a save of the daemon's sources starts it again, at the same home, and the page finds it", async () => {
  const began = (await mimic.client.host.show({})).startedAt;
  await save("apps/daemon/src/main.ts");
  const beganNow = () =>
    mimic.client.host.show({}).then(
      ({ startedAt }) => startedAt,
      () => began,
    );
  await expect.poll(beganNow, { timeout: 60_000 }).not.toBe(began);
  await page.reload();
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  expect(await treeNow()).toBe(tree);
});

test("when it is ended nothing of it is left", async () => {
  const pids = [...(await withChildren(dev.pid ?? 0)), ...(await withChildren(await mimic.switchPid()))];
  // The launcher itself, its watcher, the daemon and the switch.
  expect(pids.length).toBeGreaterThanOrEqual(4);
  const ended = once(dev, "exit");
  process.kill(dev.pid ?? 0, "SIGINT");
  expect(await ended).toEqual([0, null]);
  const left = async () => (await Promise.all(pids.map(isThere))).filter(Boolean).length;
  await expect.poll(left).toBe(0);
  await expect(fetch(web)).rejects.toThrow();
});
