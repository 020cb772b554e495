import { readFileSync, writeFileSync } from "node:fs";
import { MimicError } from "@mimic/base";
import { misfit } from "@mimic/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aPlan, argvOf, capabilities, disk, foreignCapabilities, foreignMachines, goldenText, nic, typical } from "../../test/context.ts";
import { newestMachineType } from "../capabilities.ts";
import { findGuestName, guestName, keyValue } from "./index.ts";

const GOLDEN = new URL("../../golden/", import.meta.url);

describe("golden command lines", () => {
  for (const [name, plan] of Object.entries(typical))
    test(`${name} starts with exactly the arguments that were reviewed`, () => {
      const file = new URL(`${name}.argv`, GOLDEN);
      const text = goldenText(argvOf(plan));
      // MIMIC_UPDATE_GOLDEN=1 writes them anew; then review the difference by eye.
      if (process.env.MIMIC_UPDATE_GOLDEN === "1") writeFileSync(file, text);
      expect(text).toBe(readFileSync(file, "utf8"));
    });
});

describe("golden command lines of other processors", () => {
  for (const [name, plan] of Object.entries(foreignMachines))
    test(`${name} starts with exactly the arguments that were reviewed`, () => {
      expect(misfit(plan.record.hardware)).toBeUndefined();
      const file = new URL(`foreign/${name}.argv`, GOLDEN);
      const text = goldenText(argvOf(plan, { capabilities: foreignCapabilities }));
      if (process.env.MIMIC_UPDATE_GOLDEN === "1") writeFileSync(file, text);
      expect(text).toBe(readFileSync(file, "utf8"));
    });
});

/** QEMU's own reading of key=value lists: “,,” is a comma (util/keyval.c, util/qemu-option.c). */
function readKeyValue(text: string): [string, string | undefined][] {
  const words: string[] = [];
  let word = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ",") word += text[i];
    else if (text[i + 1] === ",") word += text[++i];
    else {
      words.push(word);
      word = "";
    }
  }
  words.push(word);
  return words.map((word) => {
    const at = word.indexOf("=");
    return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
  });
}

const hostile = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom(
    "a,file=/etc/hostname",
    "a,,b",
    "x\nfile=/etc/shadow",
    "-drive",
    '"},{"driver":"file"',
    "=,=",
    "über “so”",
    "..",
    "a\\,b",
  ),
);

describe("for any names and paths", () => {
  test("a value in a key=value option is read back as that value, and adds no key", () => {
    fc.assert(
      fc.property(hostile, hostile, (path, other) => {
        const read = readKeyValue(keyValue("socket", { id: "x", path, other, server: true }));
        expect(read).toEqual([
          ["socket", undefined],
          ["id", "x"],
          ["path", path],
          ["other", other],
          ["server", "on"],
        ]);
      }),
    );
  });

  test("no path of a person appears in QEMU's arguments: files come by descriptor, sockets by the cage's own folder", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const folder = `/home/x/${name}/SECRETPATH`;
        const plan = aPlan(
          { disks: [disk(1, "virtio", { base: "b".repeat(64) })], drives: [{ slot: "cd0", kind: "cd", medium: { from: "own" } }] },
          { media: { cd0: `${folder}/cd.iso` } },
          folder,
        );
        const reference = aPlan(plan.record.hardware, { media: { cd0: "/other/cd.iso" } });
        expect(argvOf(plan).flatMap((p) => p.args)).toEqual(argvOf(reference).flatMap((p) => p.args));
      }),
    );
  });

  test("kernel words stay one argument, whatever they say", () => {
    fc.assert(
      fc.property(hostile, (words) => {
        const plan = aPlan({ directBoot: { image: "a".repeat(64), kernel: "k", commandLine: words } }, { kernel: "/k" });
        const args = argvOf(plan).flatMap((p) => p.args);
        expect(args[args.indexOf("-append") + 1]).toBe(words);
        expect(args.length).toBe(
          argvOf(
            aPlan({ ...plan.record.hardware, directBoot: { image: "a".repeat(64), kernel: "k", commandLine: "x" } }, { kernel: "/k" }),
          ).flatMap((p) => p.args).length,
        );
      }),
    );
  });
});

describe("every command line", () => {
  const all = Object.values(typical).map((plan) => argvOf(plan).flatMap((part) => part.args));

  test("begins with nothing by default, stopped, and filtered", () => {
    for (const args of all) {
      expect(args.slice(0, 2)).toEqual(["-nodefaults", "-no-user-config"]);
      expect(args).toContain("-S");
      expect(args[args.indexOf("-sandbox") + 1]).toBe("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    }
  });

  test("names the format of every image and opens nothing but descriptors", () => {
    for (const args of all)
      for (const [i, flag] of args.entries()) {
        expect(flag).not.toMatch(/^-(drive|hda|hdb|cdrom|fda)$/);
        if (flag !== "-blockdev") continue;
        const node = JSON.parse(args[i + 1] as string);
        expect(["file", "raw", "qcow2"]).toContain(node.driver);
        if (node.driver === "file") expect(node.filename).toMatch(/^\/dev\/fdset\/\d+$/);
        if (node.driver === "qcow2") expect(node).toHaveProperty("backing");
      }
  });

  test("opens no TCP port: every server is a unix socket in the run folder", () => {
    for (const args of all) {
      const vnc = args.indexOf("-vnc");
      if (vnc >= 0) expect(args[vnc + 1]).toMatch(/^unix:\/m\/vnc\.sock,/);
      for (const [i, flag] of args.entries())
        if (flag === "-chardev") expect(args[i + 1]).toMatch(/^socket,id=\w+,path=\/m\/[\w.]+(,server=on,wait=off)?$/);
      for (const [i, flag] of args.entries())
        if (flag === "-netdev")
          expect(JSON.parse(args[i + 1] as string)).toEqual({
            type: "stream",
            id: expect.stringMatching(/^net\w+$/),
            server: true,
            addr: { type: "unix", path: expect.stringMatching(/^\/n\/nic_\w+\.sock$/) },
          });
      expect(args.join(" ")).not.toMatch(/websocket|host=|tcp:/);
    }
  });

  test("gives every device a name, and no two the same place", () => {
    for (const args of all) {
      const devices = args.flatMap((flag, i) => (flag === "-device" ? [JSON.parse(args[i + 1] as string)] : []));
      for (const device of devices) expect(device.id).toMatch(/^[a-z][a-z0-9]*$/);
      const places = devices.filter((d) => d.addr !== undefined).map((d) => `${d.bus} ${d.addr}`);
      expect(new Set(places).size).toBe(places.length);
      expect(new Set(devices.map((d) => d.id)).size).toBe(devices.length);
    }
  });
});

describe("network cards", () => {
  const argsOf = (given: object) => argvOf(aPlan(given)).flatMap((part) => part.args);
  const cards = (args: readonly string[]) =>
    args.flatMap((arg) => (arg.startsWith('{"driver"') ? [JSON.parse(arg)] : [])).filter(({ netdev }) => netdev !== undefined);

  test("a machine without cards has no network of QEMU's own either", () => {
    const args = argsOf({});
    expect(args).not.toContain("-netdev");
    expect(args).not.toContain("-nic");
    expect(args.join(" ")).not.toMatch(/virtio-net|e1000|rtl8139/);
    expect(args).toContain("-nodefaults");
  });

  test("a card stays in its place when another is taken out", () => {
    const placeOf = (nics: object[]) => cards(argsOf({ nics })).map(({ mac, bus, addr }) => [mac, bus, addr]);
    const [first, second] = [nic(1, "virtio"), nic(2, "e1000e")];
    expect(placeOf([first, second])[1]).toEqual(placeOf([second])[0]);
  });

  test("no card carries a boot program, unless the machine shall boot from the network", () => {
    const nics = [nic(1, "virtio"), nic(2, "e1000")];
    for (const card of cards(argsOf({ nics }))) expect(card).toMatchObject({ romfile: "" });
    for (const card of cards(argsOf({ nics, bootOrder: ["disk", "network"] }))) {
      expect(card).not.toHaveProperty("romfile");
      expect(card.bootindex).toBeGreaterThan(0);
    }
  });

  test("a card that the board has no place for is an error in words", () => {
    expect(() => argsOf({ nics: [nic(1, "ne2k_isa")] })).toThrow(expect.objectContaining({ code: "qemu.no_nic_place" }));
    expect(() => argsOf({ board: "i440fx", nics: [nic(6, "rtl8139")] })).toThrow(/no place 6/);
  });
});

describe("choices", () => {
  test("the newest versioned board is taken by number, not by letters", () => {
    expect(
      newestMachineType(
        { ...capabilities, machines: ["pc-q35-9.2", "pc-q35-10.0", "pc-q35-7.2"] },
        { architecture: "x86_64", board: "q35" },
      ),
    ).toBe("pc-q35-10.0");
  });

  test("a pinned board that QEMU no longer has is an error, not another board", () => {
    expect(() => argvOf(aPlan({ machineType: "pc-q35-2.4" }))).toThrow(expect.objectContaining({ code: "qemu.machine_type_gone" }));
  });

  test("more SATA drives than the board has connectors are refused in words", () => {
    const seven = aPlan({ disks: [1, 2, 3, 4, 5, 6, 7].map((n) => disk(n, "sata")) });
    expect(() => argvOf(seven)).toThrow(MimicError);
    expect(() => argvOf(seven)).toThrow(/SATA/);
  });

  test("a second disk does not move the first, nor the CD", () => {
    const places = (disks: object[]) => {
      const args = argvOf(aPlan({ disks, drives: [{ slot: "cd0", kind: "cd" }] })).flatMap((p) => p.args);
      const devices = args.filter((a) => a.startsWith('{"driver"')).map((a) => JSON.parse(a));
      return devices.filter((d) => d.id === "disk0" || d.id === "cd0").map((d) => [d.id, d.bus, d.addr, d.unit]);
    };
    expect(places([disk(1, "sata"), disk(2, "sata")])).toEqual(places([disk(1, "sata")]));
    expect(places([disk(1, "virtio"), disk(2, "virtio")])).toEqual(places([disk(1, "virtio")]));
  });

  test("the launch cookie is found again in a command line, and only there", () => {
    const name = guestName("0123456789abcdef", "00c0ffee");
    expect(findGuestName(`qemu\0-nodefaults\0-no-user-config\0-name\0guest=${name},debug-threads=off\0-S`)).toEqual({
      cookie: "0123456789abcdef",
      installation: "00c0ffee",
    });
    expect(findGuestName(`bwrap\0--\0qemu\0-nodefaults\0-name\0guest=${name},x\0`)).toBeUndefined();
    expect(findGuestName(`qemu\0-append\0guest=${name},\0`)).toBeUndefined();
  });
});
