// `--cpus 2 --memory 2G …` as the API takes it. Only what was given is in it.
import type { InputOf } from "@mimic/api/client";
import { readChoice, readCount, readSize, readSwitch } from "./arguments.ts";
import { readProcessor } from "./boards.ts";
import type { Given } from "./command.ts";
import { UsageError } from "./say.ts";

const BOARDS = ["q35", "i440fx", "virt", "pseries", "mac99", "g3beige", "s390-ccw", "malta", "ss5"] as const;

type Wish = NonNullable<InputOf<"machines", "create">["hardware"]>;

function readPixels(option: string, text: string): { width: number; height: number } {
  const [, width, height] = /^(\d{3,4})[x×](\d{3,4})$/.exec(text) ?? [];
  if (width && height) return { width: Number(width), height: Number(height) };
  throw new UsageError("cli.usage", `${option} takes a width and a height, and “${text.slice(0, 40)}” is not that.`, {
    hint: `For example: ${option} 1024x768`,
  });
}

export function hardwareWish(given: Given): Wish | undefined {
  const wish: Wish = {};
  const when = (name: string, use: (text: string) => void): void => {
    const text = given.text(name);
    if (text !== undefined) use(text);
  };
  when("cpus", (text) => {
    wish.cpus = readCount("--cpus", text);
  });
  when("memory", (text) => {
    wish.memoryMiB = Math.max(1, Math.round(readSize("--memory", text) / 1024 ** 2));
  });
  when("arch", (text) => {
    wish.architecture = readProcessor(text);
  });
  when("board", (text) => {
    wish.board = readChoice("--board", text, BOARDS);
  });
  when("firmware", (text) => {
    wish.firmware = readChoice("--firmware", text, ["bios", "uefi"]);
  });
  when("secureBoot", (text) => {
    wish.secureBoot = readSwitch("--secure-boot", text);
  });
  when("tpm", (text) => {
    wish.tpm = readSwitch("--tpm", text);
  });
  when("cpuModel", (text) => {
    wish.cpuModel = text;
  });
  when("cpuLimit", (text) => {
    wish.cpuLimitPercent = readCount("--cpu-limit", text.replace(/ ?%$/, ""));
  });
  when("displaySize", (text) => {
    wish.displaySize = readPixels("--display-size", text);
  });
  when("display", (text) => {
    wish.display = readChoice("--display", text, ["vga", "virtio", "cirrus", "none"]);
  });
  when("sound", (text) => {
    wish.sound = readChoice("--sound", text, ["none", "hda", "ac97", "sb16", "speaker"]);
  });
  when("input", (text) => {
    wish.input = readChoice("--input", text, ["usb", "ps2"]);
  });
  when("boot", (text) => {
    wish.bootOrder = text.split(",").map((device) => readChoice("--boot", device, ["disk", "cd", "floppy", "network"]));
  });
  return Object.keys(wish).length > 0 ? wish : undefined;
}
