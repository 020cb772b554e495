// The sound of a PC of 1991, from its card through QEMU, daemon and browser to the loudspeakers of the page.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser, signIn } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";
import { ADLIB, SOUND_BLASTER, soundSector } from "./kit/sound-sector.ts";

let mimic: Installation;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mimic-sound-"));
  [mimic, browser] = await Promise.all([install(), launchBrowser()]);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A command that must succeed. */
const says = async (...words: string[]): Promise<void> => {
  const ran = await mimic.mimic(words);
  expect(ran.code, `${words.join(" ")}: ${ran.err}`).toBe(0);
};

/** What passes to the loudspeakers of this page: the loudest tone, and how loud. */
const LISTEN = `(() => {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      const ear = new AnalyserNode(this.context, { fftSize: 8192, smoothingTimeConstant: 0 });
      connect.call(this, ear);
      window.heard = () => {
        const bins = new Float32Array(ear.frequencyBinCount);
        ear.getFloatFrequencyData(bins);
        const loudest = bins.indexOf(Math.max(...bins));
        return { hertz: (loudest * this.context.sampleRate) / ear.fftSize, decibels: bins[loudest] };
      };
    }
    return connect.call(this, to, ...more);
  };
})()`;

for (const [card, ports, least, most] of [
  // 440 Hz is block 4 and number 0x244 (AdLib programming guide); the carrier alone, as loud as it goes.
  ["AdLib", ADLIB, 420, 460],
  // A square wave of 64 samples at 11,111 a second: 173 Hz.
  ["Sound Blaster", SOUND_BLASTER, 160, 190],
] as const)
  test(`a PC of 1991 is heard in the browser, as loud as the slider says: ${card}`, { timeout: 120_000 }, async () => {
    const file = join(folder, `${card.replaceAll(" ", "-")}.img`);
    const floppy = Buffer.alloc(1_474_560);
    floppy.set(soundSector(ports));
    await writeFile(file, floppy);
    const name = card.toLowerCase().replaceAll(" ", "-");
    await says("image", "import", file, "--kind", "floppy", "--format", "raw", "--name", name);
    await says("new", name, "--era", "1991", "--image", name, "--start");
    const { page: ears, context, address } = await signIn(browser, mimic);
    await ears.addInitScript(LISTEN);
    await ears.goto(`${address}/machines/${name}/screen`);
    await ears.getByRole("button", { name: "Sound on" }).click();
    const heard = () => ears.evaluate("window.heard?.() ?? { hertz: 0, decibels: -999 }") as Promise<{ hertz: number; decibels: number }>;
    await expect.poll(async () => (await heard()).decibels, { timeout: 30_000, interval: 500 }).toBeGreaterThan(-60);
    await expect
      .poll(
        async () => {
          const { hertz } = await heard();
          return hertz > least && hertz < most;
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(true);
    // What passes to the loudspeakers follows the slider: nothing at its left end, and louder than at first at its right.
    const first = (await heard()).decibels;
    const slider = ears.getByRole("slider", { name: "Volume" });
    await slider.press("Home");
    await expect.poll(async () => (await heard()).decibels, { timeout: 10_000, interval: 200 }).toBeLessThan(first - 40);
    await slider.press("End");
    await expect.poll(async () => (await heard()).decibels, { timeout: 10_000, interval: 200 }).toBeGreaterThan(first + 1);
    await context.close();
    await says("kill", name);
  });
