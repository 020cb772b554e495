// One cable: its line in the colour of its VLAN, how it is (pulled, bad, nobody there), what was dropped, and the wide
// unseen line that catches pointer and focus.
import { bitsInWords, type PortMode } from "@mimic/model";
import { memo } from "react";
import { lookOf } from "../topology/lanes.ts";
import { useRate } from "../traffic.ts";

export interface CableLook {
  readonly id: string;
  readonly kind: "nic" | "link" | "extra" | "uplink";
  readonly path: string;
  readonly fromX: number;
  readonly fromY: number;
  readonly toY: number;
  readonly markX: number;
  readonly markY: number;
  readonly mode: PortMode["mode"];
  readonly vlan: number | undefined;
  readonly isUp: boolean;
  readonly isConnected: boolean;
  /** In words, when the link is bad. */
  readonly bad: string | undefined;
  readonly label: string;
  readonly machine: string | undefined;
}
interface Props extends CableLook {
  readonly selected: boolean;
  readonly current: boolean;
  readonly onPick: (id: string) => void;
}

/** What catches the pointer: the cable itself, or a strip around a straight one (a line has no area of its own). */
export function hitArea(path: string): string {
  const [, x1, y1, x2, y2] = /^M(\S+) (\S+)L(\S+) (\S+)$/.exec(path) ?? [];
  if (y2 === undefined) return path;
  const [left, right] = [Math.min(Number(x1), Number(x2)), Math.max(Number(x1), Number(x2))];
  const [top, bottom] = [Math.min(Number(y1), Number(y2)), Math.max(Number(y1), Number(y2))];
  const [wide, high] = right - left < 1 ? [8, 0] : [0, 8];
  return `M${left - wide} ${top - high}H${right + wide}V${bottom + high}H${left - wide}Z`;
}

export const CableLine = memo(function CableLine(props: Props) {
  const { id, path, mode, vlan, isUp, isConnected, bad } = props;
  const state = !isUp ? "pulled" : !isConnected ? "idle" : bad ? "bad" : "good";
  const look = mode === "trunk" || vlan === undefined ? "trunk" : lookOf(vlan);
  return (
    <g
      className="cable"
      data-look={props.kind === "uplink" ? "uplink" : look}
      data-state={state}
      data-selected={props.selected || undefined}
    >
      <path className="cable-glow" d={path} />
      <path className="cable-line" d={path} strokeDasharray={isUp ? undefined : "0 24 9999"} />
      {mode === "trunk" && props.kind !== "uplink" && isUp ? <path className="cable-core" d={path} /> : null}
      {/* biome-ignore lint/a11y/useSemanticElements: a button cannot be part of a drawing */}
      <path
        id={`at-${id}`}
        className="cable-hit"
        d={hitArea(path)}
        data-thing={props.kind === "uplink" ? `gw_${id.slice(3)}` : id}
        role="button"
        tabIndex={props.current ? 0 : -1}
        aria-label={props.label}
        aria-pressed={props.selected}
        onClick={() => props.onPick(id)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          props.onPick(id);
        }}
      />
    </g>
  );
});

/** What stands on a cable, over the traffic: for eyes only, since the cable's own words say it. */
export const CableMarks = memo(function CableMarks(props: CableLook & { readonly numbers: boolean }) {
  const { bad, isUp } = props;
  return (
    <>
      {isUp ? null : <Plug {...props} />}
      {bad && isUp ? <Bad x={props.markX} y={props.markY} words={bad} /> : null}
      <Counted {...props} />
    </>
  );
});

/** The loose end of a pulled cable, a little away from its port. */
function Plug({ fromX, fromY, toY, kind }: CableLook) {
  const down = toY >= fromY ? 1 : -1;
  const turn = kind === "nic" ? (down > 0 ? 0 : 180) : -90;
  const x = kind === "nic" ? fromX : fromX + 18;
  const y = kind === "nic" ? fromY + 16 * down : fromY;
  return (
    <g className="cable-plug" transform={`translate(${x} ${y}) rotate(${turn + 14})`}>
      <path d="M-6 0h12v11a6 6 0 0 1-12 0z" />
      <path className="cable-pins" d="M-3 0v-7M3 0v-7" />
    </g>
  );
}

function Bad({ x, y, words }: { x: number; y: number; words: string }) {
  return (
    <g className="cable-bad" transform={`translate(${x} ${y})`}>
      <title>{words}</title>
      <circle r="10" />
      <path d="M-6 1.500c2-5 4-5 6 0s4 5 6 0" />
    </g>
  );
}

/** Numbers that change all the time, apart from the line that does not. */
function Counted({ id, markX, markY, numbers, bad, kind }: CableLook & { readonly numbers: boolean }) {
  const rate = useRate(id);
  const words = kind === "uplink" ? undefined : rate.dropped > 999 ? "999+" : String(rate.dropped);
  const wide = 18 + (words?.length ?? 0) * 7;
  const aside = bad ? 14 : 8;
  return (
    <>
      {rate.dropped > 0 && words ? (
        <g
          className="cable-drops"
          data-fresh={rate.droppedNow > 0 || undefined}
          transform={`translate(${markX - aside - wide} ${markY - 9})`}
        >
          <title>{`${rate.dropped} frames dropped`}</title>
          <rect width={wide} height="18" rx="9" />
          <path d="M9 4.500l4.600 8.500H4.400z" />
          <text x="16" y="13">
            {words}
          </text>
        </g>
      ) : null}
      {numbers && rate.upBits + rate.downBits >= 1 ? (
        <text className="cable-numbers" x={markX + aside} y={kind === "link" ? markY - 9 : markY + 4}>
          {rate.downBits >= rate.upBits ? `↓ ${bitsInWords(rate.downBits)}` : `↑ ${bitsInWords(rate.upBits)}`}
        </text>
      ) : null}
    </>
  );
}
