// Catching the pointer: the browser hides it and tells how far it moved, which is what a mouse of old systems and games
// looks around with. It goes to the machine by a connection of its own; the picture's own pointer rests meanwhile.
import { useCallback, useEffect, useRef, useState } from "react";
import { LiveSocket } from "../../live/socket.ts";
import { showProblem } from "../../notices.ts";

/** `place` is what gets the pointer: not the picture itself, which would tell of every movement a second time. */
export function usePointerLock(place: React.RefObject<HTMLElement | null>, machine: string, off: boolean) {
  const [isCaught, setCaught] = useState(false);
  const socket = useRef<LiveSocket>(undefined);
  useEffect(() => {
    const target = place.current;
    if (!target) return;
    const changed = () => setCaught(document.pointerLockElement === target);
    document.addEventListener("pointerlockchange", changed);
    return () => document.removeEventListener("pointerlockchange", changed);
  }, [place]);
  useEffect(() => {
    const target = place.current;
    if (!isCaught || !target) return;
    const channel = new LiveSocket("pointer", machine);
    socket.current = channel;
    let dx = 0;
    let dy = 0;
    let frame = 0;
    const flush = () => {
      frame = 0;
      if (dx !== 0 || dy !== 0) channel.sendText({ dx, dy });
      dx = 0;
      dy = 0;
    };
    const onMove = (event: MouseEvent) => {
      dx += event.movementX;
      dy += event.movementY;
      frame ||= requestAnimationFrame(flush);
    };
    const onButton = (event: MouseEvent) => {
      event.preventDefault();
      event.stopPropagation();
      flush();
      channel.sendText({ buttons: event.buttons & 7 });
    };
    const onWheel = (event: WheelEvent) => channel.sendText({ wheel: Math.sign(event.deltaY) });
    const menu = (event: Event) => event.preventDefault();
    // The machine went off, or the daemon did: whoever plays shall have the pointer back.
    channel.onclose = () => document.exitPointerLock();
    target.addEventListener("mousemove", onMove);
    for (const kind of ["mousedown", "mouseup"] as const) target.addEventListener(kind, onButton);
    target.addEventListener("wheel", onWheel, { passive: true });
    target.addEventListener("contextmenu", menu);
    return () => {
      cancelAnimationFrame(frame);
      target.removeEventListener("mousemove", onMove);
      for (const kind of ["mousedown", "mouseup"] as const) target.removeEventListener(kind, onButton);
      target.removeEventListener("wheel", onWheel);
      target.removeEventListener("contextmenu", menu);
      channel.onclose = null;
      channel.close();
    };
  }, [isCaught, machine, place]);
  const catchIt = useCallback(async () => {
    try {
      await place.current?.requestPointerLock();
    } catch (error) {
      showProblem(error);
    }
  }, [place]);
  useEffect(() => {
    if (off && isCaught) document.exitPointerLock();
  }, [off, isCaught]);
  return { isCaught, catchIt };
}
