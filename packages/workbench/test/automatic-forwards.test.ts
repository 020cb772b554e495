// Ports that guests open, followed through their agent.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listeningPorts } from "../src/networks/listening.ts";
import { ended, granted, withMachine } from "./bench.ts";

const line = (local: string, state = "0A") =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1\n`;
const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

describe("what a guest's own table says", () => {
  test("listeners at any address and at one of its cards count; those on its loopback and connections do not", () => {
    const table = HEAD + line("00000000:1F90") + line("0A00004D:0050") + line("0100007F:0016") + line("00000000:ABCD", "01");
    expect(listeningPorts(table)).toEqual([80, 8080]);
    const six =
      HEAD + line(`${"0".repeat(32)}:0016`) + line("00000000000000000000000001000000:0050") + line("0000000000000000FFFF00000100007F:0051");
    expect(listeningPorts(six)).toEqual([22]);
  });

  test("whatever it says, nothing is thrown and at most 64 ports come of it", () => {
    const odd = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc
        .array(fc.integer({ min: 0, max: 65_535 }))
        .map((ports) => ports.map((port) => line(`00000000:${port.toString(16).toUpperCase().padStart(4, "0")}`)).join("")),
    );
    fc.assert(
      fc.property(odd, (table) => {
        const ports = listeningPorts(table);
        expect(ports.length).toBeLessThanOrEqual(64);
        expect(ports.every((port) => port > 0 && port < 65_536)).toBe(true);
      }),
    );
  });
});

test("a port that a guest opens appears on this computer's loopback, and goes with the guest's closing it or going off", async () => {
  const bench = await withMachine();
  await ended(bench, await bench.workbench.machines.start({ machine: "alpha", wait: "usable" }));
  const agent = [...bench.hypervisor.alive.values()][0]?.agent;
  const says = async (table: string) => {
    await agent?.writeFile(
      "/proc/net/tcp",
      (async function* () {
        yield new TextEncoder().encode(HEAD + table);
      })(),
      { signal: new AbortController().signal },
    );
    await bench.clock.pass(25_000);
  };
  const forwards = async () =>
    granted(await bench.workbench.networks.show({ network: "home" })).forwards.map(({ guestPort, hostPort, hostAddress, isAutomatic }) => [
      hostAddress,
      hostPort,
      guestPort,
      isAutomatic,
    ]);
  await says(line("00000000:1F90") + line("00000000:0050"));
  expect(await forwards()).toEqual([
    ["127.0.0.1", 0, 80, true],
    ["127.0.0.1", 8080, 8080, true],
  ]);
  await says(line("00000000:1F90"));
  expect(await forwards()).toEqual([["127.0.0.1", 8080, 8080, true]]);
  granted(await bench.workbench.networks.change({ network: "home", automaticForwards: false }));
  granted(await bench.workbench.machines.kill({ machine: "alpha" }));
  await bench.clock.pass(1000);
  expect(await forwards()).toEqual([]);
});
