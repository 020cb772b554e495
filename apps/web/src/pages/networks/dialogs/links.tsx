// Ports that are no machine's: a link to another network, a mirror for another program, a tunnel to another computer.
import { Checkbox, NativeSelect, Radio, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import type { NetworkView, PortMode } from "@mimic/model";
import { useState } from "react";
import { shownName } from "../../../queries.ts";
import { addPort } from "../changes.ts";
import { netCommands } from "../commands.ts";
import type { World } from "../things.ts";
import { ChangeDialog } from "./form.tsx";

export function LinkDialog({ network, world, onClose }: { network: NetworkView; world: World; onClose: () => void }) {
  const others = world.networks.filter(({ id }) => id !== network.id);
  const [other, setOther] = useState(others[0]?.id ?? "");
  const [how, setHow] = useState<"plain" | "trunk">("trunk");
  const chosen = others.find(({ id }) => id === other);
  const mode: PortMode = how === "trunk" ? { mode: "trunk", allowed: "all", native: 1 } : { mode: "access", vlan: 1 };
  return (
    <ChangeDialog
      title={`Link “${shownName(network.name)}” to another network`}
      action="Lay the cable"
      onClose={onClose}
      command={chosen && netCommands.link(network, chosen.name, mode)}
      change={() =>
        chosen &&
        addPort(
          network,
          { leads: { to: "network", network: chosen.id, mode }, mode },
          `“${shownName(network.name)}” and “${shownName(chosen.name)}” are linked.`,
        )
      }
    >
      <p>A cable between two switches: machines on both hear each other.</p>
      <NativeSelect
        data-autofocus
        label="To"
        value={other}
        onChange={(event) => setOther(event.currentTarget.value)}
        data={others.map(({ id, name }) => ({ value: id, label: shownName(name) }))}
      />
      <Radio.Group label="It carries" value={how} onChange={(value) => setHow(value as "plain" | "trunk")}>
        <div className="radio-list">
          <Radio value="trunk" label="every VLAN, tagged (trunk)" />
          <Radio value="plain" label="VLAN 1 only" />
        </div>
      </Radio.Group>
    </ChangeDialog>
  );
}

export function MirrorDialog({ network, onClose }: { network: NetworkView; onClose: () => void }) {
  const [of, setOf] = useState<readonly string[]>([]);
  const [asked, setAsked] = useState(false);
  const ports = network.ports.filter(({ leadsTo }) => leadsTo !== "mirror");
  return (
    <ChangeDialog
      title={`Mirror traffic of “${shownName(network.name)}”`}
      action="Add the mirror port"
      onClose={onClose}
      command={netCommands.mirror(
        network,
        of.map((id) => ports.find((port) => port.id === id)?.label ?? id),
      )}
      change={() => {
        setAsked(true);
        return of.length === 0
          ? undefined
          : addPort(
              network,
              { name: "mirror", leads: { to: "mirror", of: [...of] } },
              "A mirror port is there; its socket stands in its panel.",
            );
      }}
    >
      <p>Every frame of the chosen ports is copied to a socket, where another program can read it. A mirror never sends.</p>
      <fieldset className="check-list">
        <legend>Ports to mirror</legend>
        {ports.map((port) => (
          <Checkbox
            key={port.id}
            label={plain(port.label, 63)}
            checked={of.includes(port.id)}
            onChange={(event) => setOf(event.currentTarget.checked ? [...of, port.id] : of.filter((id) => id !== port.id))}
          />
        ))}
        {ports.length === 0 ? <p className="quiet">Nothing is plugged in yet.</p> : null}
      </fieldset>
      {asked && of.length === 0 ? <p className="field-error">Choose one port at least.</p> : null}
    </ChangeDialog>
  );
}

export function TunnelDialog({ network, onClose }: { network: NetworkView; onClose: () => void }) {
  const [end, setEnd] = useState<"listen" | "dial">("listen");
  const [place, setPlace] = useState("0.0.0.0:7723");
  const [key, setKey] = useState("");
  const badKey = key !== "" && !/^[0-9a-f]{64}$/.test(key) ? "The key of the other end: 64 digits from 0-9 and a-f." : undefined;
  const badPlace = /^\S{1,200}:\d{1,5}$/.test(place) ? undefined : "An address and a port, such as 192.0.2.10:7723.";
  return (
    <ChangeDialog
      title={`Join “${shownName(network.name)}” with another computer`}
      action="Open the tunnel"
      onClose={onClose}
      command={netCommands.tunnel(network, end, place)}
      change={() =>
        badKey || badPlace
          ? undefined
          : addPort(
              network,
              {
                name: "tunnel",
                leads: { to: "tunnel", ...(end === "listen" ? { listen: place } : { dial: place }), ...(key ? { key } : {}) },
                mode: { mode: "trunk", allowed: "all", native: 1 },
              },
              "The tunnel is there.",
            )
      }
    >
      <p>The network then spans both computers, encrypted with one key that both ends have. One end waits, the other calls.</p>
      <Radio.Group label="This end" value={end} onChange={(value) => setEnd(value as "listen" | "dial")}>
        <div className="radio-list">
          <Radio value="listen" label="waits to be called" />
          <Radio value="dial" label="calls the other" />
        </div>
      </Radio.Group>
      <TextInput
        label={end === "listen" ? "At" : "Whom"}
        value={place}
        error={badPlace}
        onChange={(event) => setPlace(event.currentTarget.value)}
      />
      <TextInput
        label="Key"
        description="Empty: a new one is made."
        value={key}
        error={badKey}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setKey(event.currentTarget.value.trim())}
      />
    </ChangeDialog>
  );
}
