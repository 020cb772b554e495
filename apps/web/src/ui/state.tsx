// A machine's power state: always a word beside a shape beside a colour, always the same three.
import type { MachineView, Power } from "@mimic/model";
import { POWER_WORDS } from "../words.ts";

const SHAPES: Readonly<Record<Power | "trouble", React.ReactNode>> = {
  running: <circle cx="6" cy="6" r="5" />,
  starting: (
    <>
      <circle cx="6" cy="6" r="4.200" fill="none" stroke="currentColor" strokeWidth="1.600" />
      <path d="M6 1.800a4.200 4.200 0 0 1 0 8.400z" />
    </>
  ),
  paused: <path d="M2 1.500h3v9H2zM7 1.500h3v9H7z" />,
  stopping: (
    <>
      <circle cx="6" cy="6" r="4.200" fill="none" stroke="currentColor" strokeWidth="1.600" />
      <path d="M1.800 6h8.400a4.200 4.200 0 0 1-8.400 0z" />
    </>
  ),
  stopped: <circle cx="6" cy="6" r="4.200" fill="none" stroke="currentColor" strokeWidth="1.600" />,
  failed: <path d="M6 .8 11.600 11H.4z" />,
  trouble: <path d="M6 .3 11.700 6 6 11.700.3 6z" />,
};

export function PowerMark({ power }: { power: Power | "trouble" }) {
  return (
    <svg className="power-mark" viewBox="0 0 12 12" aria-hidden="true" fill="currentColor" focusable="false">
      {SHAPES[power]}
    </svg>
  );
}

export function PowerState({ machine }: { machine: Pick<MachineView, "power" | "trouble"> }) {
  const shown = machine.trouble ? "trouble" : machine.power;
  const words = machine.trouble === "guestPanicked" ? "Crashed" : machine.trouble ? "Paused: disk" : POWER_WORDS[machine.power];
  return (
    <span className="power" data-power={shown}>
      <PowerMark power={shown} />
      {words}
    </span>
  );
}
