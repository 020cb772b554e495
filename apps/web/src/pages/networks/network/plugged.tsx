// Who is plugged in, and why frames were dropped here lately.

import { Button } from "@mantine/core";
import type { NetworkView } from "@mimic/model";
import { Term } from "../../../ui/term.tsx";
import type { Ways } from "../actions.ts";
import { Drops } from "../panel/drops.tsx";
import { CableTable } from "../table.tsx";
import { nicsOf, type PortThing, type World } from "../things.ts";

export function Plugged({ network, world, ways }: { network: NetworkView; world: World; ways: Ways }) {
  const nics = world.machines.flatMap((machine) => nicsOf(world, machine)).filter((nic) => nic.network?.id === network.id);
  const ports = network.ports
    .filter(({ leadsTo }) => leadsTo !== "machine")
    .map((port): PortThing => ({ kind: "port", id: port.id, network, port }));
  return (
    <div className="stack">
      <section aria-labelledby="plugged">
        <div className="section-head">
          <h2 id="plugged">Machines and links</h2>
          <Button onClick={() => ways.look(network.id)}>Show it in the picture</Button>
        </div>
        {nics.length + ports.length === 0 ? (
          <p className="quiet">
            Nothing is plugged in yet. In the picture, drag from a machine’s socket to this network; or use “More” of a machine in the
            table.
          </p>
        ) : (
          <CableTable label="All cables" things={[...nics, ...ports]} world={world} ways={ways} />
        )}
      </section>
      <section aria-labelledby="why">
        <h2 id="why">
          Why <Term word="frame">frames</Term> were dropped
        </h2>
        <Drops network={network.id} most={12} />
      </section>
    </div>
  );
}
