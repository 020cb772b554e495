// Options of ports that several network verbs share, and how their texts become what the API takes.
import type { InputOf } from "@mimic/api/client";
import { LINK_PROFILES, type LinkProfile, type PortMode } from "@mimic/model";
import { readChoice, readCount, readSwitch } from "./arguments.ts";
import type { Given, OptionSpec } from "./command.ts";
import { UsageError } from "./say.ts";

export type PortChange = Omit<InputOf<"networks", "changePort">, "network" | "port">;

const usage = (message: string, hint: string): UsageError => new UsageError("cli.usage", message, { hint });

export const MODE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--access <vlan>", about: "untagged, in this VLAN", completes: "nothing" },
  { flags: "--trunk <vlans>", about: "tagged: “all”, or VLANs with commas (10,20-29)", completes: ["all"] },
  { flags: "--native <vlan>", about: "with --trunk: where frames without a tag belong", completes: "nothing" },
  {
    flags: "--private <role>",
    about: "with --access: isolated, promiscuous, or community:NUMBER",
    completes: ["isolated", "promiscuous", "community:1"],
  },
  { flags: "--qinq <vlan>", about: "a customer's whole traffic in an outer tag (802.1ad)", completes: "nothing" },
];

export const LINK_OPTIONS: readonly OptionSpec[] = [
  { flags: "--cable <in|out>", about: "put the cable in, or pull it", completes: ["in", "out"] },
  {
    flags: "--quality <name>",
    about: `how good the link is: ${Object.keys(LINK_PROFILES).join(", ")}`,
    completes: Object.keys(LINK_PROFILES),
  },
  { flags: "--delay <ms>", about: "milliseconds that each frame takes, in each direction", completes: "nothing" },
  { flags: "--loss <percent>", about: "frames of a hundred that are lost", completes: "nothing" },
  { flags: "--rate <rate>", about: "bits a second: 56k, 10M", completes: "nothing" },
  {
    flags: "--guard <name=value>",
    about: "mac, ip, dhcp, routerAdvertisements, tags (on or off); broadcastPerSecond, framesPerSecond, macLimit (a number)",
    many: true,
    completes: ["mac=off", "ip=off", "dhcp=off", "routerAdvertisements=off", "tags=off"],
  },
];

export function readVlan(option: string, text: string): number {
  const vlan = readCount(option, text);
  if (vlan >= 1 && vlan <= 4094) return vlan;
  throw usage(`${option} takes a VLAN's number, and ${vlan} is none.`, "VLANs have numbers from 1 to 4094.");
}

/** “10,20-29” */
function readVlans(text: string): "all" | number[] {
  if (text === "all") return "all";
  const vlans = text.split(",").flatMap((part) => {
    const [from, to] = part.split("-").map((end) => readVlan("--trunk", end)) as [number, number?];
    return Array.from({ length: Math.max(0, (to ?? from) - from) + 1 }, (_, at) => from + at);
  });
  return [...new Set(vlans)].sort((a, b) => a - b);
}

/** What the mode options say; undefined when none was given. */
export function readMode(given: Given): PortMode | undefined {
  const [access, trunk, native, role, qinq] = ["access", "trunk", "native", "private", "qinq"].map((name) => given.text(name));
  const ways = [access, trunk, qinq].filter((way) => way !== undefined);
  if (ways.length > 1) throw usage("A port is one of --access, --trunk and --qinq.", "Choose one of them.");
  if (native !== undefined && trunk === undefined) throw usage("--native belongs to --trunk.", "For example: --trunk all --native 1");
  if (trunk !== undefined) {
    const allowed = readVlans(trunk);
    return { mode: "trunk", allowed, ...(native !== undefined && { native: readVlan("--native", native) }) };
  }
  if (qinq !== undefined) return { mode: "qinq", vlan: readVlan("--qinq", qinq) };
  const vlan = access === undefined ? undefined : readVlan("--access", access);
  if (role !== undefined) return { mode: "private", vlan: vlan ?? 1, role: readRole(role) };
  return vlan === undefined ? undefined : { mode: "access", vlan };
}

function readRole(text: string): Extract<PortMode, { mode: "private" }>["role"] {
  const community = /^community:(\d{1,4})$/.exec(text)?.[1];
  if (community !== undefined) return { kind: "community", community: readVlan("--private community:", community) };
  return { kind: readChoice("--private", text, ["isolated", "promiscuous"]) };
}

/** “56k”, “10M”, “1G”: bits a second. */
function readRate(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([kMG]?)(?:bit\/s)?$/.exec(text);
  if (!match) throw usage(`--rate takes bits a second, and “${text.slice(0, 40)}” is no such number.`, "Write it like 56k, 10M or 1G.");
  return Number(match[1]) * { "": 1, k: 1e3, M: 1e6, G: 1e9 }[match[2] as ""];
}

function readNumber(option: string, text: string, most: number): number {
  const number = /^\d{1,6}(\.\d{1,4})?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (number >= 0 && number <= most) return number;
  throw usage(`${option} takes a number from 0 to ${most}, and “${text.slice(0, 40)}” is none.`, `For example: ${option} 5`);
}

function readQuality(given: Given): PortChange {
  const profile = given.text("quality");
  const [delay, loss, rate] = [given.text("delay"), given.text("loss"), given.text("rate")];
  const own = {
    ...(delay !== undefined && { delayMs: readNumber("--delay", delay, 60_000) }),
    ...(loss !== undefined && { loss: readNumber("--loss", loss, 100) / 100 }),
    ...(rate !== undefined && { bitsPerSecond: readRate(rate) }),
  };
  const hasOwn = Object.keys(own).length > 0;
  if (profile === undefined) return hasOwn ? { quality: { up: own, down: own } } : {};
  const name = readChoice("--quality", profile, Object.keys(LINK_PROFILES) as LinkProfile[]);
  if (!hasOwn) return { profile: name };
  const { up, down } = LINK_PROFILES[name].quality;
  return { quality: { up: { ...up, ...own }, down: { ...down, ...own } } };
}

const SWITCHES = ["mac", "ip", "dhcp", "routerAdvertisements", "tags"] as const;
const LIMITS = ["broadcastPerSecond", "framesPerSecond", "macLimit"] as const;

function readGuards(texts: readonly string[]): NonNullable<PortChange["guards"]> {
  const guards: NonNullable<PortChange["guards"]> = {};
  for (const text of texts) {
    const [name = "", value = ""] = text.split("=", 2);
    const guard = readChoice("--guard", name, [...SWITCHES, ...LIMITS]);
    if (SWITCHES.includes(guard as never)) guards[guard as (typeof SWITCHES)[number]] = readSwitch(`--guard ${guard}=`, value);
    else guards[guard as (typeof LIMITS)[number]] = readCount(`--guard ${guard}=`, value);
  }
  return guards;
}

/** All that was said about a port. */
export function readPort(given: Given): PortChange {
  const mode = readMode(given);
  const cable = given.text("cable");
  const guards = given.texts("guard");
  return {
    ...(mode && { mode }),
    ...(cable !== undefined && { isUp: readChoice("--cable", cable, ["in", "out"]) === "in" }),
    ...readQuality(given),
    ...(guards.length > 0 && { guards: readGuards(guards) }),
  };
}
