// What is beside the picture: the chosen thing, how it is, and everything one can do with it.
import { CloseButton } from "@mantine/core";
import { plain } from "@mimic/base";
import type { HostView } from "@mimic/model";
import { useEffect, useRef } from "react";
import { shownName } from "../../../queries.ts";
import { type Action, actionsOf, type Ways } from "../actions.ts";
import type { Thing, World } from "../things.ts";
import { ActionButtons } from "./action-buttons.tsx";
import { CablePanel } from "./cable-panel.tsx";
import { GatewayPanel, HostPanel, InternetPanel, MachinePanel, NetworkPanel } from "./thing-panels.tsx";

export function titleOf(thing: Thing): { title: string; kind: string } {
  switch (thing.kind) {
    case "machine":
      return { title: shownName(thing.machine.name), kind: "Machine" };
    case "nic":
      return {
        title: shownName(thing.machine.name),
        kind: thing.machine.hardware.nics.length > 1 ? `Cable of card ${thing.number}` : "Cable",
      };
    case "port":
      return { title: plain(thing.port.label, 63), kind: thing.port.leadsTo === "network" ? "Link" : "Port" };
    case "network":
      return { title: shownName(thing.network.name), kind: "Network" };
    case "gateway":
      return { title: shownName(thing.network.name), kind: "Gateway" };
    case "host":
      return { title: "This computer", kind: "Host" };
    case "internet":
      return { title: "The Internet", kind: "Outside" };
    default:
      return thing satisfies never;
  }
}

interface Props {
  readonly thing: Thing;
  readonly world: World;
  readonly host: HostView | undefined;
  readonly ways: Ways;
  readonly onClose: () => void;
}

export function Panel({ thing, world, host, ways, onClose }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { title, kind } = titleOf(thing);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus goes along with the chosen thing
  useEffect(() => heading.current?.focus({ preventScroll: true }), [thing.id]);
  const actions = actionsOf(thing, world, ways);
  return (
    // Escape closes it, as it does everywhere.
    <aside
      className="net-panel"
      aria-label={`${kind}: ${title}`}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
    >
      <header className="net-panel-head">
        <div>
          <p className="quiet">{kind}</p>
          <h2 ref={heading} tabIndex={-1}>
            <bdi>{title}</bdi>
          </h2>
        </div>
        <CloseButton aria-label="Close" onClick={onClose} />
      </header>
      <PanelBody thing={thing} world={world} host={host} ways={ways} actions={actions} />
    </aside>
  );
}

function PanelBody({ thing, world, host, ways, actions }: Omit<Props, "onClose"> & { actions: readonly Action[] }) {
  const buttons = <ActionButtons actions={actions} />;
  switch (thing.kind) {
    case "machine":
      return (
        <MachinePanel machine={thing.machine} world={world} ways={ways}>
          {buttons}
        </MachinePanel>
      );
    case "nic":
    case "port":
      return (
        <CablePanel key={thing.id} thing={thing} ways={ways}>
          {buttons}
        </CablePanel>
      );
    case "network":
      return (
        <NetworkPanel network={thing.network} ways={ways}>
          {buttons}
        </NetworkPanel>
      );
    case "gateway":
      return (
        <GatewayPanel network={thing.network} ways={ways}>
          {buttons}
        </GatewayPanel>
      );
    case "host":
      return (
        <HostPanel host={host} world={world}>
          {buttons}
        </HostPanel>
      );
    case "internet":
      return <InternetPanel>{buttons}</InternetPanel>;
    default:
      return thing satisfies never;
  }
}
