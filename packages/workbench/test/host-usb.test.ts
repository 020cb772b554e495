import { beforeEach, describe, expect, test } from "vitest";
import { type Bench, ended, granted, withMachine } from "./bench.ts";

let bench: Bench;
const lend = (socket: string, agreed = true, machine = "alpha") => bench.workbench.machines.lendUsb({ machine, socket, agreed });

beforeEach(async () => {
  bench = await withMachine({}, { hardware: { input: "usb" } });
  bench.hostUsb.devices = [
    {
      socket: "1-2",
      vendorId: "0951",
      productId: "1666",
      words: "Kingston DataTraveler",
      kinds: ["storage"],
      file: "/dev/bus/usb/001/004",
    },
    { socket: "1-3", vendorId: "1d6b", productId: "0002", words: "a hub", kinds: [], file: "/dev/bus/usb/001/005", whyNot: "A hub stays." },
  ];
});

describe("a USB device of this computer", () => {
  test("is lent to a machine that runs, once a person agreed, and comes back; where its file lies is nobody's business", async () => {
    expect(await lend("1-2")).toMatchObject({ code: "machine.not_running" });
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    expect(await lend("1-2", false)).toMatchObject({ code: "usb.needs_consent", why: expect.stringContaining("change it for good") });
    expect(granted(await bench.workbench.host.usb({})).devices[0]?.machine).toBeUndefined();
    granted(await lend("1-2"));
    const view = granted(await bench.workbench.host.usb({}));
    expect(view.devices[0]).toMatchObject({ socket: "1-2", machine: "alpha" });
    expect(JSON.stringify(view)).not.toContain("/dev/bus");
    expect(await lend("1-2")).toMatchObject({ code: "usb.lent_already", why: expect.stringContaining("alpha") });
    granted(await bench.workbench.machines.takeBackUsb({ machine: "alpha", socket: "1-2" }));
    expect(granted(await bench.workbench.host.usb({})).devices[0]?.machine).toBeUndefined();
    expect(await bench.workbench.machines.takeBackUsb({ machine: "alpha", socket: "1-2" })).toMatchObject({ code: "usb.not_lent_here" });
  });
  test("that stays here, or is not there, or has no socket to go to, is refused with the reason", async () => {
    await ended(bench, await bench.workbench.machines.start({ machine: "alpha" }));
    expect(await lend("1-3")).toMatchObject({ code: "usb.cannot_lend", why: expect.stringContaining("A hub stays") });
    expect(await lend("9-9")).toMatchObject({ code: "usb.unknown_device" });
    await ended(
      bench,
      await bench.workbench.machines.create({ name: "beta", system: "test-linux", hardware: { input: "ps2" }, start: true }),
    );
    expect(await lend("1-2", true, "beta")).toMatchObject({
      code: "hardware.not_possible",
      why: expect.stringContaining("USB controller"),
    });
  });
});
