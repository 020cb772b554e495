// Many machines beside each other, for comparing.
import { formatSize, plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { shownName } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { PowerState } from "../../ui/state.tsx";
import { QuickPower } from "./quick-power.tsx";

const networksOf = ({ links }: MachineView): string =>
  [...new Set(links.flatMap(({ network }) => (network ? [shownName(network)] : [])))].join(", ") || "—";

const Row = memo(function Row({ machine }: { machine: MachineView }) {
  return (
    <tr>
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
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too
    <section className="table-wrap" aria-label="Machines" tabIndex={0}>
      <table>
        <thead>
          <tr>
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
            <Row key={machine.id} machine={machine} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
