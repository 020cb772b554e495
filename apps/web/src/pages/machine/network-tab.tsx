// A machine's network cards: where each cable leads, its VLAN and address, how good the link is; all of it changed while
// the machine runs, or the words why not.
import { Button } from "@mantine/core";
import { plain } from "@mimic/base";
import { bitsInWords, type MachineView } from "@mimic/model";
import { IconNetwork, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { hardwareQuery, shownName } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { Term } from "../../ui/term.tsx";
import { actionsOf, type Ways } from "../networks/actions.ts";
import type { Ask } from "../networks/ask.ts";
import { Patterns, Swatch } from "../networks/canvas/patterns.tsx";
import { netCommands } from "../networks/commands.ts";
import { NetworkDialogs } from "../networks/dialogs/dialogs.tsx";
import { ActionButtons } from "../networks/panel/action-buttons.tsx";
import { type NicThing, nicsOf, type World } from "../networks/things.ts";
import { useRate, useTraffic } from "../networks/traffic.ts";
import { useWays } from "../networks/use-ways.ts";
import { useWorld } from "../networks/use-world.ts";
import { linkInWords, modeInWords } from "../networks/words.ts";
import "../../styles/networks.css";
import "../../styles/network-canvas.css";

export function NetworkTab({ machine }: { machine: MachineView }) {
  const { world, error } = useWorld();
  const [ask, setAsk] = useState<Ask>();
  const ways = useWays(setAsk);
  // The machine as this page has it may be newer than the list's.
  const here = useMemo(
    () => world && { ...world, machines: world.machines.map((each) => (each.id === machine.id ? machine : each)) },
    [world, machine],
  );
  useTraffic([...new Set(machine.hardware.nics.flatMap(({ network }) => (network ? [network] : [])))]);
  if (error) return <ProblemNote error={error} />;
  if (!here) return <Waiting>Reading its network cards…</Waiting>;
  const nics = nicsOf(here, machine);
  const full = nics.length >= 8 ? "It has eight network cards, and its board has no room for more." : undefined;
  return (
    <div className="stack">
      <Patterns />
      <section aria-labelledby="nics">
        <div className="section-head">
          <h2 id="nics">
            <Term word="nic">Network cards</Term>
          </h2>
          <ReasonButton
            why={full}
            onPress={() => setAsk({ what: "plug", machine, nic: undefined })}
            leftSection={<IconPlus size={16} aria-hidden="true" />}
          >
            Add a network card
          </ReasonButton>
        </div>
        {nics.length === 0 ? <p className="quiet">It has none: it reaches nobody, and nobody reaches it.</p> : null}
        <ul className="items">
          {nics.map((nic) => (
            <NicRow key={nic.id} nic={nic} world={here} ways={ways} />
          ))}
        </ul>
        <When machine={machine} />
      </section>
      <Forwards machine={machine} world={here} ask={setAsk} />
      <NetworkDialogs ask={ask} world={here} onClose={() => setAsk(undefined)} />
    </div>
  );
}

function NicRow({ nic, world, ways }: { nic: NicThing; world: World; ways: Ways }) {
  const rate = useRate(nic.id);
  const { network, port } = nic;
  return (
    <li className="item nic-item">
      <IconNetwork size={24} stroke={1.6} aria-hidden="true" />
      <div className="item-words">
        <strong>
          Card {nic.number}:{" "}
          {network ? (
            <>
              on <bdi>{shownName(network.name)}</bdi>
            </>
          ) : (
            "no cable"
          )}
        </strong>
        {network ? (
          <span className="with-swatch">
            <Swatch vlan={nic.nic.port.mode === "trunk" ? undefined : nic.nic.port.vlan} /> {modeInWords(nic.nic.port)}
          </span>
        ) : null}
        <span className="quiet">
          {nic.nic.model}, <code>{nic.nic.mac}</code>
          {port?.addresses[0]
            ? `, ${port.addresses
                .slice(0, 3)
                .map((each) => plain(each, 45))
                .join(", ")}`
            : ""}
        </span>
        {port ? <span className="quiet">{linkInWords(port)}</span> : null}
        {port?.isConnected ? (
          <span className="quiet numbers">
            {bitsInWords(rate.downBits)} to it, {bitsInWords(rate.upBits)} from it
            {rate.dropped > 0 ? `, ${rate.dropped} frames dropped` : ""}
          </span>
        ) : null}
      </div>
      <div className="nic-actions">
        <ActionButtons actions={actionsOf(nic, world, ways)} />
        {network ? (
          <Button size="compact-sm" variant="subtle" onClick={() => ways.look(nic.id)}>
            Show it in the picture
          </Button>
        ) : null}
      </div>
    </li>
  );
}

/** What the hardware table says of network cards: now, after a restart, or not, and why. */
function When({ machine }: { machine: MachineView }) {
  const { data: rows } = useQuery(hardwareQuery(machine.id));
  const told = rows?.filter(({ part }) => /network/i.test(part)) ?? [];
  const words = told.find(({ why }) => why !== "")?.why;
  const pending = machine.pending.filter((each) => /network|card|nic/i.test(each));
  return (
    <>
      {pending.length > 0 ? (
        <div className="pending" role="note">
          <strong>At its next start:</strong> {pending.map((each) => plain(each, 200)).join("; ")}
        </div>
      ) : null}
      <p className="quiet">
        {words
          ? plain(words, 300)
          : "Cards and cables can be changed at any time; a running system notices, as if somebody had done it by hand."}
      </p>
      {machine.hardware.nics.length === 0 ? <CommandLine command={netCommands.add(machine, "home", { mode: "access", vlan: 1 })} /> : null}
    </>
  );
}

function Forwards({ machine, world, ask }: { machine: MachineView; world: World; ask: (ask: Ask) => void }) {
  const navigate = useNavigate();
  const forwards = world.networks.flatMap((network) =>
    network.forwards.filter((forward) => forward.machine?.id === machine.id).map((forward) => ({ network, forward })),
  );
  const home = world.networks.find((network) => network.gateway && network.ports.some((port) => port.machine?.id === machine.id));
  return (
    <section aria-labelledby="its-forwards">
      <div className="section-head">
        <h2 id="its-forwards">
          <Term word="forward">Forwards</Term> to it
        </h2>
        <ReasonButton
          why={home ? undefined : "It is on no network that leads here."}
          onPress={() => home && ask({ what: "forward", network: home, machine: machine.id })}
          leftSection={<IconPlus size={16} aria-hidden="true" />}
        >
          Add a forward
        </ReasonButton>
      </div>
      {forwards.length === 0 ? <p className="quiet">None. With one, a program of this computer reaches a port of this machine.</p> : null}
      <ul className="panel-list">
        {forwards.map(({ network, forward }) => (
          <li key={forward.id}>
            <span>
              <code>{`${forward.hostAddress}:${forward.takenPort ?? forward.hostPort}`}</code> leads to its port {forward.guestPort}
              {forward.isAutomatic ? <span className="mark-auto">automatic</span> : null}
              {forward.problem ? <span className="field-error"> {plain(forward.problem, 160)}</span> : null}
            </span>
            <Link to="/networks/$network/{-$tab}" params={{ network: network.name, tab: "forwards" }} search={{}}>
              of <bdi>{shownName(network.name)}</bdi>
            </Link>
          </li>
        ))}
      </ul>
      {forwards.length > 0 ? null : home ? (
        <div>
          <Button
            variant="subtle"
            size="compact-md"
            onClick={() => void navigate({ to: "/networks/$network/{-$tab}", params: { network: home.name }, search: {} })}
          >
            Open its network
          </Button>
        </div>
      ) : null}
    </section>
  );
}
