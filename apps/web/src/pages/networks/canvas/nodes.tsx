// The things that stand on the picture, as ordinary elements: a machine as its small live screen, the title of a bar, a
// gateway, this computer, the Internet. Each is one button; what one can do with it is in its panel and its menu.
import { plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { IconAccessPoint, IconArrowsShuffle, IconDeviceLaptop, IconEye, IconPlug, IconRouter, IconWorld } from "@tabler/icons-react";
import { memo } from "react";
import { shownName } from "../../../queries.ts";
import { Picture } from "../../../ui/pictures.tsx";
import { PowerState } from "../../../ui/state.tsx";
import { Thumbnail } from "../../../ui/thumbnail.tsx";
import { Captured } from "../captured.tsx";

interface NodeProps {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly label: string;
  readonly selected: boolean;
  /** The one thing of the picture that Tab reaches. */
  readonly current: boolean;
  readonly onPick: (id: string) => void;
}

const placeAt = ({ x, y, w, h }: { x: number; y: number; w: number; h: number }): React.CSSProperties => ({
  transform: `translate(${x}px, ${y}px)`,
  width: w,
  height: h,
});

function Hit({ id, label, selected, current, onPick, move }: NodeProps & { move?: string | undefined }) {
  return (
    <button
      type="button"
      id={`at-${id}`}
      className="node-hit"
      data-thing={id}
      data-move={move}
      tabIndex={current ? 0 : -1}
      aria-label={label}
      aria-pressed={selected}
      onClick={() => onPick(id)}
    />
  );
}

interface MachineProps extends NodeProps {
  readonly machine: MachineView;
  readonly picture: string | undefined;
  readonly family: string | undefined;
  readonly movable: boolean;
}
export const MachineNode = memo(function MachineNode(props: MachineProps) {
  const { machine, selected, movable } = props;
  const on = machine.power === "running" || machine.power === "paused" || machine.power === "stopping";
  return (
    <div className="node machine-node" style={placeAt(props)} data-selected={selected || undefined} data-on={on || undefined}>
      <Thumbnail machine={machine.id} on={on} still={machine.power !== "running"}>
        <Picture picture={props.picture ?? (machine.system ? "prompt" : "empty")} family={props.family} size={38} />
      </Thumbnail>
      <div className="node-words">
        <strong className="clip">
          <bdi>{shownName(machine.name)}</bdi>
        </strong>
        <PowerState machine={machine} />
      </div>
      <Hit {...props} move={movable ? machine.id : undefined} />
      <span className="new-jack" data-jack="new" data-machine={machine.id} title="Pull a new cable from here" aria-hidden="true">
        +
      </span>
    </div>
  );
});

interface BarProps extends NodeProps {
  readonly name: string;
  readonly kind: string;
  readonly trouble: string | undefined;
  readonly captured: string | undefined;
}
export const BarNode = memo(function BarNode(props: BarProps) {
  return (
    <div className="node bar-node" style={placeAt(props)} data-selected={props.selected || undefined}>
      <strong className="clip">
        <bdi>{props.name}</bdi>
      </strong>
      <span className="clip bar-kind">{props.kind}</span>
      {props.trouble ? <span className="bar-trouble clip">Trouble: {plain(props.trouble, 120)}</span> : null}
      {props.captured ? <Captured what={props.captured} /> : null}
      <Hit {...props} move={props.id} />
    </div>
  );
});

export const GatewayNode = memo(function GatewayNode(props: NodeProps & { address: string; out: string }) {
  return (
    <div className="node gateway-node" style={placeAt(props)} data-selected={props.selected || undefined}>
      <IconRouter size={22} stroke={1.6} aria-hidden="true" />
      <span className="node-lines">
        <strong className="clip">Gateway</strong>
        <span className="clip">{props.address || props.out}</span>
      </span>
      <Hit {...props} />
    </div>
  );
});

export const HostNode = memo(function HostNode(props: NodeProps & { name: string; forwards: number }) {
  return (
    <div className="node host-node" style={placeAt(props)} data-selected={props.selected || undefined}>
      <IconDeviceLaptop size={30} stroke={1.4} aria-hidden="true" />
      <strong>This computer</strong>
      <span className="clip">
        <bdi>{plain(props.name, 40)}</bdi>
      </span>
      {props.forwards > 0 ? (
        <span className="host-forwards">{props.forwards === 1 ? "1 forward" : `${props.forwards} forwards`}</span>
      ) : null}
      <Hit {...props} />
    </div>
  );
});

export const InternetNode = memo(function InternetNode(props: NodeProps & { reached: boolean }) {
  return (
    <div
      className="node internet-node"
      style={placeAt(props)}
      data-selected={props.selected || undefined}
      data-reached={props.reached || undefined}
    >
      <IconWorld size={30} stroke={1.4} aria-hidden="true" />
      <strong>Internet</strong>
      <Hit {...props} />
    </div>
  );
});

const EXTRA_ICONS = {
  socket: IconPlug,
  tunnel: IconArrowsShuffle,
  mirror: IconEye,
  network: IconAccessPoint,
  machine: IconPlug,
  lan: IconRouter,
} as const;
export const ExtraNode = memo(function ExtraNode(props: NodeProps & { name: string; leads: keyof typeof EXTRA_ICONS }) {
  const Icon = EXTRA_ICONS[props.leads];
  const words = {
    socket: "another program",
    tunnel: "another computer",
    mirror: "mirror",
    network: "network",
    machine: "machine",
    lan: "this computer’s LAN",
  }[props.leads];
  return (
    <div className="node extra-node" style={placeAt(props)} data-selected={props.selected || undefined}>
      <Icon size={18} stroke={1.6} aria-hidden="true" />
      <span className="node-lines">
        <strong className="clip">
          <bdi>{props.name}</bdi>
        </strong>
        <span className="clip">{words}</span>
      </span>
      <Hit {...props} move={props.id} />
    </div>
  );
});
