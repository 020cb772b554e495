// `--cpus 2 --memory 2G …` as the API takes it. Only what was given is in it.
import type { InputOf } from "@mimic/api/client";
import { readChoice, readCount, readSize, readSwitch } from "./arguments.ts";
import type { Given } from "./command.ts";

type Wish = NonNullable<InputOf<"machines", "create">["hardware"]>;

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
  when("board", (text) => {
    wish.board = readChoice("--board", text, ["q35", "i440fx"]);
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
  when("display", (text) => {
    wish.display = readChoice("--display", text, ["vga", "virtio", "cirrus", "none"]);
  });
  when("sound", (text) => {
    wish.sound = readChoice("--sound", text, ["none", "hda", "ac97", "sb16"]);
  });
  when("input", (text) => {
    wish.input = readChoice("--input", text, ["usb", "ps2"]);
  });
  when("boot", (text) => {
    wish.bootOrder = text.split(",").map((device) => readChoice("--boot", device, ["disk", "cd", "floppy", "network"]));
  });
  return Object.keys(wish).length > 0 ? wish : undefined;
}
