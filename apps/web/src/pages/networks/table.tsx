// The same as the picture, as a table: every cable with where it leads, how it is and what passes, and the same actions.

import { plain } from "@mimic/base";
import { bitsInWords, capturedNow } from "@mimic/model";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { shownName } from "../../queries.ts";
import { PowerState } from "../../ui/state.tsx";
import { actionsOf, type Ways } from "./actions.ts";
import { Swatch } from "./canvas/patterns.tsx";
import { Captured } from "./captured.tsx";
import { ActionMenu } from "./panel/action-buttons.tsx";
import { type NicThing, nicsOf, type PortThing, type World } from "./things.ts";
import { useRate } from "./traffic.ts";
import { addressesInWords, KIND_WORDS, linkInWords, modeInWords } from "./words.ts";

interface Props {
  readonly world: World;
  readonly ways: Ways;
}

export function NetworkTables({ world, ways }: Props) {
  const plugged = world.machines.flatMap((machine) => nicsOf(world, machine));
  const loose = world.machines.filter((machine) => !machine.hardware.nics.some(({ network }) => network !== null));
  return (
    <div className="stack">
      {world.networks.map((network) => {
        const nics = plugged.filter((nic) => nic.network?.id === network.id);
        const ports = network.ports
          .filter(({ leadsTo }) => leadsTo !== "machine")
          .map((port): PortThing => ({ kind: "port", id: port.id, network, port }));
        const name = shownName(network.name);
        const captured = capturedNow(network);
        return (
          <section key={network.id} aria-labelledby={`table-${network.id}`}>
            <div className="section-head one-line">
              <div>
                <h2 id={`table-${network.id}`}>
                  <Link to="/networks/$network/{-$tab}" params={{ network: network.name }} search={{}}>
                    <bdi>{name}</bdi>
                  </Link>{" "}
                  <span className="quiet">
                    {KIND_WORDS[network.kind].title} ({KIND_WORDS[network.kind].field})
                  </span>
                </h2>
                <p className="quiet">{addressesInWords(network)}</p>
                {network.state === "trouble" ? <p className="field-error">Trouble: {plain(network.because, 200)}</p> : null}
                {captured ? <Captured what={captured} /> : null}
              </div>
              <div className="row">
                <ActionMenu
                  actions={actionsOf({ kind: "network", id: network.id, network }, world, ways)}
                  label={`More for the network ${name}`}
                />
              </div>
            </div>
            {nics.length + ports.length === 0 ? (
              <p className="quiet">Nothing is plugged in yet.</p>
            ) : (
              <CableTable label={`Cables of ${name}`} things={[...nics, ...ports]} world={world} ways={ways} />
            )}
          </section>
        );
      })}
      {loose.length > 0 ? (
        <section aria-labelledby="table-loose">
          <h2 id="table-loose">Not plugged in</h2>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too */}
          <section className="table-wrap" aria-label="Machines that are not plugged in" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">Machine</th>
                  <th scope="col">State</th>
                  <th scope="col">Network cards</th>
                  <th scope="col">
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {loose.map((machine) => (
                  <tr key={machine.id}>
                    <th scope="row">
                      <Link to="/machines/$machine/{-$tab}" params={{ machine: machine.name, tab: "network" }}>
                        <bdi>{shownName(machine.name)}</bdi>
                      </Link>
                    </th>
                    <td>
                      <PowerState machine={machine} />
                    </td>
                    <td>{machine.hardware.nics.length === 0 ? "none" : `${machine.hardware.nics.length}, no cable`}</td>
                    <td className="cell-action">
                      <ActionMenu
                        actions={actionsOf({ kind: "machine", id: machine.id, machine }, world, ways)}
                        label={`More for ${shownName(machine.name)}`}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </section>
      ) : null}
    </div>
  );
}

export function CableTable({ label, things, world, ways }: Props & { label: string; things: readonly (NicThing | PortThing)[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too
    <section className="table-wrap" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Machine or link</th>
            <th scope="col">Cable</th>
            <th scope="col">VLAN</th>
            <th scope="col">Address</th>
            <th scope="col" className="number">
              To it
            </th>
            <th scope="col" className="number">
              From it
            </th>
            <th scope="col" className="number">
              Dropped
            </th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {things.map((thing) => (
            <CableRow key={thing.id} thing={thing} world={world} ways={ways} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

const CableRow = memo(function CableRow({ thing, world, ways }: Props & { thing: NicThing | PortThing }) {
  const rate = useRate(thing.id);
  const mode = thing.kind === "nic" ? thing.nic.port : thing.port.mode;
  const name = thing.kind === "nic" ? shownName(thing.machine.name) : plain(thing.port.label, 63);
  const card = thing.kind === "nic" && thing.machine.hardware.nics.length > 1 ? ` (card ${thing.number})` : "";
  return (
    <tr>
      <th scope="row">
        <button type="button" className="link-like" onClick={() => ways.look(thing.id)}>
          <bdi>{name}</bdi>
          {card}
        </button>
        {thing.kind === "port" && thing.port.network ? <span className="quiet"> link to {shownName(thing.port.network.name)}</span> : null}
      </th>
      <td>{thing.port ? linkInWords(thing.port) : thing.kind === "nic" && !thing.nic.isUp ? "Cable pulled" : "Connected"}</td>
      <td>
        <span className="with-swatch">
          <Swatch vlan={mode.mode === "trunk" ? undefined : mode.vlan} /> {modeInWords(mode)}
        </span>
      </td>
      <td>{thing.port?.addresses[0] ? plain(thing.port.addresses[0], 45) : "—"}</td>
      <td className="number">{bitsInWords(rate.downBits)}</td>
      <td className="number">{bitsInWords(rate.upBits)}</td>
      <td className="number">{rate.dropped}</td>
      <td className="cell-action">
        <ActionMenu actions={actionsOf(thing, world, ways)} label={`More for the cable of ${name}${card}`} />
      </td>
    </tr>
  );
});
