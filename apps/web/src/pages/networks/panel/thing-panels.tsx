// The panels of everything that is no cable.
import { plain } from "@mimic/base";
import type { HostView, MachineView, NetworkView } from "@mimic/model";
import { Link } from "@tanstack/react-router";
import { shownName } from "../../../queries.ts";
import { PowerState } from "../../../ui/state.tsx";
import { Term } from "../../../ui/term.tsx";
import type { Ways } from "../actions.ts";
import { Swatch } from "../canvas/patterns.tsx";
import { nicsOf, type World } from "../things.ts";
import { vlanTitle } from "../topology/lanes.ts";
import { addressesInWords, KIND_WORDS, linkInWords, modeInWords } from "../words.ts";
import { Drops } from "./drops.tsx";

export function MachinePanel({
  machine,
  world,
  ways,
  children,
}: {
  machine: MachineView;
  world: World;
  ways: Ways;
  children: React.ReactNode;
}) {
  const nics = nicsOf(world, machine);
  return (
    <>
      <PowerState machine={machine} />
      {children}
      <section aria-labelledby="panel-nics">
        <h3 id="panel-nics">
          Its <Term word="nic">network cards</Term>
        </h3>
        {nics.length === 0 ? <p className="quiet">It has none, so it reaches nobody. Add one, or drag from the + at its corner.</p> : null}
        <ul className="panel-list">
          {nics.map((nic) => (
            <li key={nic.id}>
              <button type="button" className="link-like" onClick={() => ways.look(nic.id)}>
                {nic.network ? (
                  <>
                    to <bdi>{shownName(nic.network.name)}</bdi>
                  </>
                ) : (
                  "no cable"
                )}
              </button>
              <span className="quiet">
                {nic.network ? `${modeInWords(nic.nic.port)} · ` : ""}
                {nic.port ? linkInWords(nic.port) : nic.nic.mac}
                {nic.port?.addresses[0] ? ` · ${plain(nic.port.addresses[0], 45)}` : ""}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

export function NetworkPanel({ network, ways, children }: { network: NetworkView; ways: Ways; children: React.ReactNode }) {
  return (
    <>
      {network.state === "trouble" ? (
        <p className="pending" role="note">
          {plain(network.because, 300)}
        </p>
      ) : null}
      <p>
        <strong>{KIND_WORDS[network.kind].title}</strong> <span className="quiet">({KIND_WORDS[network.kind].field})</span>
        <br />
        {KIND_WORDS[network.kind].means}
      </p>
      <p className="quiet">{addressesInWords(network)}</p>
      {children}
      <section aria-labelledby="panel-vlans">
        <h3 id="panel-vlans">
          <Term word="vlan">VLANs</Term>
        </h3>
        <ul className="panel-list">
          {network.vlans.map(({ id, name }) => (
            <li key={id}>
              <span className="with-swatch">
                <Swatch vlan={id} /> <bdi>{plain(vlanTitle(id, name), 80)}</bdi>
              </span>
              <button
                type="button"
                className="link-like"
                aria-label={`Change VLAN ${id}`}
                onClick={() => ways.ask({ what: "vlan", network, vlan: id })}
              >
                Change
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="panel-drops">
        <h3 id="panel-drops">Why frames were dropped</h3>
        <Drops network={network.id} most={3} />
      </section>
    </>
  );
}

export function GatewayPanel({ network, ways, children }: { network: NetworkView; ways: Ways; children: React.ReactNode }) {
  const rules = network.rules.length;
  return (
    <>
      <p>
        The <Term word="gateway">gateway</Term>{" "}
        {network.gateway?.reachesInternet
          ? "is the way out, and gives addresses and names."
          : "gives addresses and names. Nothing leads out."}
      </p>
      <p className="quiet">{addressesInWords(network)}</p>
      {children}
      <p className="quiet">
        {rules === 0 ? "No rule of yours: the usual ones hold." : rules === 1 ? "1 rule of yours." : `${rules} rules of yours.`}{" "}
        <button type="button" className="link-like" onClick={() => ways.openNetwork(network.name, "rules")}>
          See the rules
        </button>
      </p>
    </>
  );
}

export function HostPanel({ host, world, children }: { host: HostView | undefined; world: World; children: React.ReactNode }) {
  const forwards = world.networks.flatMap((network) => network.forwards.map((forward) => ({ network, forward })));
  return (
    <>
      <p>
        <bdi>{plain(host?.hostname ?? "", 60)}</bdi> carries the networks. Machines reach nothing of it, nor of its own LAN, unless a rule
        opens it.
      </p>
      <section aria-labelledby="panel-forwards">
        <h3 id="panel-forwards">
          <Term word="forward">Forwards</Term>
        </h3>
        {forwards.length === 0 ? <p className="quiet">None. A forward lets you reach a port of a machine from this computer.</p> : null}
        <ul className="panel-list">
          {forwards.map(({ network, forward }) => (
            <li key={forward.id}>
              <span>
                <code>{`${forward.hostAddress}:${forward.takenPort ?? forward.hostPort}`}</code> → {plain(forward.machine?.name ?? "?", 63)}
                :{forward.guestPort}
              </span>
              <span className="quiet">
                <Link to="/networks/$network/{-$tab}" params={{ network: network.name, tab: "forwards" }} search={{}}>
                  {plain(network.name, 63)}
                </Link>
                {forward.isAutomatic ? ", automatic" : ""}
                {forward.problem ? `: ${plain(forward.problem, 160)}` : ""}
              </span>
            </li>
          ))}
        </ul>
      </section>
      {children}
    </>
  );
}

export const InternetPanel = ({ children }: { children: React.ReactNode }) => (
  <>
    <p>Everything outside. Machines reach it through a gateway and this computer; nobody out there reaches a machine by themselves.</p>
    {children}
  </>
);
