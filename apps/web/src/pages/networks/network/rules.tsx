// The firewall of a network, as sentences in order: the first that fits decides. Each can be moved by a press of a key.
import { ActionIcon, Tooltip } from "@mantine/core";
import { plain } from "@mimic/base";
import type { FirewallRule, NetworkView } from "@mimic/model";
import { IconArrowDown, IconArrowUp, IconCheck, IconHandStop, IconPlus, IconTrash, IconX } from "@tabler/icons-react";
import { announce } from "../../../notices.ts";
import { shownName } from "../../../queries.ts";
import { ReasonButton } from "../../../ui/reason-button.tsx";
import { Term } from "../../../ui/term.tsx";
import type { Ways } from "../actions.ts";
import { moveRule, removeRule } from "../gateway-changes.ts";
import type { World } from "../things.ts";
import { make } from "../undo.ts";
import { ruleInWords } from "../words.ts";

const ICONS = { accept: IconCheck, drop: IconX, reject: IconHandStop } as const;

export function Rules({ network, world, ways }: { network: NetworkView; world: World; ways: Ways }) {
  const none = network.gateway ? undefined : "It has no gateway, so there is nothing to rule.";
  const names = {
    machine: (id: string) => shownName(world.machines.find((each) => each.id === id)?.name ?? "a machine that is gone"),
    network: (id: string) => shownName(world.networks.find((each) => each.id === id)?.name ?? "a network that is gone"),
  };
  const move = async (rule: FirewallRule, to: number) => {
    if (to < 0 || to >= network.rules.length) return;
    if (await make(moveRule(network, rule, to))) announce(`Number ${to + 1} now: ${ruleInWords(rule, names)}`);
    document.getElementById(`rule-${rule.id}`)?.focus();
  };
  return (
    <section aria-labelledby="rules" className="tab-section">
      <div className="section-head">
        <h2 id="rules">
          <Term word="firewallRule">Rules</Term>, in order
        </h2>
        <ReasonButton
          why={none}
          onPress={() => ways.ask({ what: "rule", network })}
          leftSection={<IconPlus size={16} aria-hidden="true" />}
        >
          Add a rule
        </ReasonButton>
      </div>
      <ol className="rules">
        {network.rules.map((rule, at) => {
          const words = ruleInWords(rule, names);
          const Icon = ICONS[rule.action];
          return (
            // Alt with an arrow moves the rule that has the focus.
            <li
              key={rule.id}
              id={`rule-${rule.id}`}
              className="rule"
              data-action={rule.action}
              // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys need a place to be pressed
              tabIndex={0}
              onKeyDown={(event) => {
                if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
                event.preventDefault();
                void move(rule, at + (event.key === "ArrowUp" ? -1 : 1));
              }}
            >
              <span className="rule-number numbers">{at + 1}</span>
              <Icon size={18} aria-hidden="true" className="rule-icon" />
              <span className="rule-sentence">
                <bdi>{words}.</bdi>
                {rule.note ? <span className="quiet"> {plain(rule.note, 200)}</span> : null}
              </span>
              <span className="rule-tools">
                <RuleTool
                  label={`Earlier: ${words}`}
                  off={at === 0}
                  press={() => void move(rule, at - 1)}
                  icon={<IconArrowUp size={16} aria-hidden="true" />}
                />
                <RuleTool
                  label={`Later: ${words}`}
                  off={at === network.rules.length - 1}
                  press={() => void move(rule, at + 1)}
                  icon={<IconArrowDown size={16} aria-hidden="true" />}
                />
                <RuleTool
                  label={`Take away: ${words}`}
                  off={false}
                  press={() => void make(removeRule(network, rule))}
                  icon={<IconTrash size={16} aria-hidden="true" />}
                />
              </span>
            </li>
          );
        })}
        <Usual network={network} first={network.rules.length + 1} />
      </ol>
      {network.rules.length > 1 ? <p className="quiet">With the focus on a rule, Alt and an arrow key move it.</p> : null}
    </section>
  );
}

const RuleTool = ({ label, off, press, icon }: { label: string; off: boolean; press: () => void; icon: React.ReactNode }) => (
  <Tooltip label={label}>
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={label}
      aria-disabled={off || undefined}
      data-disabled={off || undefined}
      onClick={() => !off && press()}
    >
      {icon}
    </ActionIcon>
  </Tooltip>
);

/** What holds where no rule of a person's decides. */
function Usual({ network, first }: { network: NetworkView; first: number }) {
  if (!network.gateway) return null;
  const words = network.gateway.reachesInternet
    ? ["Let through everything to the Internet, but nothing to this computer, its own LAN and special addresses.", "Drop the rest."]
    : ["Drop everything that would leave the network."];
  return words.map((each, at) => (
    <li key={each} className="rule" data-action="usual">
      <span className="rule-number numbers">{first + at}</span>
      <span className="rule-sentence">
        {each} <span className="quiet">(always there)</span>
      </span>
    </li>
  ));
}
