// Forwards: ports of this computer that lead to machines. Those that appeared by themselves say so.
import { Checkbox } from "@mantine/core";
import { plain } from "@mimic/base";
import type { ForwardView, NetworkView } from "@mimic/model";
import { IconPlus } from "@tabler/icons-react";
import { shownName } from "../../../queries.ts";
import { ReasonButton } from "../../../ui/reason-button.tsx";
import { Term } from "../../../ui/term.tsx";
import { forwardWhy, type Ways } from "../actions.ts";
import { changeNetwork } from "../changes.ts";
import { removeForward } from "../gateway-changes.ts";
import { ActionMenu } from "../panel/action-buttons.tsx";
import { make } from "../undo.ts";

export function Forwards({ network, ways }: { network: NetworkView; ways: Ways }) {
  const machines = network.ports.some(({ leadsTo }) => leadsTo === "machine") ? undefined : "No machine is plugged in.";
  const closed = forwardWhy(network.kind);
  return (
    <section aria-labelledby="forwards" className="tab-section">
      <div className="section-head">
        <h2 id="forwards">
          <Term word="forward">Forwards</Term>
        </h2>
        <ReasonButton
          why={closed ?? machines}
          onPress={() => ways.ask({ what: "forward", network })}
          leftSection={<IconPlus size={16} aria-hidden="true" />}
        >
          Add a forward
        </ReasonButton>
      </div>
      {closed ? (
        <p className="quiet">{closed}</p>
      ) : (
        <Checkbox
          label="Ports that a machine opens appear on this computer by themselves"
          description="Only for programs of this computer, and only while the machine listens."
          checked={network.automaticForwards}
          onChange={(event) => {
            const yes = event.currentTarget.checked;
            void make(
              changeNetwork(
                network,
                { automaticForwards: yes },
                yes ? "Ports appear by themselves now." : "Ports no longer appear by themselves.",
              ),
            );
          }}
        />
      )}
      {network.forwards.length === 0 ? (
        <p className="quiet">
          None yet. With one, you reach a web server in a machine at an address such as http://127.0.0.1:8080 of this computer.
        </p>
      ) : (
        <ForwardTable network={network} />
      )}
    </section>
  );
}

/** “http://127.0.0.1:8080” where that is likely a page. */
function addressOf({ protocol, hostAddress, takenPort, hostPort, guestPort }: ForwardView): { words: string; href: string | undefined } {
  const port = takenPort ?? hostPort;
  const host = hostAddress === "0.0.0.0" ? "127.0.0.1" : hostAddress.includes(":") ? `[${hostAddress}]` : hostAddress;
  const page = protocol === "tcp" && takenPort !== undefined && [80, 443, 3000, 5000, 8000, 8080, 8443].includes(guestPort);
  return {
    words: `${hostAddress.includes(":") ? `[${hostAddress}]` : hostAddress}:${port || "any"}`,
    href: page ? `${guestPort === 443 || guestPort === 8443 ? "https" : "http"}://${host}:${port}/` : undefined,
  };
}

function ForwardTable({ network }: { network: NetworkView }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and must do so by keyboard too
    <section className="table-wrap" aria-label="All forwards" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">At this computer</th>
            <th scope="col">Leads to</th>
            <th scope="col">Protocol</th>
            <th scope="col">State</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {network.forwards.map((forward) => {
            const { words, href } = addressOf(forward);
            return (
              <tr key={forward.id}>
                <th scope="row">
                  {href ? (
                    <a href={href} target="_blank" rel="noreferrer">
                      {words}
                    </a>
                  ) : (
                    words
                  )}
                </th>
                <td>
                  {forward.machine ? <bdi>{shownName(forward.machine.name)}</bdi> : "a card that is gone"}:{forward.guestPort}
                </td>
                <td>{forward.protocol.toUpperCase()}</td>
                <td>
                  {forward.problem ? plain(forward.problem, 200) : "Open"}
                  {forward.isAutomatic ? <span className="mark-auto">automatic</span> : null}
                  {forward.hostAddress === "0.0.0.0" || forward.hostAddress === "::" ? (
                    <span className="quiet"> for other computers too</span>
                  ) : null}
                </td>
                <td className="cell-action">
                  <ActionMenu
                    label={`More for ${words}`}
                    actions={[
                      {
                        id: "remove",
                        words: "Take it away",
                        why: forward.isAutomatic ? "It goes by itself when the machine no longer listens." : undefined,
                        run: () => void make(removeForward(network, forward)),
                      },
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
