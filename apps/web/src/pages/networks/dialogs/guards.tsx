// What a port does not let its owner do. On by default; whoever makes a router or an attack of their own takes one away.
import { Checkbox, TextInput } from "@mantine/core";
import type { PortGuards } from "@mimic/model";
import { useState } from "react";
import { type CableThing, cableName, setGuards, settingsOf } from "../changes.ts";
import { ChangeDialog, wholeNumber } from "./form.tsx";

const SWITCHES: readonly {
  readonly key: "mac" | "ip" | "dhcp" | "routerAdvertisements" | "tags";
  readonly label: string;
  readonly means: string;
}[] = [
  { key: "mac", label: "It speaks with its own MAC address only", means: "Take away for a bridge or a machine with machines inside." },
  { key: "ip", label: "It speaks with its own IP addresses only (ARP too)", means: "Take away for a router." },
  { key: "dhcp", label: "It gives out no addresses (DHCP)", means: "Take away for a DHCP server of your own." },
  { key: "routerAdvertisements", label: "It announces no router (IPv6)", means: "Take away for an IPv6 router of your own." },
  { key: "tags", label: "It sends no tagged frames into an untagged port", means: "Keeps it from hopping into other VLANs." },
];

export function GuardsDialog({ thing, onClose }: { thing: CableThing; onClose: () => void }) {
  const before = settingsOf(thing).guards;
  const [guards, setTo] = useState<PortGuards>(before);
  const [broadcasts, setBroadcasts] = useState(String(before.broadcastPerSecond));
  const [frames, setFrames] = useState(String(before.framesPerSecond));
  const limits = { broadcastPerSecond: wholeNumber(broadcasts, 0, 1e7), framesPerSecond: wholeNumber(frames, 0, 1e8) };
  return (
    <ChangeDialog
      title={`Guards of ${cableName(thing)}`}
      action="Set them"
      onClose={onClose}
      change={() => {
        const { broadcastPerSecond, framesPerSecond } = limits;
        return broadcastPerSecond === undefined || framesPerSecond === undefined
          ? undefined
          : setGuards(thing, { ...guards, broadcastPerSecond, framesPerSecond });
      }}
    >
      {SWITCHES.map(({ key, label, means }) => (
        <Checkbox
          key={key}
          label={label}
          description={means}
          checked={guards[key]}
          onChange={(event) => setTo({ ...guards, [key]: event.currentTarget.checked })}
        />
      ))}
      <TextInput
        label="Broadcasts a second"
        description="0: as many as it likes."
        value={broadcasts}
        error={limits.broadcastPerSecond === undefined ? "A whole number, or 0." : undefined}
        onChange={(event) => setBroadcasts(event.currentTarget.value)}
      />
      <TextInput
        label="Frames a second"
        description="0: as many as it likes."
        value={frames}
        error={limits.framesPerSecond === undefined ? "A whole number, or 0." : undefined}
        onChange={(event) => setFrames(event.currentTarget.value)}
      />
    </ChangeDialog>
  );
}
