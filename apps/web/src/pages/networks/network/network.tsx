// One network: its addresses in a sentence, who is plugged in, names and leases, forwards, rules, its packets, and the
// question what would become of one.
import { Tabs } from "@mantine/core";
import { plain } from "@mimic/base";
import { capturedNow, type NetworkView } from "@mimic/model";
import { IconChevronLeft } from "@tabler/icons-react";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { shownName } from "../../../queries.ts";
import { CommandsButton } from "../../../ui/command.tsx";
import { Page, useHeadingFocus, useTitle, Waiting } from "../../../ui/page.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { actionsOf } from "../actions.ts";
import type { Ask } from "../ask.ts";
import { Patterns } from "../canvas/patterns.tsx";
import { Captured } from "../captured.tsx";
import { netCommands } from "../commands.ts";
import { NetworkDialogs } from "../dialogs/dialogs.tsx";
import { ActionMenu } from "../panel/action-buttons.tsx";
import type { World } from "../things.ts";
import { LivePackets } from "../traffic/live-packets.tsx";
import { useTraffic } from "../traffic.ts";
import { useWays } from "../use-ways.ts";
import { useWorld } from "../use-world.ts";
import { addressesInWords, KIND_WORDS } from "../words.ts";
import { Forwards } from "./forwards.tsx";
import { Names } from "./names.tsx";
import { Plugged } from "./plugged.tsx";
import { Rules } from "./rules.tsx";
import { Settings } from "./settings.tsx";
import { Trace } from "./trace.tsx";
import "../../../styles/networks.css";
import "../../../styles/network-canvas.css";

const TABS = [
  ["machines", "Machines"],
  ["names", "Names and leases"],
  ["forwards", "Forwards"],
  ["rules", "Rules"],
  ["trace", "Trace"],
  ["traffic", "Traffic"],
  ["settings", "Settings"],
] as const;
type Tab = (typeof TABS)[number][0];

const route = getRouteApi("/networks/$network/{-$tab}");

export function NetworkPage() {
  const { network: ref, tab } = route.useParams();
  const { world, error } = useWorld();
  const navigate = useNavigate();
  const shown = useRef<string>(undefined);
  const network =
    world?.networks.find((each) => each.name === ref || each.id === ref) ?? world?.networks.find(({ id }) => id === shown.current);
  const name = network?.name;
  // A network that gets another name while one looks at it takes the address along.
  useEffect(() => {
    if (network) shown.current = network.id;
    if (name && name !== ref && network.id !== ref)
      void navigate({ to: "/networks/$network/{-$tab}", params: { network: name, tab }, search: {}, replace: true });
  }, [network, name, ref, tab, navigate]);
  if (world && network)
    return <Shown key={network.id} network={network} world={world} tab={TABS.find(([name]) => name === tab)?.[0] ?? "machines"} />;
  return (
    <Page title={plain(ref, 63)}>
      {error ? (
        <ProblemNote error={error} />
      ) : world ? (
        <p>
          There is no network called “<bdi>{plain(ref, 63)}</bdi>”. <Link to="/networks">See your networks</Link>.
        </p>
      ) : (
        <Waiting>Reading this network…</Waiting>
      )}
    </Page>
  );
}

function Shown({ network, world, tab }: { network: NetworkView; world: World; tab: Tab }) {
  const navigate = useNavigate();
  const heading = useHeadingFocus();
  const { port } = route.useSearch();
  const [ask, setAsk] = useState<Ask>();
  const ways = useWays(setAsk);
  const name = shownName(network.name);
  const captured = capturedNow(network);
  useTitle(`${name} (network)`);
  useTraffic([network.id]);
  const go = (next: string | null) =>
    void navigate({
      to: "/networks/$network/{-$tab}",
      params: { network: network.name, tab: next === "machines" || next === null ? undefined : next },
      search: {},
      replace: true,
    });
  const watched = network.ports.find(({ id }) => id === port);
  return (
    <div className="page machine-page">
      <Patterns />
      <header className="machine-head">
        <Link to="/networks" search={{ at: network.id }} className="back" aria-label="All networks">
          <IconChevronLeft size={22} aria-hidden="true" />
        </Link>
        <div className="machine-title">
          <h1 ref={heading} tabIndex={-1}>
            <bdi>{name}</bdi>
          </h1>
          <span className="quiet">
            {KIND_WORDS[network.kind].title} ({KIND_WORDS[network.kind].field})
          </span>
          {network.state === "trouble" ? <p className="because field-error">Trouble: {plain(network.because, 300)}</p> : null}
          {captured ? <Captured what={captured} /> : null}
        </div>
        <div className="power-bar">
          <CommandsButton
            label={`Copy as command: ${name}`}
            commands={[
              { words: "All about it", command: netCommands.show(network) },
              { words: "What passes now", command: netCommands.top(network) },
              { words: "Why frames were dropped", command: netCommands.why(network) },
              { words: "Watch in Wireshark", command: `${netCommands.capture(network)} | wireshark -k -i -` },
            ]}
          />
          <ActionMenu
            actions={actionsOf({ kind: "network", id: network.id, network }, world, ways).filter(({ id }) => id !== "open")}
            label={`More for ${name}`}
          />
        </div>
      </header>
      <p className="lead">{addressesInWords(network)}</p>
      <Tabs value={tab} onChange={go} keepMounted={false} classNames={{ list: "tab-list" }}>
        <Tabs.List aria-label={`Views of ${name}`}>
          {TABS.map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="machines">
          <Plugged network={network} world={world} ways={ways} />
        </Tabs.Panel>
        <Tabs.Panel value="names">
          <Names network={network} ways={ways} />
        </Tabs.Panel>
        <Tabs.Panel value="forwards">
          <Forwards network={network} ways={ways} />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Rules network={network} world={world} ways={ways} />
        </Tabs.Panel>
        <Tabs.Panel value="trace">
          <Trace network={network} />
        </Tabs.Panel>
        <Tabs.Panel value="traffic">
          <section aria-labelledby="traffic" className="tab-section">
            <h2 id="traffic">
              {watched ? (
                <>
                  Packets at the port of <bdi>{plain(watched.label, 63)}</bdi>
                </>
              ) : (
                "All its packets"
              )}
            </h2>
            <LivePackets key={port ?? ""} network={network} port={watched?.id} />
          </section>
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <Settings network={network} ways={ways} />
        </Tabs.Panel>
      </Tabs>
      <NetworkDialogs ask={ask} world={world} onClose={() => setAsk(undefined)} />
    </div>
  );
}
