import { expect, test } from "vitest";
import { SYSTEMS } from "../../../dev/world/systems.ts";
import { guessKind, importCommand, nameFromFile, newCommand, partsFor, partsInWords, partsTrouble, readChoice, wishOf } from "./choice.ts";
import { computerArguments, OTHER_COMPUTERS, usualParts, withUsual } from "./other-computers.ts";

const debian = SYSTEMS.find((system) => system.id === "debian-13");
const usual = partsFor(debian, undefined);

test("the hardware of a system is one sentence", () => {
  expect(partsInWords(usual)).toBe("1 core, 1 GiB memory, 8 GiB disk");
  expect(partsInWords(partsFor(SYSTEMS[0], undefined))).toBe("1 core, 128 MiB memory, no disk of its own");
});

test("only what was changed is asked for", () => {
  expect(wishOf(usual, usual)).toEqual({});
  expect(wishOf({ ...usual, cpus: 4, memory: "2 GiB" }, usual)).toEqual({ hardware: { cpus: 4, memoryMiB: 2048 } });
  expect(wishOf({ ...usual, disk: "20G" }, usual)).toEqual({ diskBytes: 20 * 1024 ** 3 });
});

test("sizes that cannot be are explained beside the field", () => {
  const least = { memoryMiB: 512, diskBytes: 4 * 1024 ** 3 };
  const host = { memoryBytes: 8 * 1024 ** 3 };
  expect(partsTrouble(usual, least, host)).toEqual({});
  expect(partsTrouble({ ...usual, memory: "lots" }, least, host).memory).toContain("2 GiB");
  expect(partsTrouble({ ...usual, memory: "100 MiB" }, least, host).memory).toContain("512 MiB at least");
  expect(partsTrouble({ ...usual, memory: "64 GiB" }, least, host).memory).toContain("8 GiB in all");
  expect(partsTrouble({ ...usual, disk: "1 GiB" }, least, host).disk).toContain("4 GiB at least");
  expect(partsTrouble({ ...usual, disk: "" }, least, host).disk).toBeUndefined();
});

test("the command does the same as the form", () => {
  expect(
    newCommand({ name: "web", choice: { system: "debian-13" }, parts: { ...usual, cpus: 2 }, usual, network: "home", start: true }),
  ).toBe("mimic new web --os debian-13 --cpus 2 --start");
  const empty = { name: "a", choice: { empty: true }, parts: usual, usual, network: "home", start: false };
  const g3 = OTHER_COMPUTERS.find(({ board }) => board === "g3beige");
  const z = OTHER_COMPUTERS.find(({ architecture }) => architecture === "s390x");
  expect(newCommand({ ...empty, computer: computerArguments({ computer: g3 }) })).toBe("mimic new a --empty --arch ppc --board g3beige");
  expect(newCommand({ ...empty, computer: computerArguments({ computer: z }) })).toBe("mimic new a --empty --arch s390x");
  expect(newCommand({ ...empty, computer: computerArguments({ era: "1991" }) })).toBe("mimic new a --empty --era 1991");
  expect(newCommand({ name: "", choice: { empty: true }, parts: usual, usual, network: undefined, start: false })).toBe(
    "mimic new NAME --empty",
  );
  expect(newCommand({ name: "a", choice: { empty: true }, parts: usual, usual, network: "", start: false })).toBe(
    "mimic new a --empty --net none",
  );
});

test("what a file is, is guessed from its name and size", () => {
  expect(guessKind("Debian.ISO", 1e9)).toBe("cd");
  expect(guessKind("boot.img", 1_474_560)).toBe("floppy");
  expect(guessKind("boot.img", 1e9)).toBe("disk");
  expect(guessKind("disk.qcow2.xz", 1e9)).toBe("disk");
  expect(guessKind("Game.ZIP", 1e6)).toBe("files");
  expect(nameFromFile("debian-12.5.iso.xz")).toBe("debian-12.5");
  expect(nameFromFile("game.zip")).toBe("game");
  expect(nameFromFile(".iso")).toBe("my-image");
});

test("an address can name a system or an image and nothing else", () => {
  expect(readChoice({ system: "debian-13", host: "evil.test", own: "yes" })).toEqual({ system: "debian-13" });
  expect(readChoice({ system: "x".repeat(500), image: 7 })).toEqual({});
});

test("the command beside the dialog brings the same: files go onto a disk or a floppy", () => {
  expect([undefined, "cd", "files", "files-floppy"].map((kind) => importCommand(kind as Parameters<typeof importCommand>[0]))).toEqual([
    "mimic image import FILE --name NAME",
    "mimic image import FILE --name NAME",
    "mimic image import FOLDER --name NAME --files",
    "mimic image import FOLDER --name NAME --files --kind floppy",
  ]);
});

test("another computer has its own sizes, unless a person chose them", () => {
  const free = { isImageDisk: false, leastMiB: 0 };
  const today = partsFor(undefined, undefined);
  const computer = OTHER_COMPUTERS.find(({ architecture }) => architecture === "sparc");
  const sun = usualParts(today, { computer }, free);
  expect(partsInWords(sun)).toBe("1 core, 256 MiB memory, 20 GiB disk");
  expect(withUsual(today, today, sun)).toEqual(sun);
  expect(withUsual({ ...today, memory: "64 MiB" }, today, sun).memory).toBe("64 MiB");
  expect(partsInWords(usualParts(today, { era: "1991" }, free))).toBe("1 core, 8 MiB memory, 120 MiB disk");
  expect(usualParts(today, { era: "1991" }, { ...free, leastMiB: 16 }).memory).toBe("16 MiB");
  expect(usualParts({ ...today, disk: "3 GiB" }, { era: "1991" }, { ...free, isImageDisk: true }).disk).toBe("3 GiB");
});
