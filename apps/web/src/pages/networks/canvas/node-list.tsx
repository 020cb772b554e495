// All nodes of the picture. Only what changed is drawn again: every node gets plain values.
import { plain } from "@mimic/base";
import { capturedNow, type HostView, type SystemView } from "@mimic/model";
import { memo } from "react";
import { shownName } from "../../../queries.ts";
import { gatewayId, type World } from "../things.ts";
import { SIZE } from "../topology/places.ts";
import { KIND_WORDS } from "../words.ts";
import { describeGateway, describeMachine, describeNetwork } from "./describe.ts";
import { BarNode, ExtraNode, GatewayNode, HostNode, InternetNode, MachineNode } from "./nodes.tsx";
import { Swatch } from "./patterns.tsx";
import { machinesById, type Scene } from "./scene.ts";

interface Props {
  readonly scene: Scene;
  readonly world: World;
  readonly host: HostView | undefined;
  readonly pictures: ReadonlyMap<string, SystemView>;
  readonly selected: string | undefined;
  readonly current: string | undefined;
  readonly onPick: (id: string) => void;
}

const barWords = (kind: keyof typeof KIND_WORDS, more: number | undefined): string =>
  more ? `${KIND_WORDS[kind].title}; ${more} more machines are in the table` : KIND_WORDS[kind].title;

export function Nodes(props: Props) {
  const { scene, world, selected, current, onPick } = props;
  const { placed } = scene;
  const machines = machinesById(world.machines);
  const networks = new Map(world.networks.map((network) => [network.id, network]));
  const common = (id: string) => ({ id, selected: selected === id, current: current === id, onPick });
  return (
    <>
      <InternetNode
        {...common("internet")}
        {...placed.internet}
        label="The Internet"
        reached={world.networks.some(({ gateway }) => gateway?.reachesInternet)}
      />
      <HostNode
        {...common("host")}
        {...placed.host}
        label={`This computer, ${plain(props.host?.hostname ?? "", 60)}`}
        name={props.host?.hostname ?? ""}
        forwards={world.networks.reduce((sum, { forwards }) => sum + forwards.length, 0)}
      />
      {placed.blocks.map(({ id, bar, gateway, lanes }) => {
        const network = networks.get(id);
        if (!network) return null;
        return (
          <div key={id} className="block">
            <BarNode
              {...common(id)}
              x={bar.x}
              y={bar.y}
              w={bar.w}
              h={SIZE.title}
              label={describeNetwork(network)}
              name={shownName(network.name)}
              kind={barWords(network.kind, scene.notDrawnOf.get(id))}
              trouble={network.state === "trouble" ? network.because : undefined}
              captured={capturedNow(network)}
            />
            {lanes.map((lane) => (
              <LaneLabel key={lane.key} x={lane.strip.x} y={lane.strip.y} w={lane.strip.w} vlan={lane.vlan} title={lane.title} />
            ))}
            {gateway ? (
              <GatewayNode
                {...common(gatewayId(id))}
                {...gateway}
                label={describeGateway(network)}
                address={network.gateway?.feet[0]?.v4 ?? ""}
                out={network.gateway?.reachesInternet ? "the way out" : "no way out"}
              />
            ) : null}
          </div>
        );
      })}
      {placed.machines.map(({ id, box, network }) => {
        const machine = machines.get(id);
        if (!machine) return null;
        const system = machine.system ? props.pictures.get(machine.system) : undefined;
        return (
          <MachineNode
            key={id}
            {...common(id)}
            {...box}
            label={describeMachine(world, machine)}
            machine={machine}
            picture={system?.picture}
            family={system?.family}
            movable={network !== undefined}
          />
        );
      })}
      {placed.extras.map(({ port, box }) => (
        <ExtraNode
          key={port.id}
          {...common(`x_${port.id}`)}
          {...box}
          selected={selected === port.id}
          label={`${plain(port.name, 63)}: ${port.leads}`}
          name={plain(port.name, 63)}
          leads={port.leads}
        />
      ))}
      {placed.tray ? (
        <p className="tray-title" style={{ transform: `translate(${placed.tray.x}px, ${placed.tray.y}px)`, width: placed.tray.w }}>
          <strong>Not plugged in</strong>
          {scene.notDrawn > 0 ? ` and ${scene.notDrawn} more; the table has all` : ""}
        </p>
      ) : null}
    </>
  );
}

const LaneLabel = memo(function LaneLabel({
  x,
  y,
  w,
  vlan,
  title,
}: {
  x: number;
  y: number;
  w: number;
  vlan: number | undefined;
  title: string;
}) {
  return (
    <span className="lane-label clip" style={{ transform: `translate(${x + 6}px, ${y + 6}px)`, maxWidth: w - 12 }}>
      <Swatch vlan={vlan} />
      <bdi>{plain(title, 80)}</bdi>
    </span>
  );
});
