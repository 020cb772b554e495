// Many machines beside each other, for comparing.
import { Checkbox } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { Link } from "@tanstack/react-router";
import { memo, useCallback, useState } from "react";
import { shownName } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { PowerState } from "../../ui/state.tsx";
import { KeepTogether } from "./keep-together.tsx";
import { QuickPower } from "./quick-power.tsx";

const networksOf = ({ links }: MachineView): string =>
  [...new Set(links.flatMap(({ network }) => (network ? [shownName(network)] : [])))].join(", ") || "—";

interface RowProps {
  readonly machine: MachineView;
  readonly isChosen: boolean;
  readonly onChoose: (id: string) => void;
}

const Row = memo(function Row({ machine, isChosen, onChoose }: RowProps) {
  return (
    <tr aria-selected={isChosen}>
      <td>
        <Checkbox aria-label={`Choose ${shownName(machine.name)}`} checked={isChosen} onChange={() => onChoose(machine.id)} />
      </td>
      <th scope="row">
        <Link to="/machines/$machine/{-$tab}" params={{ machine: machine.name }}>
          <bdi>{shownName(machine.name)}</bdi>
        </Link>
      </th>
      <td>
        <PowerState machine={machine} />
      </td>
      <td className="quiet">
        <Ago at={machine.since} />
      </td>
      <td>{plain(machine.systemName ?? "—", 60)}</td>
      <td>{machine.hardwareInWords}</td>
      <td>{networksOf(machine)}</td>
      <td className="number">{formatSize(machine.diskBytes)}</td>
      <td>{machine.isolation ? `Grade ${machine.isolation.grade}` : "—"}</td>
      <td className="cell-action">
        <QuickPower machine={machine} />
      </td>
    </tr>
  );
});

export function MachineTable({ machines }: { machines: readonly MachineView[] }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = useCallback(
    (id: string) => setChosen((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id]))),
    [],
  );
  return (
    <>
      <KeepTogether machines={machines.filter(({ id }) => chosen.has(id))} onDone={() => setChosen(new Set())} />
      <Rows machines={machines} chosen={chosen} onChoose={choose} />
    </>
  );
}

interface RowsProps {
  readonly machines: readonly MachineView[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (id: string) => void;
}

function Rows({ machines, chosen, onChoose }: RowsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too
    <section className="table-wrap" aria-label="Machines" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Choose</span>
            </th>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
            <th scope="col">System</th>
            <th scope="col">Hardware</th>
            <th scope="col">Network</th>
            <th scope="col" className="number">
              On disk
            </th>
            <th scope="col">Isolation</th>
            <th scope="col">
              <span className="visually-hidden">Start</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {machines.map((machine) => (
            <Row key={machine.id} machine={machine} isChosen={chosen.has(machine.id)} onChoose={onChoose} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
