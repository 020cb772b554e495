// Old machines for real, each with its year's hardware: what its clock says, that its memory and devices wake up from a
// checkpoint, and that a floppy that is changed while it runs is read anew.
import { writeFile } from "node:fs/promises";
import { ERAS, type Era } from "@mimic/model";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser, misdeeds, NOTHING, signIn } from "./kit/browser.ts";
import { eraFloppy } from "./kit/era-floppy.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
beforeAll(async () => {
  [mimic, browser] = await Promise.all([install(), launchBrowser()]);
  for (const name of ["first", "other"]) {
    await writeFile(`${mimic.home}/${name}.img`, eraFloppy(`${name}dis`));
    const made = await mimic.mimic(["image", "import", `${mimic.home}/${name}.img`, "--kind", "floppy", "--format", "raw", "--name", name]);
    expect(made.code, made.err).toBe(0);
  }
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

const said = async (machine: string) => (await mimic.client.machines.log({ machine, which: "serial" })).text;
/** The numbers of its lines, in the order in which they came. */
const counted = async (machine: string) =>
  [...(await said(machine)).matchAll(/^([0-9A-F]{4}) \S+\r?$/gm)].map(([, hex]) => Number.parseInt(hex as string, 16));
const last = async (machine: string) => (await counted(machine)).at(-1) ?? 0;
const start = (era: Era) => mimic.done(mimic.client.machines.create({ name: `pc${era}`, image: "first", era, start: true }));

for (const era of Object.keys(ERAS) as Era[]) {
  // The one of 1991 stays for what follows.
  test(`the PC of ${era} starts from its floppy, and its clock says ${era}`, async () => {
    await start(era);
    await expect.poll(() => last(`pc${era}`), { timeout: 60_000 }).toBeGreaterThan(1);
    expect((await said(`pc${era}`)).match(/^(\d{4})\r?$/m)?.[1]).toBe(era);
    if (era !== "1991") await mimic.client.machines.kill({ machine: `pc${era}` });
  }, 120_000);
}

test("a PC of 1991 goes on counting from the checkpoint that it goes back to, and people hear what is not kept of it", async () => {
  const machine = "pc1991";
  expect((await mimic.client.machines.show({ machine })).hardware).toMatchObject({ board: "i440fx", display: "cirrus", sound: "sb16" });
  const before = await last(machine);
  const kept = await mimic.mimic(["checkpoint", machine, "then"]);
  expect(kept.code, kept.err).toBe(0);
  expect(kept.out + kept.err).toContain("music of the AdLib may be silent until the program sets it again");
  const after = await last(machine);
  await expect.poll(() => last(machine)).toBeGreaterThan(after + 20);
  await mimic.done(mimic.client.moments.restore({ machine, moment: "then" }));
  // Its serial port is heard anew from here on.
  await expect.poll(async () => (await counted(machine)).length).toBeGreaterThan(5);
  const numbers = await counted(machine);
  const first = numbers[0] as number;
  expect(first).toBeGreaterThan(before);
  expect(first).toBeLessThanOrEqual(after + 2);
  expect(numbers).toEqual(numbers.map((_, i) => first + i));
  // It did not begin anew: then the year would stand there.
  expect(await said(machine)).not.toMatch(/^1991\r?$/m);
  const { moments } = await mimic.client.moments.list({ machine });
  expect(moments.find(({ name }) => name === "then")?.memoryLacks).toContain("AdLib");
  expect((await mimic.mimic(["moments", machine])).out).toContain("music of the AdLib");
}, 120_000);

test("a floppy that is changed while the machine runs is read anew; an empty drive says so", async () => {
  const machine = "pc1991";
  const line = async () => (await said(machine)).trimEnd().split("\n").at(-2)?.trim().slice(5);
  await expect.poll(line).toBe("firstdis");
  await mimic.client.machines.changeMedium({ machine, slot: "floppy0", image: "other" });
  await expect.poll(line).toBe("otherdis");
  await mimic.client.machines.changeMedium({ machine, slot: "floppy0", image: null });
  await expect.poll(line, { timeout: 60_000 }).toBe("-");
  const back = await mimic.mimic(["media", machine, "floppy0", "first"]);
  expect(back.code, back.err).toBe(0);
  await expect.poll(line, { timeout: 60_000 }).toBe("firstdis");
  // And by hand, in the browser.
  const seen = await signIn(browser, mimic);
  await seen.page.goto(`${seen.address}/machines/${machine}/disks`);
  await seen.page.getByLabel("floppy in floppy0").selectOption({ label: "other" });
  await expect.poll(line, { timeout: 60_000 }).toBe("otherdis");
  expect(misdeeds(seen)).toEqual(NOTHING);
  await seen.context.close();
}, 180_000);
