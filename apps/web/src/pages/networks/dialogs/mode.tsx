// How a port treats VLANs: in one of them, several at once, and the rarer ways.
import { NativeSelect, Radio, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import type { PortMode } from "@mimic/model";
import { useState } from "react";
import { type CableThing, cableName, setMode, settingsOf } from "../changes.ts";
import { netCommands } from "../commands.ts";
import { vlanTitle } from "../topology/lanes.ts";
import { ChangeDialog, wholeNumber } from "./form.tsx";

interface Draft {
  readonly how: PortMode["mode"];
  readonly vlan: string;
  /** “all” or “10, 20, 30”. */
  readonly allowed: string;
  readonly native: string;
  readonly role: "isolated" | "community" | "promiscuous";
  readonly community: string;
}

export function draftOf(mode: PortMode): Draft {
  const usual: Draft = { how: mode.mode, vlan: "1", allowed: "all", native: "", role: "isolated", community: "1" };
  switch (mode.mode) {
    case "access":
    case "qinq":
      return { ...usual, vlan: String(mode.vlan) };
    case "trunk":
      return {
        ...usual,
        allowed: mode.allowed === "all" ? "all" : mode.allowed.join(", "),
        native: mode.native === undefined ? "" : String(mode.native),
      };
    case "private":
      return {
        ...usual,
        vlan: String(mode.vlan),
        role: mode.role.kind,
        community: mode.role.kind === "community" ? String(mode.role.community) : "1",
      };
    default:
      return mode satisfies never;
  }
}

/** “10, 20-22” → [10, 20, 21, 22]; undefined when a part is no VLAN. */
export function readVlanList(text: string): number[] | undefined {
  const list = new Set<number>();
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const [, first, last] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    const from = Number(first);
    const to = last === undefined ? from : Number(last);
    if (!(from >= 1 && to <= 4094 && from <= to)) return undefined;
    for (let vlan = from; vlan <= to; vlan++) list.add(vlan);
  }
  return list.size > 0 ? [...list].toSorted((a, b) => a - b) : undefined;
}

export function modeOf(draft: Draft): PortMode | undefined {
  const vlan = wholeNumber(draft.vlan, 1, 4094);
  const native = draft.native.trim() === "" ? undefined : wholeNumber(draft.native, 1, 4094);
  switch (draft.how) {
    case "access":
    case "qinq":
      return vlan === undefined ? undefined : { mode: draft.how, vlan };
    case "trunk": {
      const allowed = draft.allowed.trim().toLowerCase() === "all" ? ("all" as const) : readVlanList(draft.allowed);
      if (!allowed || (draft.native.trim() !== "" && native === undefined)) return undefined;
      return { mode: "trunk", allowed, ...(native === undefined ? {} : { native }) };
    }
    case "private": {
      const community = wholeNumber(draft.community, 1, 4094);
      if (vlan === undefined || (draft.role === "community" && community === undefined)) return undefined;
      return {
        mode: "private",
        vlan,
        role: draft.role === "community" ? { kind: "community", community: community ?? 1 } : { kind: draft.role },
      };
    }
    default:
      return draft.how satisfies never;
  }
}

export function ModeDialog({ thing, onClose }: { thing: CableThing; onClose: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(settingsOf(thing).mode));
  const [asked, setAsked] = useState(false);
  const mode = modeOf(draft);
  const put = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const vlans = (thing.network?.vlans ?? []).map(({ id, name }) => ({ value: String(id), label: plain(vlanTitle(id, name), 80) }));
  const here = vlans.some(({ value }) => value === draft.vlan)
    ? vlans
    : [{ value: draft.vlan, label: `VLAN ${draft.vlan} (not of this network yet)` }, ...vlans];
  return (
    <ChangeDialog
      title={`VLAN of ${cableName(thing)}`}
      action="Set it"
      onClose={onClose}
      command={mode && netCommands.mode(thing, mode)}
      change={() => {
        setAsked(true);
        return mode && setMode(thing, mode);
      }}
    >
      <Radio.Group label="The port" value={draft.how} onChange={(how) => put({ how: how as Draft["how"] })}>
        <div className="radio-list">
          <Radio value="access" label="stands in one VLAN (access): its frames have no tag" />
          <Radio value="trunk" label="carries several (trunk): every frame has its VLAN’s tag" />
          <Radio value="private" label="stands in a private VLAN: it does not see all its neighbours" />
          <Radio value="qinq" label="wraps the tags of others (QinQ)" />
        </div>
      </Radio.Group>
      {draft.how === "trunk" ? (
        <>
          <TextInput
            label="Which VLANs"
            description="“all”, or numbers such as “10, 20-22”."
            value={draft.allowed}
            error={asked && !mode ? "“all”, or numbers from 1 to 4094, such as “10, 20-22”." : undefined}
            onChange={(event) => put({ allowed: event.currentTarget.value })}
          />
          <TextInput
            label="Frames without a tag belong to (native VLAN)"
            description="Empty: they are dropped."
            value={draft.native}
            onChange={(event) => put({ native: event.currentTarget.value })}
          />
        </>
      ) : (
        <NativeSelect
          label={draft.how === "qinq" ? "Outer VLAN" : "VLAN"}
          data={here}
          value={draft.vlan}
          onChange={(event) => put({ vlan: event.currentTarget.value })}
        />
      )}
      {draft.how === "private" ? (
        <NativeSelect
          label="What it sees"
          value={draft.role}
          onChange={(event) => put({ role: event.currentTarget.value as Draft["role"] })}
          data={[
            { value: "isolated", label: "only promiscuous ports, such as a router (isolated)" },
            { value: "community", label: "those, and its own community" },
            { value: "promiscuous", label: "everybody (promiscuous)" },
          ]}
        />
      ) : null}
      {draft.how === "private" && draft.role === "community" ? (
        <TextInput
          label="Number of its community"
          value={draft.community}
          error={asked && !mode ? "From 1 to 4094." : undefined}
          onChange={(event) => put({ community: event.currentTarget.value })}
        />
      ) : null}
    </ChangeDialog>
  );
}
