// Which part of this computer's own network a bridged network may be joined to, and in words why not. Pure.
//
// Only bridges: to join a card, the card would have to be put into a bridge and its addresses moved there, and this computer
// would be cut off meanwhile (or for good). That is its owner's to do. See docs/decisions/0033-bridge-to-the-lan.md.
import { type Refusal, refusal } from "@mimic/base";
import type { LanChoice, LanView } from "@mimic/model";
import type { HostLink, LanLook } from "../ports/index.ts";

const MAKE_A_BRIDGE = "“Bridged” in docs/networks.md shows how to make a bridge; --kind nat needs none.";

/** What a network is joined to: what was named, or the one bridge with a cable to the outside. */
export function decideLan(look: LanLook, wanted: string | undefined): HostLink | Refusal {
  if (look.lacks) return refusal("network.cannot_bridge", look.lacks.why, look.lacks.hint);
  if (wanted !== undefined) return named(look.links, wanted);
  const bridges = look.links.filter(({ kind }) => kind === "bridge");
  const usual = usualOf(look.links);
  if (usual) return usual;
  if (bridges.length > 0)
    return refusal(
      "network.choose_bridge",
      `It is not plain which bridge of this computer leads to your LAN: ${bridges.map(describe).join(", ")}.`,
      `Name it: --to ${bridges[0]?.name}`,
    );
  return refusal("network.nothing_to_bridge", nothing(look.links), MAKE_A_BRIDGE);
}

function named(links: readonly HostLink[], wanted: string): HostLink | Refusal {
  const link = links.find(({ name }) => name === wanted);
  if (link?.kind === "bridge") return link;
  const { because, hint } = link
    ? choiceOf(link)
    : {
        because: `This computer has no interface called “${wanted}”.`,
        hint: "“mimic net lan” lists what a network can be joined to.",
      };
  return refusal("network.cannot_bridge_to", because, hint);
}

/** The one bridge that a card of this computer is plugged into; undefined when there are none or several. */
function usualOf(links: readonly HostLink[]): HostLink | undefined {
  const cards = new Set(links.filter(({ kind }) => kind === "ethernet").map(({ name }) => name));
  const outward = links.filter(({ kind, members }) => kind === "bridge" && members.some((member) => cards.has(member)));
  return outward.length === 1 ? outward[0] : undefined;
}

function nothing(links: readonly HostLink[]): string {
  const cards = links.filter(({ kind }) => kind === "ethernet").map(({ name }) => `“${name}”`);
  const radio = links.filter(({ kind }) => kind === "wireless").map(({ name }) => `“${name}”`);
  if (cards.length > 0) return `This computer has no bridge: ${cards.join(", ")} can carry machines only as part of one.`;
  if (radio.length > 0)
    return `This computer is on Wi-Fi only (${radio.join(", ")}), and an access point drops the frames of machines behind it.`;
  return "This computer has no bridge, and no network card to put into one.";
}

const describe = ({ name, members }: HostLink): string => `“${name}” (${members.length > 0 ? members.join(", ") : "nothing plugged in"})`;

/** For whoever has to choose. Interfaces that programs made are left out: they lead nowhere of use. */
export function lanView(look: LanLook): LanView {
  const usual = usualOf(look.links)?.name;
  const bridges = look.links.filter(({ kind }) => kind === "bridge");
  const lacks = look.lacks ?? (bridges.length === 0 ? { why: nothing(look.links), hint: MAKE_A_BRIDGE } : undefined);
  return {
    mayBridge: lacks === undefined,
    because: lacks?.why ?? "Machines can stand beside this computer on its own network.",
    hint: lacks?.hint ?? "",
    choices: look.links.filter(({ kind }) => kind !== "other").map(choiceOf),
    ...(usual !== undefined && { usual }),
  };
}

function choiceOf(link: HostLink): LanChoice {
  const { name, kind, bridge, members } = link;
  const facts = { name, kind, members: [...members] };
  if (kind === "bridge") return { ...facts, isSuitable: true, because: `A bridge: ${describe(link)}.`, hint: "" };
  if (bridge !== undefined)
    return { ...facts, isSuitable: false, because: `“${name}” is plugged into the bridge “${bridge}”.`, hint: `Take that: --to ${bridge}` };
  if (kind === "wireless")
    return {
      ...facts,
      isSuitable: false,
      because: `“${name}” is Wi-Fi: an access point drops the frames of machines behind it.`,
      hint: "Use --kind nat, or a network cable.",
    };
  if (kind === "ethernet")
    return {
      ...facts,
      isSuitable: false,
      because: `“${name}” is no bridge, and Mimic does not rebuild this computer's own network.`,
      hint: MAKE_A_BRIDGE,
    };
  return {
    ...facts,
    isSuitable: false,
    because: `“${name}” is no bridge: a program made it for itself.`,
    hint: "“mimic net lan” lists what a network can be joined to.",
  };
}
