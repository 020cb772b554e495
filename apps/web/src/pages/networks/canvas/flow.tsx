// Traffic on a cable: dashes run to the machine, dots come from it, and their speed says how many bits. They are on a
// layer of their own, and their speed is changed without a jump. Who prefers less motion sees numbers instead.
import { memo, useEffect, useRef } from "react";
import { dashSpeed } from "../rates.ts";
import { useRate } from "../traffic.ts";

/** Units of the picture from one dash to the next. */
const PERIOD = 24;

export const Flow = memo(function Flow({ id, path }: { id: string; path: string }) {
  const { downBits, upBits } = useRate(id);
  return (
    <>
      <Dashes path={path} speed={dashSpeed(downBits)} way="down" />
      <Dashes path={path} speed={dashSpeed(upBits)} way="up" />
    </>
  );
});

function Dashes({ path, speed, way }: { path: string; speed: number; way: "down" | "up" }) {
  const line = useRef<SVGPathElement>(null);
  const running = useRef<Animation>(undefined);
  const moves = speed > 0;
  useEffect(() => {
    if (!moves || !line.current) return;
    const [from, to] = way === "down" ? [PERIOD, 0] : [0, PERIOD];
    running.current = line.current.animate([{ strokeDashoffset: from }, { strokeDashoffset: to }], {
      duration: 1000,
      iterations: Number.POSITIVE_INFINITY,
    });
    return () => running.current?.cancel();
  }, [moves, way]);
  useEffect(() => {
    if (moves) running.current?.updatePlaybackRate(speed / PERIOD);
  }, [speed, moves]);
  return moves ? <path ref={line} className="flow" data-way={way} d={path} /> : null;
}
