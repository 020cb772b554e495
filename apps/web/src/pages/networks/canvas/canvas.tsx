// The networks, drawn: machines as small live screens on their switches, with cables that show what passes. Everything
// can be dragged; everything can be done by keyboard too (arrows walk, with Shift they move what has the focus, Enter opens the
// panel with all actions); and the table beside the picture says the same.
import { useReducedMotion } from "@mantine/hooks";
import type { HostView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { systemsQuery } from "../../../queries.ts";
import { gatewayId, type World } from "../things.ts";
import { swungPath } from "../topology/cables.ts";
import { type Drop, dropAt, isArrow, neighbour } from "../topology/camera.ts";
import type { Places, Point } from "../topology/sketch.ts";
import { CableLine, CableMarks } from "./cable-line.tsx";
import { Flow } from "./flow.tsx";
import { Ground } from "./ground.tsx";
import { Nodes } from "./node-list.tsx";
import { makeScene, type Scene } from "./scene.ts";
import { CanvasTools } from "./tools.tsx";
import { useCamera } from "./use-camera.ts";
import { type Pull, useDrags } from "./use-drags.ts";
import { useNudge } from "./use-nudge.ts";

interface Props {
  readonly world: World;
  readonly host: HostView | undefined;
  readonly selected: string | undefined;
  readonly numbers: boolean;
  readonly onNumbers: (yes: boolean) => void;
  readonly onPick: (id: string) => void;
  /** The menu of a thing was asked for, at this place of the window. */
  readonly onMenu: (id: string, at: Point) => void;
  readonly onPlug: (what: Pull, drop: Drop) => void;
  /** A thing was put somewhere: its place, relative to its network (a network's own is absolute). */
  readonly onMoved: (network: string, id: string, place: Point) => void;
  readonly onTidy: (() => void) | undefined;
}

/** Where a thing's place is kept, and what it is before the drag. */
function placeOf(scene: Scene, id: string): { network: string; at: Point } | undefined {
  const { blocks, machines, extras } = scene.placed;
  const block = blocks.find((each) => each.id === id);
  if (block) return { network: id, at: { x: block.box.x, y: block.box.y } };
  const machine = machines.find((each) => each.id === id);
  const extra = extras.find((each) => `x_${each.port.id}` === id);
  const network = machine?.network ?? extra?.network;
  const corner = blocks.find((each) => each.id === network)?.box;
  const box = machine?.box ?? extra?.box;
  return network && corner && box ? { network, at: { x: box.x - corner.x, y: box.y - corner.y } } : undefined;
}
const keyOf = (id: string): string => (id.startsWith("x_") ? id.slice(2) : id);

/** How much of the window the panel takes, with its edges. */
const PANEL = 410;

interface Pulling {
  readonly what: Pull;
  readonly from: Point;
  readonly to: Point;
  readonly over: Drop | undefined;
}

export function Canvas(props: Props) {
  const { world, selected } = props;
  const [moved, setMoved] = useState<Readonly<Record<string, Places>>>({});
  const scene = useMemo(() => makeScene(world, moved), [world, moved]);
  const latest = useRef({ scene, props });
  latest.current = { scene, props };
  const camera = useCamera(scene.placed.all, scene.placed.blocks[0]?.box);
  const [current, setCurrent] = useState<string>();
  const [pulling, setPulling] = useState<Pulling>();
  const still = useReducedMotion();
  const { data: systems } = useQuery(systemsQuery);
  // What was chosen, here or elsewhere, comes into sight beside the panel.
  useEffect(() => {
    const box = latest.current.scene.stops.find(({ id }) => id === selected || id === `x_${selected}`)?.box;
    const wide = camera.view.current?.clientWidth ?? 0;
    if (box && wide > PANEL * 2) camera.show(box, PANEL);
  }, [selected, camera.show, camera.view]);
  const carry = (id: string, by: Point): { network: string; place: Point } | undefined => {
    const rest = before.current ?? placeOf(latest.current.scene, id);
    before.current = rest;
    return rest && { network: rest.network, place: { x: Math.round(rest.at.x + by.x), y: Math.round(rest.at.y + by.y) } };
  };
  const before = useRef<{ network: string; at: Point }>(undefined);
  const stopCarrying = () => {
    before.current = undefined;
    setMoved({});
  };
  const carrying = {
    move: (id: string, by: Point): boolean => {
      const to = carry(id, by);
      if (to) setMoved({ [to.network]: { [keyOf(id)]: to.place } });
      return to !== undefined;
    },
    moved: (id: string, by: Point) => {
      const to = carry(id, by);
      stopCarrying();
      if (to) props.onMoved(to.network, keyOf(id), to.place);
    },
  };
  const nudge = useNudge({ ...carrying, cancel: stopCarrying });
  useDrags(camera, {
    ...carrying,
    pull: (what, to) => setPulling(pullOf(latest.current.scene, what, to)),
    pulled: (what, to) => {
      setPulling(undefined);
      const drop = dropAt(latest.current.scene.placed, to);
      if (drop) props.onPlug(what, drop);
    },
    cancel: () => {
      stopCarrying();
      setPulling(undefined);
    },
  });
  const pick = useCallback((id: string) => {
    setCurrent(id);
    latest.current.props.onPick(id.startsWith("up_") ? gatewayId(id.slice(3)) : id.startsWith("x_") ? id.slice(2) : id);
  }, []);
  const stop = scene.stops.some(({ id }) => id === current) ? current : (scene.placed.blocks[0]?.id ?? "host");
  const walk = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (stop && nudge.press(event, stop)) return event.preventDefault();
    if (event.key === "+" || event.key === "=") return camera.zoom(1.2);
    if (event.key === "-") return camera.zoom(1 / 1.2);
    if (event.key === "0") return camera.fitAll();
    const here = scene.stops.find(({ id }) => id === stop);
    if (!isArrow(event.key) || !here) return;
    event.preventDefault();
    const next = scene.stops.find(({ id }) => id === neighbour(here.at, event.key as "ArrowUp", scene.stops));
    if (!next) return;
    setCurrent(next.id);
    camera.show(next.box);
    document.getElementById(`at-${next.id}`)?.focus({ preventScroll: true });
  };
  const menu = (event: React.MouseEvent) => {
    const thing = (event.target as Element).closest<HTMLElement>("[data-thing]");
    if (!thing) return;
    event.preventDefault();
    const box = thing.getBoundingClientRect();
    // The menu key has no place of its own.
    const at = event.clientX > 0 ? { x: event.clientX, y: event.clientY } : { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    props.onMenu((thing.dataset["thing"] ?? "").replace(/^x_/, ""), at);
  };
  const pictureOf = useMemo(() => new Map(systems?.map((system) => [system.id, system])), [systems]);
  return (
    // The keys walk over the buttons inside.
    <section
      ref={camera.view}
      className="canvas"
      aria-label="The networks, drawn. Arrow keys walk from thing to thing, with Shift they move one, Enter opens one, plus and minus change the size."
      onKeyDown={walk}
      onKeyUp={nudge.release}
      onBlur={nudge.putDown}
      onContextMenu={menu}
      onFocus={(event) => {
        const id = (event.target as Element).id;
        if (id.startsWith("at-")) setCurrent(id.slice(3));
      }}
      data-pulling={pulling ? true : undefined}
    >
      <div ref={camera.world} className="world">
        <svg className="layer" aria-hidden="true" focusable="false">
          <Ground placed={scene.placed} over={pulling?.over} reached={world.networks.some(({ gateway }) => gateway?.reachesInternet)} />
        </svg>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a drawing */}
        <svg className="layer cables" focusable="false" role="group" aria-label="Cables">
          {scene.cables.map((cable) => (
            <CableLine
              key={cable.id}
              {...cable}
              selected={selected === (cable.kind === "uplink" ? gatewayId(cable.id.slice(3)) : cable.id)}
              current={stop === cable.id}
              onPick={pick}
            />
          ))}
        </svg>
        {still ? null : (
          <svg className="layer flows" aria-hidden="true" focusable="false">
            {scene.cables.map((cable) =>
              cable.isUp && cable.isConnected ? <Flow key={cable.id} id={cable.id} path={cable.path} /> : null,
            )}
          </svg>
        )}
        <svg className="layer" aria-hidden="true" focusable="false">
          {scene.cables.map((cable) => (
            <CableMarks key={cable.id} {...cable} numbers={props.numbers || still} />
          ))}
        </svg>
        <Nodes scene={scene} world={world} host={props.host} pictures={pictureOf} selected={selected} current={stop} onPick={pick} />
        <svg className="layer jacks" aria-hidden="true" focusable="false">
          {scene.jacks.map((jack) => (
            <circle
              key={`${jack.nic} ${jack.end}`}
              className="jack"
              data-jack={jack.nic}
              data-machine={jack.machine}
              data-end={jack.end}
              data-plugged={jack.plugged || undefined}
              cx={jack.x}
              cy={jack.y}
              r={jack.end === "machine" ? 6 : 4}
            />
          ))}
          {pulling ? <path className="pulling" d={swungPath(pulling.from, { x: 0, y: -1 }, pulling.to, { x: 0, y: 1 }).path} /> : null}
          {pulling ? <circle className="pulling-end" cx={pulling.to.x} cy={pulling.to.y} r="8" /> : null}
        </svg>
      </div>
      <CanvasTools camera={camera} numbers={props.numbers} still={still} onNumbers={props.onNumbers} onTidy={props.onTidy} />
      {pulling ? <PullHint pulling={pulling} world={world} /> : null}
    </section>
  );
}

function pullOf(scene: Scene, what: Pull, to: Point): Pulling | undefined {
  const box = scene.placed.machines.find(({ id }) => id === what.machine)?.box;
  if (!box) return undefined;
  const jack = scene.jacks.find(({ nic, end }) => nic === what.nic && end === "machine");
  return { what, to, from: jack ?? { x: box.x + box.w / 2, y: box.y }, over: dropAt(scene.placed, to) };
}

/** What letting go would do now. */
function PullHint({ pulling, world }: { pulling: Pulling; world: World }) {
  const { over } = pulling;
  const network = over?.on === "lane" ? world.networks.find(({ id }) => id === over.network) : undefined;
  const lane = over?.on === "lane" ? (over.lane === "trunk" ? "as a trunk" : `VLAN ${over.lane.slice(1)}`) : "";
  return (
    <p className="pull-hint" role="status">
      {network ? (
        <>
          Let go: plugged into <strong>{network.name}</strong>, {lane}
        </>
      ) : over?.on === "tray" ? (
        "Let go: no cable any more"
      ) : (
        "Pull it to a lane of a switch. Escape leaves everything as it was."
      )}
    </p>
  );
}
