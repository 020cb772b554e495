// Strings that a guest, an image or a file brings are attacks (W6, W7): sent through the channels they really come by –
// serial bytes, the guest agent (an honest one and one that lies), file names, image names, notes – and looked at where
// people see them: the browser, the terminal, the log. They are shown and never obeyed.
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOSTILE } from "../apps/web/dev/world/hostile.ts";
import { launchBrowser, misdeeds, NOTHING, signIn, type Watched } from "./kit/browser.ts";
import { FAKE_AGENT } from "./kit/fake-agent.ts";
import { type Installation, install, startTinyLinux } from "./kit/installation.ts";
import { tarOf } from "./kit/tar.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true, env: { MIMIC_LOG: "debug" } }), launchBrowser()]);
  await startTinyLinux(mimic, "evil");
  seen = await signIn(browser, mimic);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const go = async (path: string) => {
  await seen.page.goto(seen.address + path);
  await seen.page.getByRole("heading", { level: 1 }).first().waitFor();
  await seen.page.waitForTimeout(300);
};

/** Nothing of a hostile string became part of the page. */
async function expectInert(where: string): Promise<void> {
  const strange = await seen.page.evaluate(`[window.__hit ?? "", ...[...document.querySelectorAll(
    "main script, main iframe, main object, main embed, main base, main meta, main link, main style:not([data-known]), main video, main math, main form[action], main img:not([src^=blob]), main a[href^=javascript], main a[href*='127.0.0.1:9']",
  )].filter((element) => !element.closest(".xterm")).map((element) => element.outerHTML.slice(0, 200))].join("\\n").trim()`);
  expect(strange, where).toBe("");
  expect(misdeeds(seen), where).toEqual(NOTHING);
}

/** What the command line prints of all this, on both of its streams. */
async function expectPlain(...args: string[]): Promise<string> {
  const { code, out, err } = await mimic.mimic(args);
  expect(CONTROL.exec(out + err), `${args.join(" ")}: ${JSON.stringify(out + err)}`).toBeNull();
  expect(code, `${args.join(" ")}: ${err}`).toBe(0);
  return out;
}

const bytesInto = async (path: string, text: string) =>
  await mimic.mimic(["exec", "-i", "evil", "--", "sh", "-c", `cat > ${path}`], { input: text });

test("the same strings do take effect where nothing stands between (control)", async () => {
  const page = await (await browser.newContext()).newPage();
  await page.setContent(`<main>${HOSTILE[1]}</main>`);
  await expect.poll(() => page.evaluate("window.__hit")).toBe(1);
  await page.context().close();
  // And a terminal's codes do come out of a machine: a command's own output is its user's affair.
  const raw = await mimic.mimic(["exec", "evil", "--", "printf", "\\033]0;pwned\\007"]);
  expect(raw.out).toBe("\u001b]0;pwned\u0007");
});

describe("serial bytes", () => {
  test("are text in the terminal, the log and the command line", async () => {
    const text = `${HOSTILE.join("\r\n")}\r\nEND-OF-HOSTILE\r\n`;
    await bytesInto("/tmp/hostile", text);
    await mimic.mimic(["exec", "evil", "--", "sh", "-c", "cat /tmp/hostile > /dev/ttyS0"]);
    const logged = await expectPlain("logs", "evil", "--serial");
    expect(logged).toContain("END-OF-HOSTILE");
    expect(logged).toContain("<script>window.__hit=1</script>");
    await go("/machines/evil/terminal");
    await seen.page.getByRole("radiogroup", { name: "Which terminal" }).getByText("Serial console").click();
    const rows = seen.page.locator(".xterm-rows");
    await expect.poll(() => rows.textContent(), { timeout: 15_000 }).toContain("END-OF-HOSTILE");
    expect(await seen.page.title()).toBe("evil (running) · Mimic");
    expect(await rows.locator("a, img, script").count()).toBe(0);
    await expectInert("terminal");
    await go("/machines/evil/logs");
    await seen.page.getByRole("radiogroup", { name: "Which log" }).getByText("Serial console").click();
    await seen.page.getByText("END-OF-HOSTILE").first().waitFor();
    expect(CONTROL.exec((await seen.page.locator("section.log").textContent()) ?? "")).toBeNull();
    await expectInert("logs");
  }, 90_000);
});

describe("the guest agent", () => {
  const names = HOSTILE.filter((text) => new TextEncoder().encode(text).length <= 64 && !/[\0\ud800-\udfff]/.test(text));

  test("that tells a hostile host name and system is quoted as the guest's own words", async () => {
    expect(names.length).toBeGreaterThan(20);
    for (const [at, name] of names.filter((_, each) => each % 3 === 0).entries()) {
      // Every third of them looked at in the browser too, which takes a second each.
      await mimic.mimic(["exec", "evil", "--", "sh", "-c", 'hostname "$1"; echo "PRETTY_NAME=\'$1\'" > /etc/os-release', "sh", name]);
      const { hostname } = await mimic.client.machines.guest({ machine: "evil" });
      expect(hostname, JSON.stringify(name)).toBeDefined();
      if (at % 3 === 0) {
        await go("/machines/evil/details");
        await seen.page.getByText("Calls itself").waitFor();
        await expectInert(`host name ${JSON.stringify(name)}`);
        await expectPlain("show", "evil");
      }
    }
    await expectPlain("ls");
  }, 180_000);

  test("that lies is believed nothing, and one that floods harms nobody", async () => {
    const claim = JSON.stringify(HOSTILE.slice(0, 12).join(" ").slice(0, 900));
    await bytesInto("/tmp/claim", claim);
    await bytesInto("/tmp/fake-agent", FAKE_AGENT);
    await mimic.mimic(["exec", "evil", "--", "sh", "-c", "hostname honest; chmod +x /tmp/fake-agent; cp /tmp/fake-agent /lib/mimic/agent"]);
    // The real one ends and the system starts the lying one in its place; this command never hears its own end.
    await mimic.mimic(["exec", "evil", "--", "sh", "-c", "(sleep 1; killall -9 qemu-ga) >/dev/null 2>&1 &"]);
    await expect
      .poll(async () => (await mimic.client.machines.guest({ machine: "evil" }).catch(() => undefined))?.hostname ?? "", {
        timeout: 60_000,
        interval: 1000,
      })
      .toContain("window.__hit");
    await go("/machines/evil/details");
    await seen.page.getByText("Calls itself").waitFor({ timeout: 20_000 });
    await expectInert("a lying agent");
    await expectPlain("show", "evil");
    // Everything else it says is nonsense: a command in it fails in words, with a code, and soon.
    const failed = await mimic.mimic(["exec", "evil", "--", "true"]);
    expect(failed.code).not.toBe(0);
    expect(failed.err).toMatch(/agent/i);
    expect(CONTROL.exec(failed.err + failed.out)).toBeNull();
    const before = await residentMiB();
    await mimic.client.machines.type({ machine: "evil", text: "touch /tmp/flood\n" });
    await new Promise((done) => setTimeout(done, 4000));
    const started = performance.now();
    await expectPlain("ls");
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await residentMiB()) - before).toBeLessThan(64);
    expect((await mimic.client.machines.show({ machine: "evil" })).power).toBe("running");
  }, 120_000);
});

describe("file names", () => {
  beforeAll(async () => {
    await mimic.client.machines.kill({ machine: "evil" });
    await mimic.done(mimic.client.machines.start({ machine: "evil" }));
  }, 60_000);

  test("of a guest are copied or left out, and none is obeyed", async () => {
    await bytesInto(
      "/tmp/make",
      `mkdir -p /root/d && cd /root/d && : > "$(printf 'a\\033]0;pwned\\007b')" && : > "$(printf 'new\\nline')" && : > ./-rf &&
       : > '<img src=x onerror=window.__hit=1>' && ln -s /etc/passwd link && ln -s ../../../../etc/hostname up && echo fine > fine`,
    );
    await mimic.mimic(["exec", "evil", "--", "sh", "/tmp/make"]);
    await expectPlain("cp", "evil:/root/d", `${mimic.home}/out`);
    const names = await readdir(`${mimic.home}/out`);
    expect(names).toContain("fine");
    expect(await readFile(`${mimic.home}/out/fine`, "utf8")).toBe("fine\n");
    for (const name of names) {
      const link = await readlink(`${mimic.home}/out/${name}`).catch(() => undefined);
      expect(link === undefined || !/^\/|\.\./.test(link), `${name} → ${link}`).toBe(true);
    }
  }, 60_000);

  test("of a guest that lies about its files reach nothing outside the folder that was asked for", async () => {
    const canary = "canary-inside-an-archive";
    const archive = tarOf([
      { name: "good.txt", body: "good" },
      { name: "../escaped.txt", body: canary },
      { name: `${mimic.home}/absolute.txt`, body: canary },
      { name: "away", link: ".." },
      { name: "away/through-link.txt", body: canary },
    ]);
    await mkdir(`${mimic.home}/control/inside`, { recursive: true });
    await writeFile(`${mimic.home}/evil.tar`, archive);
    // Control: a program that believes the names is led outside.
    await promisify(execFile)("tar", ["-xPf", `${mimic.home}/evil.tar`, "-C", `${mimic.home}/control/inside`]).catch(() => {});
    expect(await readdir(`${mimic.home}/control`)).toContain("escaped.txt");
    await mimic.mimic(["exec", "evil", "--", "sh", "-c", `rm -f ${mimic.home}/absolute.txt; true`]);
    await promisify(execFile)("rm", ["-f", `${mimic.home}/absolute.txt`]);
    await mimic.mimic(["cp", `${mimic.home}/evil.tar`, "evil:/tmp/evil.tar"]);
    await mimic.mimic([
      "exec",
      "evil",
      "--",
      "sh",
      "-c",
      "rm /bin/tar; printf '#!/bin/sh\\ncat /tmp/evil.tar\\n' > /bin/tar; chmod +x /bin/tar",
    ]);
    await mkdir(`${mimic.home}/got`);
    const copied = await mimic.mimic(["cp", "evil:/root/d", `${mimic.home}/got/d`]);
    expect(CONTROL.exec(copied.out + copied.err)).toBeNull();
    expect(await readdir(`${mimic.home}/got`)).toEqual((await readdir(`${mimic.home}/got`)).filter((name) => name === "d"));
    expect(await readdir(mimic.home)).not.toContain("absolute.txt");
    expect(await readdir(mimic.home)).not.toContain("escaped.txt");
    expect(await readdir(mimic.home)).not.toContain("through-link.txt");
  }, 60_000);
});

test("names of images and files, and notes, are shown as they are and do nothing", async () => {
  const chosen = HOSTILE.filter((text) => text.length > 0 && text.length <= 120 && !/[\ud800-\udfff]/.test(text)).filter(
    (_, at) => at % 4 === 0,
  );
  for (const [at, name] of chosen.entries()) {
    const path = `${mimic.home}/file-${at}${name.replace(/[/\0]/g, "_").slice(0, 60)}.img`;
    await writeFile(path, new Uint8Array(512 * (at + 1)).fill(at + 1));
    const ended = await mimic.ended(mimic.client.images.import({ path, name, kind: "disk", format: "raw" })).catch((error: unknown) => ({
      state: "failed",
      problem: { code: String((error as { code?: unknown }).code), message: String(error) },
    }));
    // Taken, or refused in words: both are answers.
    if (ended.state !== "done") expect(ended.problem?.code, JSON.stringify(name)).toMatch(/^[a-z]+\.[a-z_]+$/);
  }
  expect((await mimic.client.images.list({})).images.length).toBeGreaterThan(3);
  await mimic.client.machines.change({
    machine: "evil",
    note: HOSTILE.join(" ")
      .replace(/[\ud800-\udfff]/g, "")
      .slice(0, 1990),
  });
  for (const args of [
    ["image", "ls"],
    ["jobs", "ls"],
    ["show", "evil"],
    ["ls"],
    ["logs", "evil"],
    ["logs", "evil", "--engine"],
    ["explain", "evil"],
    ["trash", "ls"],
  ])
    await expectPlain(...args);
  for (const path of ["/", "/images", "/jobs", "/new", "/machines/evil/hardware", "/machines/evil/activity"]) {
    await go(path);
    await expectInert(path);
  }
}, 120_000);

test("the log of the daemon has one JSON object on each line, whatever the strings were", () => {
  const lines = mimic.log.trim().split("\n");
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines.slice(1)) {
    expect(() => JSON.parse(line), line).not.toThrow();
    expect(CONTROL.exec(line), line).toBeNull();
  }
});

async function residentMiB(): Promise<number> {
  const status = await readFile(`/proc/${mimic.daemon?.pid}/status`, "utf8");
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) / 1024;
}
