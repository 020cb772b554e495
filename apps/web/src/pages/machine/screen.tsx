// The machine's screen, in a frame that the guest cannot paint on.
import { Button } from "@mantine/core";
import { plain } from "@mimic/base";
import { type MachineView, may } from "@mimic/model";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { usePower } from "../../actions.ts";
import { shownName, systemsQuery } from "../../queries.ts";
import { Picture } from "../../ui/pictures.tsx";
import { PowerState } from "../../ui/state.tsx";
import { PAD_WORDS, watchGamepads } from "./gamepad.ts";
import { isLeaveKey } from "./keys.ts";
import { usePointerLock } from "./pointer-lock.ts";
import { useScreen } from "./screen-connection.ts";
import { ScreenTools } from "./screen-tools.tsx";

const on = (machine: MachineView) =>
  machine.power === "running" || machine.power === "paused" || machine.power === "stopping" || machine.power === "starting";

export function Screen({ machine }: { machine: MachineView }) {
  if (machine.hardware.display === "none")
    return (
      <div className="screen-off">
        <h2>This machine has no screen</h2>
        <p>Use its terminal, or give it a display adapter under Hardware.</p>
      </div>
    );
  return on(machine) && machine.power !== "starting" ? <LiveScreen machine={machine} /> : <Off machine={machine} />;
}

function LiveScreen({ machine }: { machine: MachineView }) {
  const place = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const tools = useRef<HTMLDivElement>(null);
  const [viewOnly, setViewOnly] = useState(false);
  const [fit, setFit] = useState(true);
  const name = shownName(machine.name);
  const [follow, setFollow] = useState(false);
  const [pad, setPad] = useState(false);
  const { state, again, focus, sendKey } = useScreen(place, { machine: machine.id, name, on: true, viewOnly, fit, follow });
  const catcher = useRef<HTMLDivElement>(null);
  const pointer = usePointerLock(catcher, machine.id, viewOnly);
  useEffect(() => {
    if (!pad || viewOnly) return;
    const pads = watchGamepads(({ key, down }) => sendKey(key.keysym, key.code, down));
    return () => pads[Symbol.dispose]();
  }, [pad, viewOnly, sendKey]);
  const leave = (event: React.KeyboardEvent) => {
    if (!isLeaveKey(event.nativeEvent)) return;
    event.preventDefault();
    event.stopPropagation();
    tools.current?.querySelector<HTMLElement>("button")?.focus();
  };
  return (
    <div ref={frame} className="screen-frame">
      <div className="screen-bar">
        <span className="screen-name">
          <bdi>{name}</bdi> <PowerState machine={machine} />
        </span>
        <ScreenTools
          ref={tools}
          machine={machine}
          frame={frame}
          viewOnly={viewOnly}
          setViewOnly={setViewOnly}
          fit={fit}
          setFit={setFit}
          follow={follow}
          setFollow={setFollow}
          pad={pad}
          setPad={setPad}
          catchPointer={() => {
            focus();
            void pointer.catchIt();
          }}
          back={focus}
        />
      </div>
      {/* Only catches the key that leaves the screen, on its way down. */}
      <div className="screen-place" data-fit={fit || undefined} onKeyDownCapture={leave}>
        <div ref={place} className="screen-canvas" />
        <div ref={catcher} className="screen-catcher" aria-hidden="true" />
        {state.state === "connected" ? null : (
          <div className="screen-over">
            <p role="status">
              {state.state === "connecting"
                ? "Connecting to its screen…"
                : plain(state.why ?? "The connection to its screen was lost. Trying again by itself.", 300)}
            </p>
            {state.state === "lost" ? <Button onClick={again}>Try now</Button> : null}
          </div>
        )}
      </div>
      <p className="screen-hint quiet">
        {viewOnly
          ? "View only: your keys and mouse do not reach it."
          : pointer.isCaught
            ? "Your mouse moves in the machine alone; Esc gives it back."
            : "Click into the picture to type; Ctrl ] gives the keyboard back."}
        {pad && !viewOnly ? ` Gamepad: ${PAD_WORDS}.` : ""}
        {machine.power === "paused" ? ` Paused: ${plain(machine.because, 200)}.` : ""}
      </p>
    </div>
  );
}

function Off({ machine }: { machine: MachineView }) {
  const power = usePower();
  const { data: systems } = useQuery(systemsQuery);
  const system = systems?.find((each) => each.id === machine.system);
  const starting = machine.power === "starting";
  return (
    <div className="screen-off" data-power={machine.power}>
      <Picture picture={system?.picture ?? (machine.system ? "prompt" : "empty")} family={system?.family} size={72} />
      <h2>{starting ? "It is being switched on" : machine.power === "failed" ? "It ended unexpectedly" : "It is off"}</h2>
      <p className={machine.power === "failed" ? "last-words" : undefined}>{plain(machine.because, 600)}</p>
      {machine.power === "failed" ? (
        <Link to="/machines/$machine/{-$tab}" params={{ machine: machine.name, tab: "logs" }}>
          What its engine said
        </Link>
      ) : null}
      {may("start", machine.power, machine.name) === true ? (
        <Button
          variant="filled"
          size="md"
          leftSection={<IconPlayerPlay size={18} aria-hidden="true" />}
          loading={power.isPending}
          onClick={() => power.mutate({ machine: machine.id, action: "start" })}
        >
          Start
        </Button>
      ) : null}
    </div>
  );
}
