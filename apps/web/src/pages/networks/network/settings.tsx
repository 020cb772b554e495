// How the network works: its VLANs, its MTU, and two kinds of care that its switch takes.
import { Button, Checkbox, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import type { NetworkView } from "@mimic/model";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Term } from "../../../ui/term.tsx";
import type { Ways } from "../actions.ts";
import { Swatch } from "../canvas/patterns.tsx";
import { changeNetwork } from "../changes.ts";
import { wholeNumber } from "../dialogs/form.tsx";
import { vlanTitle } from "../topology/lanes.ts";
import { make } from "../undo.ts";

export function Settings({ network, ways }: { network: NetworkView; ways: Ways }) {
  const [mtu, setMtu] = useState(String(network.mtu));
  const [note, setNote] = useState(network.note);
  const bytes = wholeNumber(mtu, 576, 65_500);
  const changed = bytes !== undefined && (bytes !== network.mtu || note !== network.note);
  return (
    <div className="columns">
      <section aria-labelledby="vlans">
        <div className="section-head">
          <h2 id="vlans">
            <Term word="vlan">VLANs</Term>
          </h2>
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => ways.ask({ what: "vlan", network })}>
            Add a VLAN
          </Button>
        </div>
        <ul className="items">
          {network.vlans.map(({ id, name }) => {
            const foot = network.gateway?.feet.find(({ vlan }) => vlan === id);
            return (
              <li key={id} className="item">
                <Swatch vlan={id} />
                <div className="item-words">
                  <strong>
                    <bdi>{plain(vlanTitle(id, name), 80)}</bdi>
                  </strong>
                  <span className="quiet">
                    {foot?.v4
                      ? `Gateway ${foot.v4}${foot.pool ? `, gives out ${foot.pool}` : ""}`
                      : foot?.v6
                        ? `Gateway ${foot.v6}`
                        : "No gateway in it"}
                  </span>
                </div>
                <Button size="compact-md" aria-label={`Change VLAN ${id}`} onClick={() => ways.ask({ what: "vlan", network, vlan: id })}>
                  Change
                </Button>
              </li>
            );
          })}
        </ul>
      </section>
      <section aria-labelledby="how">
        <h2 id="how">How it works</h2>
        <form
          className="dialog-form panel"
          onSubmit={(event) => {
            event.preventDefault();
            if (changed) void make(changeNetwork(network, { mtu: bytes, note }, "The network is changed."));
          }}
        >
          <TextInput
            label="Largest packet (MTU), in bytes"
            description="1500 is usual; 9000 for jumbo frames. Guests must be told as well."
            value={mtu}
            error={bytes === undefined ? "576 to 65500." : undefined}
            onChange={(event) => setMtu(event.currentTarget.value)}
          />
          <TextInput
            label="Note"
            description="For yourself."
            value={note}
            maxLength={2000}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <div className="row end">
            <Button type="submit" variant="filled" disabled={!changed}>
              Keep these changes
            </Button>
          </div>
          <Checkbox
            label="Send multicast only to who wants it (IGMP and MLD snooping)"
            checked={network.snooping}
            onChange={(event) => void make(changeNetwork(network, { snooping: event.currentTarget.checked }, "Snooping is changed."))}
          />
          <Checkbox
            label="Find and stop loops of cables (spanning tree)"
            checked={network.spanningTree}
            onChange={(event) =>
              void make(changeNetwork(network, { spanningTree: event.currentTarget.checked }, "Spanning tree is changed."))
            }
          />
        </form>
      </section>
    </div>
  );
}
