// Text into the machine: its serial console with history, or a shell. Guest output is data: no title changes, no
// clipboard, no links (the emulator has none of them switched on), and it can never leave the box it is drawn in.
import { Button, SegmentedControl } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import { LiveSocket } from "../../live/socket.ts";
import { shownName } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine } from "../../words.ts";
import { isLeaveKey } from "./keys.ts";

type Door = "serial" | "shell";
type State = { readonly state: "connecting" | "history" | "live" | "ended"; readonly why?: string | undefined };

const WORDS: Readonly<Record<State["state"], string>> = {
  connecting: "Connecting…",
  history: "Showing what came before…",
  live: "Live",
  ended: "Ended",
};

const COLOURS = { background: "#10191b", foreground: "#dfe7e6", cursor: "#71c0bf", selectionBackground: "#2b5a5e" };

export function TerminalTab({ machine }: { machine: MachineView }) {
  const canShell = machine.login !== undefined && machine.login.shell !== "none";
  const [door, setDoor] = useState<Door>(canShell && machine.usableBy ? "shell" : "serial");
  const running = machine.power === "running" || machine.power === "paused" || machine.power === "stopping";
  if (!running)
    return (
      <div className="screen-off">
        <h2>It is {machine.power === "starting" ? "being switched on" : "off"}</h2>
        <p>Its terminal is here when it runs. What its serial console said last stands under Logs.</p>
      </div>
    );
  return (
    <div className="terminal-tab">
      <div className="tools">
        <SegmentedControl
          aria-label="Which terminal"
          value={door}
          onChange={(value) => setDoor(value as Door)}
          data={[
            { value: "serial", label: "Serial console" },
            { value: "shell", label: "Shell", disabled: !canShell },
          ]}
        />
        <p className="quiet">
          {door === "serial" ? (
            <>
              The <Term word="serial">serial console</Term>: what the system says and hears as plain text.
            </>
          ) : (
            "A shell in the machine, as its own user."
          )}{" "}
          {canShell ? null : "Mimic knows no shell of this system."}
        </p>
      </div>
      <LiveTerminal key={`${machine.id} ${door}`} machine={machine} door={door} />
      <CommandLine command={commandLine(door === "serial" ? "console" : "shell", machine.name)} />
    </div>
  );
}

/** Makes the emulator in `place` and joins it to the machine; undo takes both away. */
function connect(place: HTMLElement, machine: MachineView, door: Door, tell: (state: State) => void, leave: () => void): () => void {
  const terminal = new Terminal({
    convertEol: false,
    screenReaderMode: true,
    scrollback: 5_000,
    fontSize: 14,
    fontFamily: getComputedStyle(place).fontFamily,
    theme: COLOURS,
    // OSC 8 links from a guest go nowhere.
    linkHandler: { activate: () => undefined, allowNonHttpProtocols: false },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(place);
  terminal.attachCustomKeyEventHandler((event) => {
    if (!isLeaveKey(event)) return true;
    if (event.type === "keydown") leave();
    event.preventDefault();
    return false;
  });
  const socket = new LiveSocket(door, machine.id);
  const encoder = new TextEncoder();
  const size = () => {
    fit.fit();
    if (door === "shell") socket.sendText({ resize: { columns: terminal.cols, rows: terminal.rows } });
  };
  const watcher = new ResizeObserver(size);
  watcher.observe(place);
  let gone = false;
  socket.onopen = () => {
    tell({ state: door === "serial" ? "history" : "live" });
    size();
  };
  socket.onmessage = ({ data }) => terminal.write(new Uint8Array(data));
  socket.ontext = (message) => {
    if (message["live"] === true) tell({ state: "live" });
    // This viewer was too slow: what is missing is said where it is missing.
    if (typeof message["dropped"] === "number") terminal.write(`\r\n[${message["dropped"]} bytes left out]\r\n`);
  };
  socket.onclose = () => {
    if (!gone) tell({ state: "ended", why: socket.problem?.message });
  };
  const typed = terminal.onData((text) => socket.send(encoder.encode(text)));
  const binary = terminal.onBinary((text) => socket.send(Uint8Array.from(text, (character) => character.charCodeAt(0) & 255)));
  return () => {
    gone = true;
    watcher.disconnect();
    typed.dispose();
    binary.dispose();
    socket.close();
    terminal.dispose();
  };
}

function LiveTerminal({ machine, door }: { machine: MachineView; door: Door }) {
  const place = useRef<HTMLDivElement>(null);
  const after = useRef<HTMLButtonElement>(null);
  const [state, setState] = useState<State>({ state: "connecting" });
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new connection only for another machine or when asked
  useEffect(() => {
    if (!place.current) return;
    setState({ state: "connecting" });
    return connect(place.current, machine, door, setState, () => after.current?.focus());
  }, [machine.id, door, round]);
  return (
    <section className="terminal-frame" aria-label={`${door === "serial" ? "Serial console" : "Shell"} of ${shownName(machine.name)}`}>
      <div ref={place} className="terminal-place" />
      <div className="terminal-foot">
        <span role="status">
          {WORDS[state.state]}
          {state.why ? `: ${plain(state.why, 300)}` : ""}
        </span>
        <span className="quiet">Ctrl ] gives the keyboard back.</span>
        <Button ref={after} size="compact-sm" onClick={() => setRound((n) => n + 1)}>
          Connect again
        </Button>
      </div>
    </section>
  );
}
