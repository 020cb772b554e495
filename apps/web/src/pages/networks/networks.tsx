// All networks: drawn, or as a table that says and does the same. The thing that is looked at stands in the address.
import { Menu, SegmentedControl } from "@mantine/core";
import { IconPlus, IconTable, IconTopologyStar3 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { hostQuery } from "../../queries.ts";
import { CommandsButton } from "../../ui/command.tsx";
import { Empty, Page, Waiting } from "../../ui/page.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { actionsOf } from "./actions.ts";
import type { Ask } from "./ask.ts";
import { Canvas } from "./canvas/canvas.tsx";
import { Legend } from "./canvas/legend.tsx";
import { Patterns } from "./canvas/patterns.tsx";
import type { Pull } from "./canvas/use-drags.ts";
import { addNic, moveThings, plugIn, tidy } from "./changes.ts";
import { netCommands } from "./commands.ts";
import { NetworkDialogs } from "./dialogs/dialogs.tsx";
import { NewNetworkButton } from "./dialogs/network.tsx";
import { ActionItems } from "./panel/action-buttons.tsx";
import { Panel } from "./panel/panel.tsx";
import type { NetworksSearch } from "./search.ts";
import { NetworkTables } from "./table.tsx";
import { nicsOf, thingOf, type World } from "./things.ts";
import type { Drop } from "./topology/camera.ts";
import { modeInLane } from "./topology/lanes.ts";
import type { Point } from "./topology/sketch.ts";
import { useTraffic } from "./traffic.ts";
import { make } from "./undo.ts";
import { useWays } from "./use-ways.ts";
import { useWorld } from "./use-world.ts";
import "../../styles/networks.css";
import "../../styles/network-canvas.css";

const route = getRouteApi("/networks");
const NUMBERS_KEY = "mimic-cable-numbers";
function readNumbers(): boolean {
  try {
    return localStorage.getItem(NUMBERS_KEY) === "yes";
  } catch {
    return false;
  }
}

/** A cable was dropped: plugged in there, with a new card when it was pulled from none. */
function dropped(world: World, { machine: id, nic }: Pull, drop: Drop): void {
  const machine = world.machines.find((each) => each.id === id);
  if (!machine) return;
  const thing = nicsOf(world, machine).find((each) => each.id === nic);
  if (drop.on === "tray") {
    if (thing?.nic.network) void make(plugIn(thing, { network: null, mode: thing.nic.port }));
    return;
  }
  if (!thing) {
    void make(addNic(machine, { network: drop.network, mode: modeInLane(drop.lane, { mode: "access", vlan: 1 }) }));
    return;
  }
  const mode = modeInLane(drop.lane, thing.nic.port);
  if (thing.nic.network === drop.network && mode === thing.nic.port && thing.nic.isUp) return;
  void make(plugIn(thing, { network: drop.network, mode }));
}

export function NetworksPage() {
  const { world, error } = useWorld();
  const [ask, setAsk] = useState<Ask>();
  const title = "Networks";
  if (error)
    return (
      <Page title={title}>
        <ProblemNote error={error} />
      </Page>
    );
  if (!world)
    return (
      <Page title={title}>
        <Waiting>Reading your networks…</Waiting>
      </Page>
    );
  const newButton = <NewNetworkButton icon={<IconPlus size={18} aria-hidden="true" />} onPress={() => setAsk({ what: "newNetwork" })} />;
  if (world.networks.length === 0)
    return (
      <Page title={title}>
        <Empty title="No network yet" picture={<Picture picture="cable" size={72} />} action={newButton}>
          A network lets machines reach each other, and the Internet where you allow it. It is a switch made of software: plug machines in,
          draw rooms, make a link slow, watch every packet.
        </Empty>
        <NetworkDialogs ask={ask} world={world} onClose={() => setAsk(undefined)} />
      </Page>
    );
  return <Shown world={world} ask={ask} setAsk={setAsk} newButton={newButton} />;
}

interface ShownProps {
  readonly world: World;
  readonly ask: Ask | undefined;
  readonly setAsk: (ask: Ask | undefined) => void;
  readonly newButton: React.ReactNode;
}

function Shown({ world, ask, setAsk, newButton }: ShownProps) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const { data: host } = useQuery(hostQuery);
  const [numbers, setNumbers] = useState(readNumbers);
  const [menu, setMenu] = useState<{ id: string; at: Point }>();
  useTraffic(world.networks.map(({ id }) => id));
  const go = useCallback(
    (next: NetworksSearch) => void navigate({ to: "/networks", search: next, replace: true, resetScroll: false }),
    [navigate],
  );
  const look = useCallback((at: string) => go({ look: search.look, at }), [go, search.look]);
  const ways = useWays(setAsk, look);
  const thing = thingOf(world, search.at);
  const menuThing = thingOf(world, menu?.id);
  const close = () => {
    go({ look: search.look });
    const back = document.getElementById(`at-${search.at}`) ?? document.getElementById(`at-x_${search.at}`);
    back?.focus({ preventScroll: true });
  };
  const keepNumbers = (yes: boolean) => {
    setNumbers(yes);
    try {
      localStorage.setItem(NUMBERS_KEY, yes ? "yes" : "no");
    } catch {
      // Not kept; nothing is lost.
    }
  };
  const tidyUp = () => {
    const change = tidy(world.networks);
    if (change) void make(change);
  };
  const table = search.look === "table";
  const on = world.networks.reduce((sum, { ports }) => sum + ports.filter(({ leadsTo }) => leadsTo === "machine").length, 0);
  return (
    <Page
      title="Networks"
      lead={`${world.networks.length === 1 ? "1 network" : `${world.networks.length} networks`}, ${on === 1 ? "1 cable" : `${on} cables`} to machines`}
      actions={
        <>
          <SegmentedControl
            aria-label="How to show them"
            value={table ? "table" : "picture"}
            onChange={(value) => go({ at: search.at, look: value === "table" ? "table" : undefined })}
            data={[
              { value: "picture", label: <LookLabel icon={<IconTopologyStar3 size={18} aria-hidden="true" />} words="Picture" /> },
              { value: "table", label: <LookLabel icon={<IconTable size={18} aria-hidden="true" />} words="Table" /> },
            ]}
          />
          <CommandsButton
            label="Copy as command"
            commands={[
              { words: "All networks", command: netCommands.list() },
              ...world.networks
                .slice(0, 6)
                .map((network) => ({ words: `All about “${network.name}”`, command: netCommands.show(network) })),
            ]}
          />
          {newButton}
        </>
      }
    >
      <Patterns />
      <div className="net-desk" data-panel={thing ? true : undefined} data-look={table ? "table" : "picture"}>
        {table ? (
          <NetworkTables world={world} ways={ways} />
        ) : (
          <Canvas
            world={world}
            host={host}
            selected={thing?.id}
            numbers={numbers}
            onNumbers={keepNumbers}
            onPick={look}
            onMenu={(id, at) => setMenu({ id, at })}
            onPlug={(what, drop) => dropped(world, what, drop)}
            onTidy={world.networks.some(({ layout }) => Object.keys(layout).length > 0) ? tidyUp : undefined}
            onMoved={(id, moved, place) => {
              const network = world.networks.find((each) => each.id === id);
              if (network) void make(moveThings(network, { [moved]: place }, "Moved."));
            }}
          />
        )}
        {thing ? <Panel thing={thing} world={world} host={host} ways={ways} onClose={close} /> : null}
      </div>
      {table ? null : <Legend world={world} />}
      {menu && menuThing ? (
        <Menu opened onClose={() => setMenu(undefined)} width={270} position="bottom-start" returnFocus>
          <Menu.Target>
            <span className="menu-spot" style={{ left: menu.at.x, top: menu.at.y }} />
          </Menu.Target>
          <Menu.Dropdown>
            <ActionItems actions={actionsOf(menuThing, world, ways)} />
          </Menu.Dropdown>
        </Menu>
      ) : null}
      <NetworkDialogs ask={ask} world={world} onClose={() => setAsk(undefined)} onMade={look} />
    </Page>
  );
}

const LookLabel = ({ icon, words }: { icon: React.ReactNode; words: string }) => (
  <span className="look-label with-words">
    {icon}
    {words}
  </span>
);
