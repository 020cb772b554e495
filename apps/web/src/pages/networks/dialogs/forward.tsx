// A forward: from a port of this computer to a port of a machine.
import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import type { NetworkView } from "@mimic/model";
import { useState } from "react";
import { shownName } from "../../../queries.ts";
import { netCommands } from "../commands.ts";
import { addForward } from "../gateway-changes.ts";
import { ChangeDialog, wholeNumber } from "./form.tsx";

export function ForwardDialog({ network, machine, onClose }: { network: NetworkView; machine: string | undefined; onClose: () => void }) {
  const machines = network.ports.flatMap(({ machine: each }) => (each ? [each] : []));
  const [whom, setWhom] = useState(machine ?? machines[0]?.id ?? "");
  const [guest, setGuest] = useState("80");
  const [host, setHost] = useState("8080");
  const [protocol, setProtocol] = useState<"tcp" | "udp">("tcp");
  const [open, setOpen] = useState(false);
  const guestPort = wholeNumber(guest, 1, 65_535);
  const hostPort = host.trim() === "" ? 0 : wholeNumber(host, 0, 65_535);
  const chosen = machines.find(({ id }) => id === whom);
  return (
    <ChangeDialog
      title={`A forward into “${shownName(network.name)}”`}
      action="Add it"
      onClose={onClose}
      command={netCommands.forward(network, chosen?.name ?? "", guest, open ? `0.0.0.0:${host || "0"}` : host, protocol === "udp")}
      change={() =>
        chosen && guestPort !== undefined && hostPort !== undefined
          ? addForward(
              network,
              { machine: chosen.id, guestPort, hostPort, protocol, ...(open ? { hostAddress: "0.0.0.0" } : {}) },
              `Port ${hostPort || "(any free)"} of this computer leads to port ${guestPort} of “${shownName(chosen.name)}”.`,
            )
          : undefined
      }
    >
      <NativeSelect
        data-autofocus
        label="Machine"
        value={whom}
        onChange={(event) => setWhom(event.currentTarget.value)}
        data={machines.map(({ id, name }) => ({ value: id, label: shownName(name) }))}
      />
      <div className="parts">
        <TextInput
          label="Port of the machine"
          value={guest}
          error={guestPort === undefined ? "1 to 65535." : undefined}
          onChange={(event) => setGuest(event.currentTarget.value)}
        />
        <TextInput
          label="Port of this computer"
          description="Empty: any free one."
          value={host}
          error={hostPort === undefined ? "0 to 65535." : undefined}
          onChange={(event) => setHost(event.currentTarget.value)}
        />
        <NativeSelect
          label="Protocol"
          value={protocol}
          onChange={(event) => setProtocol(event.currentTarget.value as "tcp" | "udp")}
          data={[
            { value: "tcp", label: "TCP" },
            { value: "udp", label: "UDP" },
          ]}
        />
      </div>
      <Checkbox
        label="Other computers may use it too"
        description={
          open
            ? "Everybody who reaches this computer reaches that port of the machine."
            : "As it is, only programs of this computer may (loopback)."
        }
        checked={open}
        onChange={(event) => setOpen(event.currentTarget.checked)}
      />
    </ChangeDialog>
  );
}
