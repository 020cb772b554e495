// The same work as switch-1500, beside the switches that people use in this place: vde_switch and QEMU's own hub.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "./framework/programs.ts";
import { type Bench, CannotMeasure, type Row } from "./framework/row.ts";
import { type Carrier, compare, socketFolder, startOurs, startProgram, times } from "./network/kit.ts";

const MOST_CPU_OF_VDE = 0.45;
const MOST_CPU_OF_HUB = 0.6;

export const switchPeers: Row = {
  name: "switch-peers",
  what: "Frames of 1500 bytes, one write each, two ports: our switch beside vde_switch (the peer shown) and QEMU's hub.",
  unit: "per second",
  bound: `at least 2 times each one's delivered frames, at most ${MOST_CPU_OF_VDE} (vde) and ${MOST_CPU_OF_HUB} (hub) times the processor time per frame, no frame lost`,
  run: async (bench) => {
    const carriers = [await startOurs(bench, 2), await startVde(bench), await startHub(bench)];
    const [ours, vde, hub] = await compare(bench, carriers, { size: 1500, batch: 1 });
    if (!ours || !vde || !hub) throw new Error("nothing was measured");
    const isFaster = vde.rateRatio >= 2 && hub.rateRatio >= 2;
    const isCheaper = vde.cpuRatio <= MOST_CPU_OF_VDE && hub.cpuRatio <= MOST_CPU_OF_HUB;
    return {
      ours: ours.frames,
      peer: vde.frames,
      holds: isFaster && isCheaper && ours.lost + ours.gaps === 0,
      besides:
        `vde: ${times(vde.rateRatio)} its frames at ${times(vde.cpuRatio)} its processor time, it lost ${vde.lost}; ` +
        `hub: ${times(hub.rateRatio)} its ${hub.frames.median.toFixed(0)} frames at ${times(hub.cpuRatio)} its processor time; ours lost ${ours.lost}`,
    };
  },
};

async function startVde(bench: Bench): Promise<Carrier> {
  const program = findProgram("vde_switch");
  if (program === undefined) throw new CannotMeasure("vde_switch is not installed");
  const folder = join(await socketFolder(bench), "vde");
  // It ends when its input does, so that stays open.
  const child = startProgram(bench, program, ["-s", folder], "pipe");
  return { name: "vde", pid: child.pid as number, paths: [folder, folder], isVde: true };
}

async function startHub(bench: Bench): Promise<Carrier> {
  const program = findProgram("qemu-system-x86_64");
  if (program === undefined) throw new CannotMeasure("QEMU is not installed");
  const folder = await socketFolder(bench);
  await mkdir(folder, { recursive: true });
  const paths = [0, 1].map((n) => join(folder, `h${n}`));
  const ports = paths.flatMap((path, n) => [
    "-netdev",
    `stream,id=s${n},server=on,addr.type=unix,addr.path=${path}`,
    "-netdev",
    `hubport,id=h${n},hubid=0,netdev=s${n}`,
  ]);
  const child = startProgram(bench, program, ["-machine", "none", "-nodefaults", "-display", "none", ...ports]);
  return { name: "hub", pid: child.pid as number, paths };
}
