// A rule of a network's firewall, put together as the sentence that it is.
import { NativeSelect, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import type { FirewallRule, FirewallTarget, NetworkView } from "@mimic/model";
import { useState } from "react";
import { machinesQuery, queryClient, shownName } from "../../../queries.ts";
import { ruleCommand } from "../commands.ts";
import { addRule } from "../gateway-changes.ts";
import type { World } from "../things.ts";
import { ruleInWords } from "../words.ts";
import { ChangeDialog, wholeNumber } from "./form.tsx";

/** Near enough for saying so while one types; the daemon has the last word. */
const isRange = (text: string): boolean => {
  const [, v4, prefix] = /^((?:\d{1,3}\.){3}\d{1,3})(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  if (v4) return v4.split(".").every((byte) => Number(byte) < 256) && Number(prefix ?? 0) <= 32;
  return /^[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(\/\d{1,3})?$/i.test(text);
};
const isName = (text: string): boolean =>
  text.length <= 253 && /^(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(text);

export interface RuleDraft {
  readonly action: FirewallRule["action"];
  /** “everybody”, “machine:mch_…”, “vlan:20”, “range”. */
  readonly from: string;
  readonly fromRange: string;
  readonly to: FirewallTarget["to"];
  /** Range, name, port of this computer, VLAN or network, as `to` wants it. */
  readonly where: string;
  readonly protocol: FirewallRule["protocol"];
  /** “443”, “8000-8100”, or nothing. */
  readonly ports: string;
}

export function readPorts(text: string): [number, number] | undefined | "none" {
  if (text.trim() === "") return "none";
  const [, first, last] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5}))?\s*$/.exec(text) ?? [];
  const from = Number(first);
  const to = last === undefined ? from : Number(last);
  return from >= 1 && to <= 65_535 && from <= to ? [from, to] : undefined;
}

function targetOf({ to, where }: RuleDraft): FirewallTarget | undefined {
  switch (to) {
    case "anywhere":
    case "internet":
      return { to };
    case "range":
      return isRange(where.trim()) ? { to, range: where.trim() } : undefined;
    case "name":
      return isName(where.trim().toLowerCase()) ? { to, name: where.trim().toLowerCase() } : undefined;
    case "vlan": {
      const vlan = wholeNumber(where, 1, 4094);
      return vlan === undefined ? undefined : { to, vlan };
    }
    case "network":
      return where ? { to, network: where } : undefined;
    case "host": {
      const port = wholeNumber(where, 1, 65_535);
      return port === undefined ? undefined : { to, port };
    }
    default:
      return to satisfies never;
  }
}

function fromOf({ from, fromRange }: RuleDraft): FirewallRule["from"] | "bad" {
  if (from === "everybody") return undefined;
  const [kind, value = ""] = from.split(":");
  if (kind === "machine") return { from: "machine", machine: value };
  if (kind === "vlan") return { from: "vlan", vlan: Number(value) };
  return isRange(fromRange.trim()) ? { from: "range", range: fromRange.trim() } : "bad";
}

/** The rule that the draft says; undefined while a part of it cannot be. */
export function ruleOf(draft: RuleDraft): Omit<FirewallRule, "id"> | undefined {
  const target = targetOf(draft);
  const from = fromOf(draft);
  const ports = draft.protocol === "icmp" ? "none" : readPorts(draft.ports);
  if (!target || from === "bad" || ports === undefined) return undefined;
  return {
    action: draft.action,
    target,
    protocol: draft.protocol,
    note: "",
    ...(from ? { from } : {}),
    ...(ports === "none" ? {} : { ports }),
  };
}

const WHERE: Partial<Record<FirewallTarget["to"], { label: string; example: string }>> = {
  range: { label: "Address or range", example: "10.1.2.0/24" },
  name: { label: "Name", example: "*.example.org" },
  host: { label: "Port of this computer", example: "8080" },
};

export function RuleDialog({ network, world, onClose }: { network: NetworkView; world: World; onClose: () => void }) {
  const [draft, setDraft] = useState<RuleDraft>({
    action: "accept",
    from: "everybody",
    fromRange: "",
    to: "internet",
    where: "",
    protocol: "any",
    ports: "",
  });
  const [first, setFirst] = useState(true);
  const [asked, setAsked] = useState(false);
  const put = (part: Partial<RuleDraft>) => setDraft((before) => ({ ...before, ...part }));
  const rule = ruleOf(draft);
  const machines = network.ports.flatMap(({ machine }) => (machine ? [machine] : []));
  const others = world.networks.filter(({ id }) => id !== network.id);
  const names = {
    machine: (id: string) =>
      shownName((queryClient.getQueryData(machinesQuery.queryKey) ?? []).find((each) => each.id === id)?.name ?? "a machine"),
    network: (id: string) => shownName(world.networks.find((each) => each.id === id)?.name ?? "?"),
  };
  const where = WHERE[draft.to];
  const bad = asked && !rule ? "Something is missing, or is not written as it should be." : undefined;
  return (
    <ChangeDialog
      title={`A rule for “${shownName(network.name)}”`}
      action="Add it"
      size="lg"
      onClose={onClose}
      command={rule && ruleCommand(network, rule, names, first)}
      change={() => {
        setAsked(true);
        return rule && addRule(network, rule, first ? 0 : undefined);
      }}
    >
      <p className="rule-words" role="status">
        {rule ? `${ruleInWords({ ...rule, id: "" }, names)}.` : "Say the rule as a sentence below."}
      </p>
      <div className="parts">
        <NativeSelect
          data-autofocus
          label="Do what"
          value={draft.action}
          onChange={(event) => put({ action: event.currentTarget.value as RuleDraft["action"] })}
          data={[
            { value: "accept", label: "Let through" },
            { value: "reject", label: "Refuse (it is told)" },
            { value: "drop", label: "Drop silently" },
          ]}
        />
        <NativeSelect
          label="What"
          value={draft.protocol}
          onChange={(event) => put({ protocol: event.currentTarget.value as RuleDraft["protocol"] })}
          data={[
            { value: "any", label: "Everything" },
            { value: "tcp", label: "TCP" },
            { value: "udp", label: "UDP" },
            { value: "icmp", label: "Ping (ICMP)" },
          ]}
        />
        <TextInput
          label="Ports"
          description="443, or 8000-8100; empty: all."
          value={draft.ports}
          error={readPorts(draft.ports) === undefined ? "Such as 443, or 8000-8100." : undefined}
          disabled={draft.protocol === "icmp"}
          onChange={(event) => put({ ports: event.currentTarget.value })}
        />
      </div>
      <div className="parts">
        <NativeSelect
          label="From"
          value={draft.from}
          onChange={(event) => put({ from: event.currentTarget.value })}
          data={[
            { value: "everybody", label: "Everybody on the network" },
            ...machines.map(({ id, name }) => ({ value: `machine:${id}`, label: shownName(name) })),
            ...network.vlans.map(({ id, name }) => ({ value: `vlan:${id}`, label: plain(`VLAN ${id} ${name}`, 80) })),
            { value: "range", label: "Addresses…" },
          ]}
        />
        {draft.from === "range" ? (
          <TextInput
            label="Addresses"
            value={draft.fromRange}
            error={fromOf(draft) === "bad" ? "Such as 10.77.0.0/28." : undefined}
            onChange={(event) => put({ fromRange: event.currentTarget.value })}
          />
        ) : null}
        <NativeSelect
          label="To"
          value={draft.to}
          onChange={(event) => put({ to: event.currentTarget.value as RuleDraft["to"], where: "" })}
          data={[
            { value: "internet", label: "The Internet" },
            { value: "name", label: "A name…" },
            { value: "range", label: "Addresses…" },
            { value: "vlan", label: "A VLAN…" },
            { value: "network", label: "Another network…" },
            { value: "host", label: "A port of this computer…" },
            { value: "anywhere", label: "Anywhere, this computer too" },
          ]}
        />
        {where ? (
          <TextInput
            label={where.label}
            placeholder={where.example}
            value={draft.where}
            error={draft.where !== "" && !targetOf(draft) ? `Such as ${where.example}.` : undefined}
            onChange={(event) => put({ where: event.currentTarget.value })}
          />
        ) : null}
        {draft.to === "vlan" || draft.to === "network" ? (
          <NativeSelect
            label={draft.to === "vlan" ? "VLAN" : "Network"}
            value={draft.where}
            onChange={(event) => put({ where: event.currentTarget.value })}
            data={[
              { value: "", label: "Choose…" },
              ...(draft.to === "vlan"
                ? network.vlans.map(({ id, name }) => ({ value: String(id), label: plain(`VLAN ${id} ${name}`, 80) }))
                : others.map(({ id, name }) => ({ value: id, label: shownName(name) }))),
            ]}
          />
        ) : null}
      </div>
      <NativeSelect
        label="Where in the list"
        description="The first rule that fits decides."
        value={first ? "first" : "last"}
        onChange={(event) => setFirst(event.currentTarget.value === "first")}
        data={[
          { value: "first", label: "Before all others" },
          { value: "last", label: "After all others" },
        ]}
      />
      {bad ? <p className="field-error">{bad}</p> : null}
    </ChangeDialog>
  );
}
