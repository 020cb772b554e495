// How the picture is read, and where to find the same without it.
import { plain } from "@mimic/base";
import { Term } from "../../../ui/term.tsx";
import type { World } from "../things.ts";
import { vlanTitle } from "../topology/lanes.ts";
import { Swatch } from "./patterns.tsx";

const Sample = ({ look, state }: { look: string; state: string }) => (
  <svg className="sample" width="46" height="16" viewBox="0 0 46 16" aria-hidden="true" focusable="false">
    <g className="cable" data-look={look} data-state={state}>
      <path className="cable-line" d="M2 8H44" strokeDasharray={state === "pulled" ? "0 12 99" : undefined} />
      {look === "trunk" ? <path className="cable-core" d="M2 8H44" /> : null}
    </g>
    {state === "traffic" ? <path className="flow" data-way="down" d="M2 8H44" /> : null}
  </svg>
);

export function Legend({ world }: { world: World }) {
  const vlans = new Map<number, string>();
  for (const { vlans: here } of world.networks) for (const { id, name } of here) if (!vlans.has(id) || name) vlans.set(id, name);
  return (
    <details className="legend">
      <summary>How to read and use the picture</summary>
      <div className="legend-columns">
        <ul>
          {[...vlans]
            .toSorted(([a], [b]) => a - b)
            .slice(0, 12)
            .map(([id, name]) => (
              <li key={id}>
                <Swatch vlan={id} /> <bdi>{plain(vlanTitle(id, name), 80)}</bdi>
              </li>
            ))}
          <li>
            <Swatch vlan={undefined} /> <Term word="trunk">trunk</Term>: several at once
          </li>
        </ul>
        <ul>
          <li>
            <Sample look="1" state="traffic" /> traffic: dashes run to the machine, dots come from it; faster means more bits
          </li>
          <li>
            <Sample look="0" state="idle" /> nobody at the other end
          </li>
          <li>
            <Sample look="0" state="pulled" /> a pulled cable
          </li>
          <li>
            <Sample look="0" state="bad" /> a bad link
          </li>
        </ul>
        <ul>
          <li>Drag from a socket to a lane: plug in. Drag from the + of a machine: a new card.</li>
          <li>Drag a thing: move it. Right click, or the menu key: all that one can do.</li>
          <li>Ctrl and wheel, or + and −: larger and smaller. 0: all of it.</li>
          <li>Keys: arrows walk, Enter opens. The table says and does the same.</li>
        </ul>
      </div>
    </details>
  );
}
