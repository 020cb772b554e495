// Addresses that were given out, and names: the machines' own and those that a person added.
import { Button } from "@mantine/core";
import { plain } from "@mimic/base";
import type { Lease, NetworkView } from "@mimic/model";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { leasesQuery, machinesQuery, shownName } from "../../../queries.ts";
import { Ago } from "../../../ui/ago.tsx";
import { Waiting } from "../../../ui/page.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { Term } from "../../../ui/term.tsx";
import type { Ways } from "../actions.ts";
import { releaseLease, reserve, setRecords } from "../gateway-changes.ts";
import { ActionMenu } from "../panel/action-buttons.tsx";
import { make } from "../undo.ts";

export function Names({ network, ways }: { network: NetworkView; ways: Ways }) {
  const { data: leases, error } = useQuery(leasesQuery(network.id));
  if (!network.gateway) return <p className="quiet">This network has no gateway, so nobody gives out addresses or names here.</p>;
  return (
    <div className="stack">
      <section aria-labelledby="leases">
        <h2 id="leases">
          <Term word="lease">Leases</Term>
        </h2>
        {error ? (
          <ProblemNote error={error} />
        ) : leases ? (
          <Leases network={network} leases={leases} />
        ) : (
          <Waiting>Reading the leases…</Waiting>
        )}
      </section>
      <section aria-labelledby="records">
        <div className="section-head">
          <h2 id="records">Names of your own (DNS)</h2>
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => ways.ask({ what: "record", network })}>
            Add a name
          </Button>
        </div>
        <p className="quiet">
          Every machine is known as <code>NAME.{plain(network.gateway.domain, 100)}</code> by itself. Names that are neither are asked of
          this computer.
        </p>
        {network.dnsRecords.length > 0 ? <Records network={network} /> : null}
      </section>
    </div>
  );
}

function Leases({ network, leases }: { network: NetworkView; leases: readonly Lease[] }) {
  const { data: machines } = useQuery(machinesQuery);
  if (leases.length === 0) return <p className="quiet">No machine has asked for an address yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too
    <section className="table-wrap" aria-label="All leases" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">Machine</th>
            <th scope="col">Calls itself</th>
            <th scope="col">Card</th>
            <th scope="col">VLAN</th>
            <th scope="col">Until</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {leases.map((lease) => {
            const machine = machines?.find(({ id }) => id === lease.machine);
            return (
              <tr key={`${lease.mac} ${lease.address}`}>
                <th scope="row">{plain(lease.address, 45)}</th>
                <td>{machine ? <bdi>{shownName(machine.name)}</bdi> : "—"}</td>
                <td>
                  <bdi>{plain(lease.hostName ?? "—", 63)}</bdi>
                </td>
                <td>
                  <code>{plain(lease.mac, 17)}</code>
                </td>
                <td>{lease.vlan}</td>
                <td>{lease.isReserved ? "always (reserved)" : lease.expiresAt ? <Ago at={lease.expiresAt} /> : "—"}</td>
                <td className="cell-action">
                  <ActionMenu
                    label={`More for ${plain(lease.address, 45)}`}
                    actions={[
                      {
                        id: "reserve",
                        words: lease.isReserved ? "Any address will do again" : "Always give it this address",
                        run: () => void make(reserve(network, lease, !lease.isReserved)),
                      },
                      { id: "release", words: "Forget the lease", run: () => void make(releaseLease(network, lease)) },
                    ]}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Records({ network }: { network: NetworkView }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too
    <section className="table-wrap" aria-label="All names of your own" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Answer</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {network.dnsRecords.map((record, at) => (
            <tr key={`${record.name} ${record.type} ${record.value}`}>
              <th scope="row">
                <bdi>{plain(record.name, 253)}</bdi>
              </th>
              <td>{record.type}</td>
              <td className="break">
                <bdi>{plain(record.value, 300)}</bdi>
              </td>
              <td className="cell-action">
                <ActionMenu
                  label={`More for ${plain(record.name, 100)}`}
                  actions={[
                    {
                      id: "remove",
                      words: "Take the name away",
                      run: () =>
                        void make(
                          setRecords(network, network.dnsRecords.toSpliced(at, 1), `“${plain(record.name, 100)}” is not known any more.`),
                        ),
                    },
                  ]}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
