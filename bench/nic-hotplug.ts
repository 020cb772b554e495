// How long after a card was plugged in its guest has an address: the card is made, the switch dials it, the guest's kernel finds
// it, its DHCP client asks, the gateway answers. The bound is a figure, not a comparison.
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@mimic/api/client";
import { openApi, TINY, untilDone } from "./framework/api.ts";
import { startDaemon } from "./framework/mimic.ts";
import type { Row } from "./framework/row.ts";
import { sampleOf } from "./framework/statistics.ts";

const MOST_MS = 1000;
const ROUNDS = 7;

export const nicHotplug: Row = {
  name: "nic-hotplug",
  what: "From the request to plug a network card into a running tiny Linux until the gateway has given it an address.",
  unit: "ms",
  bound: `under ${MOST_MS} ms`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    await untilDone(api.client, (await api.client.machines.create({ name: "box", system: TINY, network: null, start: true })).job);
    const took: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const ms = await once(api.client);
      // The first loads what the guest has never used.
      if (round > 0) took.push(ms);
    }
    const ours = sampleOf(took);
    return { ours, holds: ours.median < MOST_MS };
  },
};

async function once(client: Client): Promise<number> {
  const began = performance.now();
  const { hardware } = await client.machines.addNic({ machine: "box", network: "home" });
  const nic = hardware.nics.at(-1);
  if (!nic) throw new Error("the card is not there");
  for (;;) {
    const { leases } = await client.networks.leases({ network: "home" });
    if (leases.some(({ mac }) => mac === nic.mac)) break;
    if (performance.now() - began > 60_000) throw new Error("the guest got no address within a minute");
    await sleep(5);
  }
  const took = performance.now() - began;
  await client.machines.removeNic({ machine: "box", nic: nic.id });
  return took;
}
