// The live packets of a network or of one port, over their WebSocket. Gathered for a moment before they are drawn, so
// that ten thousand a second cost as much as ten. While it is paused the picture stands still and nothing is kept.
import type { Problem } from "@mimic/model";
import { useEffect, useRef, useState } from "react";
import { LiveSocket } from "../../../live/socket.ts";
import { addMissed, addPackets, emptyLog, type PacketLog, readPacketMessage } from "./packet-log.ts";

const DRAW_EVERY_MS = 200;

/** Where something is in a packet's bytes; the end is not part of it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}
export interface ShownLayer extends Range {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly from?: number; readonly to?: number }[];
  /** What is wrong with it, in words. */
  readonly problem?: string | undefined;
}
export interface PacketBytes {
  readonly seq: number;
  /** Absent: they are not kept any more. */
  readonly bytes?: Uint8Array;
  readonly layers: readonly ShownLayer[];
}
export interface Packets {
  readonly log: PacketLog;
  readonly state: "connecting" | "live" | "ended";
  readonly problem: Problem | undefined;
  readonly bytes: PacketBytes | undefined;
  readonly ask: (seq: number) => void;
  readonly clear: () => void;
}
export interface Watch {
  readonly network: string;
  readonly port: string | undefined;
  readonly filter: string;
  readonly drops: boolean;
  readonly paused: boolean;
  /** Another number begins anew. */
  readonly round: number;
}

function readBytes(message: Readonly<Record<string, unknown>>): PacketBytes | undefined {
  if (typeof message["gone"] === "number") return { seq: message["gone"], layers: [] };
  const told = message["bytes"] as { seq?: unknown; base64?: unknown; layers?: unknown } | undefined;
  if (typeof told !== "object" || told === null || typeof told.seq !== "number" || typeof told.base64 !== "string") return undefined;
  try {
    const bytes = Uint8Array.from(atob(told.base64), (character) => character.charCodeAt(0));
    return { seq: told.seq, bytes, layers: Array.isArray(told.layers) ? (told.layers as ShownLayer[]).slice(0, 40) : [] };
  } catch {
    return undefined;
  }
}

export function usePackets({ network, port, filter, drops, paused, round }: Watch): Packets {
  const [log, setLog] = useState<PacketLog>(emptyLog);
  const [state, setState] = useState<Packets["state"]>("connecting");
  const [problem, setProblem] = useState<Problem>();
  const [bytes, setBytes] = useState<PacketBytes>();
  const socket = useRef<LiveSocket>(undefined);
  const stopped = useRef(paused);
  stopped.current = paused;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is there to begin anew
  useEffect(() => {
    setState("connecting");
    setProblem(undefined);
    setLog(emptyLog);
    setBytes(undefined);
    const live = new LiveSocket("packets", network, {
      ...(port ? { port } : {}),
      ...(filter ? { filter } : {}),
      ...(drops ? { drops: "1" } : {}),
    });
    socket.current = live;
    let waiting = emptyLog;
    let gone = false;
    const timer = setInterval(() => {
      if (waiting.seen === 0 && waiting.missed === 0) return;
      const more = waiting;
      waiting = emptyLog;
      setLog((before) => addMissed(addPackets(before, more.packets), more.missed));
    }, DRAW_EVERY_MS);
    live.onopen = () => setState("live");
    live.ontext = (message) => {
      const answer = readBytes(message);
      if (answer) return setBytes(answer);
      if (stopped.current) return;
      const { packets, missed } = readPacketMessage(message);
      waiting = addMissed(addPackets(waiting, packets), missed);
    };
    live.onclose = () => {
      if (gone) return;
      setState("ended");
      setProblem(live.problem);
    };
    return () => {
      gone = true;
      clearInterval(timer);
      live.close();
    };
  }, [network, port, filter, drops, round]);
  return {
    log,
    state,
    problem,
    bytes,
    ask: (seq) => socket.current?.sendText({ bytes: seq }),
    clear: () => setLog(emptyLog),
  };
}
