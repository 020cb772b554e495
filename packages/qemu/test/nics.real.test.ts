// Network cards of a real QEMU with a real Linux in it; the test is the other end of the cable.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { NicSpec } from "@mimic/model";
import type { RunningMachine } from "@mimic/workbench/ports";
import { expect, test } from "vitest";
import { aPlan, nic } from "./context.ts";
import { linuxGuest } from "./guests.ts";
import { aWorkshop, patient, realClock } from "./real-ports.ts";

/** Frames as they come out of a card (4 bytes of length, big endian, before each). */
class Cable implements Disposable {
  readonly sources = new Set<string>();
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE(0)) {
        const frame = this.#rest.subarray(4, 4 + this.#rest.readUInt32BE(0));
        this.sources.add([...frame.subarray(6, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join(":"));
        this.#rest = this.#rest.subarray(4 + frame.length);
      }
    });
    socket.on("error", () => {});
  }
  static async into(path: string): Promise<Cable> {
    const socket = connect(path);
    await once(socket, "connect");
    return new Cable(socket);
  }
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  const options = patient(60_000);
  while (!(await what())) await realClock.sleep(50, options);
}

async function say(machine: RunningMachine, line: string): Promise<string> {
  let out = "";
  const onStdout = (bytes: Uint8Array) => {
    out += new TextDecoder().decode(bytes);
  };
  await machine.agent?.exec({ program: "/bin/sh", args: ["-c", line], onStdout, onStderr: onStdout }, patient(60_000));
  return out.trim();
}

test("cards find their driver, come and go while the machine runs, and lose their carrier", async () => {
  await using shop = await aWorkshop();
  const guest = await linuxGuest();
  const folder = `${shop.folder}/m`;
  const directBoot = { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: guest.commandLine };
  const first = NicSpec.parse(nic(1, "virtio"));
  const pulled = NicSpec.parse(nic(2, "virtio", { network: null }));
  const plan = aPlan({ memoryMiB: 256, nics: [first, pulled], directBoot }, { kernel: guest.kernel, initrd: guest.initrd }, folder);
  const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
  const socketOf = (card: NicSpec) => `${folder}/net/${card.id}.sock`;
  using one = await Cable.into(socketOf(first));
  await machine.agent?.waitUntilReady(patient());
  await until(() => one.sources.has(first.mac));
  expect([...one.sources]).toEqual([first.mac]);

  const cardsOf = async () =>
    await say(machine, "cd /sys/class/net; for c in eth*; do echo $(cat $c/address) $(cat $c/carrier 2>&1); done");
  await until(async () => (await cardsOf()).includes(pulled.mac));
  expect(await cardsOf()).toContain(`${first.mac} 1`);
  expect(await cardsOf()).toContain(`${pulled.mac} 0`);

  const added = NicSpec.parse(nic(3, "virtio"));
  expect(await machine.plugNic(added, patient())).toBe("now");
  using two = await Cable.into(socketOf(added));
  await until(() => two.sources.has(added.mac));
  expect(machine.run.hardware.nics.map(({ id }) => id)).toEqual([first.id, pulled.id, added.id]);
  await machine.setLink(first.id, false, patient());
  await until(async () => (await cardsOf()).includes(`${first.mac} 0`));
  await machine.setLink(first.id, true, patient());
  await until(async () => (await cardsOf()).includes(`${first.mac} 1`));

  await machine.unplugNic(first.id, patient());
  expect(await cardsOf()).not.toContain(first.mac);
  await machine.unplugNic(added.id, patient());
  // Its place is free again, also for the next life of the same card.
  expect(await machine.plugNic(added, patient())).toBe("now");
  using again = await Cable.into(socketOf(added));
  await until(() => again.sources.has(added.mac));
  expect(existsSync(`/proc/${machine.run.pid}/root/n`)).toBe(true);
  await machine.end(patient());
}, 200_000);

test.each(["e1000e", "rtl8139"])(
  "a machine that shall boot from the network asks for an address by its %s card's own program",
  async (model) => {
    await using shop = await aWorkshop();
    const folder = `${shop.folder}/m`;
    const card = NicSpec.parse(nic(1, model));
    const board = model === "rtl8139" ? "i440fx" : "q35";
    const plan = aPlan({ memoryMiB: 64, board, agent: false, input: "ps2", nics: [card], bootOrder: ["network"] }, {}, folder);
    const machine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
    using cable = await Cable.into(`${folder}/net/${card.id}.sock`);
    await until(() => cable.sources.has(card.mac));
    await machine.end(patient());
  },
  120_000,
);
