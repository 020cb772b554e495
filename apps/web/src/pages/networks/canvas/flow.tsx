// Traffic on a cable: dashes run to the machine, dots come from it, and their speed says how many bits. They are on a
// layer of their own, and their speed changes without a jump. Who prefers less motion sees numbers instead.
import { memo, useEffect, useRef } from "react";
import { dashSpeed } from "../rates.ts";
import { useRate } from "../traffic.ts";
import { runDashes } from "./flow-ticker.ts";

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
  const running = useRef<ReturnType<typeof runDashes>>(undefined);
  const moves = speed > 0;
  useEffect(() => {
    if (!moves || !line.current) return;
    const dashes = runDashes(line.current, 0);
    running.current = dashes;
    return dashes.stop;
  }, [moves]);
  useEffect(() => running.current?.setSpeed(way === "down" ? speed : -speed), [speed, way]);
  return moves ? <path ref={line} className="flow" data-way={way} d={path} /> : null;
}
