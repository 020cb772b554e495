// One viewer of a machine's screen: noVNC over our own WebSocket, opened again when it breaks while the machine is on.
// What the guest says (its desktop's name, its clipboard) is not shown anywhere.
import RFB from "@novnc/novnc";
import { useCallback, useEffect, useRef, useState } from "react";
import { retryAfterMs } from "../../live/events.ts";
import { LiveSocket } from "../../live/socket.ts";

export interface ScreenState {
  readonly state: "connecting" | "connected" | "lost";
  readonly why?: string | undefined;
}

interface Options {
  readonly machine: string;
  readonly name: string;
  readonly on: boolean;
  readonly viewOnly: boolean;
  readonly fit: boolean;
  /** The machine's screen takes the size of its place here. */
  readonly follow: boolean;
}

export function useScreen(place: React.RefObject<HTMLDivElement | null>, { machine, name, on, viewOnly, fit, follow }: Options) {
  const [state, setState] = useState<ScreenState>({ state: "connecting" });
  const [round, setRound] = useState(0);
  const failures = useRef(0);
  const viewer = useRef<RFB>(undefined);
  const fitNow = useRef(fit);
  const followNow = useRef(follow);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks for a new connection
  useEffect(() => {
    const target = place.current;
    if (!on || !target) return;
    setState({ state: "connecting" });
    const socket = new LiveSocket("display", machine, viewOnly ? { viewOnly: "1" } : {});
    // noVNC takes the channel over with the first words of the machine's screen: one that the daemon refuses (the machine
    // has just gone off) is told here in words, and is no error of noVNC's.
    let rfb: RFB | undefined;
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lost = () => {
      if (ended) return;
      ended = true;
      setState({ state: "lost", why: socket.problem?.message });
      if (!socket.problem) timer = setTimeout(() => setRound((n) => n + 1), retryAfterMs(failures.current++));
    };
    socket.onclose = lost;
    socket.onmessage = (first) => {
      rfb = new RFB(target, socket, { shared: true });
      viewer.current = rfb;
      rfb.background = "transparent";
      rfb.viewOnly = viewOnly;
      rfb.scaleViewport = fitNow.current;
      rfb.resizeSession = followNow.current;
      rfb.addEventListener("connect", () => {
        failures.current = 0;
        setState({ state: "connected" });
        const canvas = target.querySelector("canvas");
        canvas?.setAttribute("tabindex", "0");
        canvas?.setAttribute("role", "application");
        canvas?.setAttribute("aria-label", `Screen of ${name}. Control and right bracket leaves it.`);
      });
      rfb.addEventListener("disconnect", lost);
      // noVNC listens by now.
      socket.onmessage?.(first);
    };
    return () => {
      clearTimeout(timer);
      viewer.current = undefined;
      // One that is disconnected already (the machine went off) would complain.
      if (rfb && !ended) rfb.disconnect();
      else socket.close();
      ended = true;
      target.replaceChildren();
    };
  }, [machine, name, on, viewOnly, round, place]);
  useEffect(() => {
    fitNow.current = fit;
    if (viewer.current) viewer.current.scaleViewport = fit;
  }, [fit]);
  useEffect(() => {
    followNow.current = follow;
    if (viewer.current) viewer.current.resizeSession = follow;
  }, [follow]);
  const again = useCallback(() => {
    failures.current = 0;
    setRound((n) => n + 1);
  }, []);
  const focus = useCallback(() => viewer.current?.focus({ preventScroll: true }), []);
  const sendKey = useCallback((keysym: number, code: string, down: boolean) => viewer.current?.sendKey(keysym, code, down), []);
  return { state, again, focus, sendKey };
}
