// An old game in the browser: a folder or a zip becomes a disk through the real pipeline, a machine gets it, and what is no good
// is refused in words. Real daemon, real qemu-img, real Chromium; no guest has to run.
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenRules, launchBrowser, misdeeds, NOTHING, shot, signIn, type Watched } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;
let page: Page;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install(), launchBrowser()]);
  await mimic.done(mimic.client.machines.create({ name: "old-pc", hardware: { board: "i440fx" }, diskBytes: 16 << 20, network: null }));
  seen = await signIn(browser, mimic);
  page = seen.page;
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

const go = async (path: string) => {
  await page.goto(seen.address + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
};
const dialog = () => page.getByRole("dialog", { name: "Bring a file of your own" });
async function bring(label: "File" | "Folder", path: string): Promise<void> {
  await go("/images");
  await page.getByRole("button", { name: "Bring a file" }).click();
  await dialog().getByLabel(label, { exact: true }).setInputFiles(path);
}
const imageNamed = async (name: string) => {
  const find = async () => (await mimic.client.images.list({})).images.find((image) => image.name === name);
  await expect.poll(find, { timeout: 60_000 }).toBeDefined();
  return (await find()) as NonNullable<Awaited<ReturnType<typeof find>>>;
};
/** The files of an image's FAT volume, by another program than ours; `offset` is where its partition begins. */
async function filesOn(name: string, offset: number): Promise<(path: string) => string> {
  const { digest } = await imageNamed(name);
  const file = execFileSync("find", [`${mimic.home}/data/images`, "-path", `*${digest}*`, "-type", "f", "-size", "+8k"], {
    encoding: "utf8",
  });
  const raw = join(mimic.home, `${name}.raw`);
  execFileSync("qemu-img", ["convert", "-O", "raw", file.trim().split("\n")[0] ?? "", raw]);
  return (path) => execFileSync("mtype", ["-i", `${raw}@@${offset}`, `::${path}`], { encoding: "utf8" });
}
const TRACK = 63 * 512;

test("a folder becomes a disk whose files are there, and the page says what will be sent before", async () => {
  const game = join(mimic.home, "keen");
  await mkdir(join(game, "data"), { recursive: true });
  await writeFile(join(game, "KEEN.EXE"), "MZ the game itself");
  await writeFile(join(game, "data", "level1.dat"), "a level".repeat(5000));
  await bring("Folder", game);
  await dialog()
    .getByText(/^keen, 2 files, /)
    .waitFor();
  expect(await dialog().getByRole("textbox", { name: "Name" }).inputValue()).toBe("keen");
  expect(await dialog().getByRole("combobox", { name: "What it is" }).locator("option").allTextContents()).toEqual([
    "Files, such as an old game: put them on a hard disk (FAT)",
    "Files: put them on a floppy (1.44 MB)",
  ]);
  await shot(page, "bring-a-folder");
  expect(await brokenRules(page)).toEqual([]);
  await dialog().getByRole("button", { name: "Bring it in" }).press("Enter");
  expect((await imageNamed("keen")).kind).toBe("disk");
  const read = await filesOn("keen", TRACK);
  expect(read("KEEN.EXE")).toBe("MZ the game itself");
  expect(read("DATA/LEVEL1.DAT")).toBe("a level".repeat(5000));
}, 90_000);

test("a zip becomes a floppy whose file is there, under the name that was given", async () => {
  const zip = join(mimic.home, "puzzle.zip");
  execFileSync("python3", ["-c", 'import sys,zipfile; zipfile.ZipFile(sys.argv[1],"w",8).writestr("a/PUZZLE.COM","a puzzle")', zip]);
  await bring("File", zip);
  await dialog().getByRole("textbox", { name: "Name" }).fill("puzzles");
  expect(await dialog().getByRole("combobox", { name: "What it is" }).inputValue()).toBe("files");
  await dialog().getByRole("combobox", { name: "What it is" }).selectOption("files-floppy");
  await dialog().getByRole("button", { name: "Bring it in" }).click();
  expect((await imageNamed("puzzles")).kind).toBe("floppy");
  expect((await filesOn("puzzles", 0))("A/PUZZLE.COM")).toBe("a puzzle");
}, 90_000);

test("a zip with a path that leads out of it is refused in words, and nothing is kept", async () => {
  const zip = join(mimic.home, "evil.zip");
  execFileSync("python3", ["-c", 'import sys,zipfile; zipfile.ZipFile(sys.argv[1],"w").writestr("../../evil.txt","out")', zip]);
  await bring("File", zip);
  await dialog().getByRole("button", { name: "Bring it in" }).click();
  const refused = dialog().getByRole("alert");
  await refused.getByText("The ZIP archive cannot be read: an entry's name leads out of it.").waitFor({ timeout: 30_000 });
  await shot(page, "zip-refused");
  expect(await brokenRules(page)).toEqual([]);
  expect((await mimic.client.images.list({})).images.map(({ name }) => name)).not.toContain("evil");
  await dialog().getByRole("button", { name: "Choose another file" }).click();
  await dialog().getByRole("button", { name: "Choose a folder" }).waitFor();
}, 60_000);

test("an empty folder says so and cannot be sent", async () => {
  const empty = join(mimic.home, "empty");
  await mkdir(empty);
  await bring("Folder", empty);
  await dialog().getByText("There is no file in this folder.").waitFor();
  expect(await dialog().getByRole("button", { name: "Bring it in" }).isDisabled()).toBe(true);
}, 60_000);

test("the game's disk is plugged into a machine, and a floppy drive is added and filled", async () => {
  const { digest, virtualBytes } = await imageNamed("keen");
  await go("/machines/old-pc/disks");
  await page.getByRole("button", { name: "Add a disk" }).click();
  const add = page.getByRole("dialog", { name: "Add a disk" });
  await add.getByRole("combobox", { name: "What is on it" }).selectOption(digest);
  await add.getByRole("textbox", { name: "Size" }).fill("1 MiB");
  await add.getByText(/The image needs .* at least/).waitFor();
  await add.getByRole("textbox", { name: "Size" }).fill("");
  await add.getByRole("combobox", { name: "Plugged in by" }).selectOption("ide");
  await add.getByText("mimic disk add old-pc --image keen --bus ide").waitFor();
  await shot(page, "add-a-disk-from-an-image");
  expect(await brokenRules(page)).toEqual([]);
  await add.getByRole("textbox", { name: "Size" }).press("Enter");
  const hardware = async () => (await mimic.client.machines.show({ machine: "old-pc" })).hardware;
  await expect.poll(async () => (await hardware()).disks.at(-1)).toMatchObject({ base: digest, sizeBytes: virtualBytes, bus: "ide" });
  await page.getByText("a thin layer over keen").waitFor();
  const before = (await hardware()).drives.length;
  await page.getByRole("button", { name: "Add a floppy drive" }).press("Enter");
  await expect.poll(async () => (await hardware()).drives.at(-1)?.kind).toBe("floppy");
  expect((await hardware()).drives).toHaveLength(before + 1);
  await page.getByRole("combobox", { name: "floppy in floppy0" }).selectOption({ label: "puzzles" });
  const { digest: puzzles } = await imageNamed("puzzles");
  await expect.poll(async () => (await hardware()).drives.at(-1)?.medium).toEqual({ from: "image", digest: puzzles });
  expect(misdeeds(seen)).toEqual(NOTHING);
}, 60_000);
