// A cable: where it leads, what passes it now, what was dropped and why, how good it is, and who guards it.
import { plain } from "@mimic/base";
import { useState } from "react";
import { CommandLine } from "../../../ui/command.tsx";
import { Term } from "../../../ui/term.tsx";
import type { Ways } from "../actions.ts";
import { type CableThing, settingsOf } from "../changes.ts";
import { netCommands } from "../commands.ts";
import { LivePackets } from "../traffic/live-packets.tsx";
import { bothWaysInWords, linkInWords, modeInWords } from "../words.ts";
import { Drops } from "./drops.tsx";
import { Rates } from "./rates-words.tsx";

export function CablePanel({ thing, ways, children }: { thing: CableThing; ways: Ways; children: React.ReactNode }) {
  const { mode, isUp, quality, guards } = settingsOf(thing);
  const { network } = thing;
  const port = thing.port;
  const [watching, setWatching] = useState(false);
  const off = [
    guards.mac ? "" : "MAC",
    guards.ip ? "" : "IP",
    guards.dhcp ? "" : "DHCP",
    guards.routerAdvertisements ? "" : "router advertisements",
    guards.tags ? "" : "tags",
  ].filter(Boolean);
  return (
    <>
      <dl className="facts">
        <div>
          <dt>State</dt>
          <dd>{port ? linkInWords(port) : network ? (isUp ? "Connected" : "Cable pulled") : "No cable"}</dd>
        </div>
        {network ? (
          <div>
            <dt>Leads to</dt>
            <dd>
              <button type="button" className="link-like" onClick={() => ways.look(network.id)}>
                <bdi>{plain(network.name, 63)}</bdi>
              </button>
            </dd>
          </div>
        ) : null}
        <div>
          <dt>
            <Term word="vlan">VLAN</Term>
          </dt>
          <dd>{modeInWords(mode)}</dd>
        </div>
        {port && port.addresses.length > 0 ? (
          <div>
            <dt>Address</dt>
            <dd>
              {port.addresses
                .slice(0, 4)
                .map((each) => plain(each, 45))
                .join(", ")}
            </dd>
          </div>
        ) : null}
        {thing.kind === "nic" ? (
          <div>
            <dt>Card</dt>
            <dd>
              {thing.nic.model}, <code>{thing.nic.mac}</code>
            </dd>
          </div>
        ) : null}
        {port?.socket ? (
          <div>
            <dt>Socket</dt>
            <dd>
              <code className="break">{plain(port.socket, 200)}</code>
            </dd>
          </div>
        ) : null}
        <div>
          <dt>
            <Term word="quality">Quality</Term>
          </dt>
          <dd>{bothWaysInWords(quality)}</dd>
        </div>
        <div>
          <dt>
            <Term word="guard">Guards</Term>
          </dt>
          <dd>{off.length === 0 ? "all on" : `off for ${off.join(", ")}`}</dd>
        </div>
      </dl>
      {children}
      {network ? (
        <>
          <section aria-labelledby="panel-rates">
            <h3 id="panel-rates">What passes it</h3>
            <Rates id={thing.id} counters={port?.counters} />
            <CommandLine command={netCommands.top(network)} />
          </section>
          <section aria-labelledby="panel-drops">
            <h3 id="panel-drops">Why frames were dropped</h3>
            <Drops network={network.id} port={thing.id} />
            <CommandLine command={netCommands.why(network, thing.kind === "nic" ? thing.machine.name : thing.port.label)} />
          </section>
          <section aria-labelledby="panel-packets">
            <h3 id="panel-packets">Its packets</h3>
            {watching ? (
              <LivePackets network={network} port={thing.id} narrow />
            ) : (
              <button type="button" className="link-like" onClick={() => setWatching(true)}>
                Show them as they pass
              </button>
            )}
          </section>
        </>
      ) : null}
    </>
  );
}
