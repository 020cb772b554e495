// Options of ports that several network verbs share, and how their texts become what the API takes.
import type { InputOf } from "@mimic/api/client";
import { LINK_PROFILES, type LinkProfile, type LinkQuality, type PortMode, type TwoWayQuality } from "@mimic/model";
import { readChoice, readCount, readSize, readSwitch } from "./arguments.ts";
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

/** A part of the quality of a link: both directions, or each of its own. */
const ofWay = (flags: string, about: string): OptionSpec => ({ flags, about, many: true, completes: ["up=", "down="] });

/** What to say beside these options. */
export const LINK_ABOUT =
  "The parts of a link's quality hold in both directions. up= before a value means only what leaves the machine, down= what comes to it: --rate up=1M --rate down=16M. What is not said is as good as it gets, or as --quality has it.";

export const LINK_OPTIONS: readonly OptionSpec[] = [
  { flags: "--cable <in|out>", about: "put the cable in, or pull it", completes: ["in", "out"] },
  {
    flags: "--quality <name>",
    about: `how good the link is: ${Object.keys(LINK_PROFILES).join(", ")}`,
    completes: Object.keys(LINK_PROFILES),
  },
  ofWay("--delay <ms>", "milliseconds that each frame takes"),
  ofWay("--jitter <ms>", "how unsteady the delay is: its standard deviation"),
  ofWay("--loss <percent>", "frames of a hundred that are lost"),
  ofWay("--duplicate <percent>", "frames of a hundred that come twice"),
  ofWay("--reorder <percent>", "frames of a hundred that overtake those before them (with a delay)"),
  ofWay("--corrupt <percent>", "frames of a hundred in which one bit is wrong"),
  ofWay("--rate <rate>", "bits a second: 56k, 10M"),
  ofWay("--queue <size>", "what may wait for its turn before frames are lost: 64K"),
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

const readShare = (option: string, text: string): number => readNumber(option, text, 100) / 100;
const readDelay = (option: string, text: string): number => readNumber(option, text, 60_000);

function readQueue(option: string, text: string): number {
  const bytes = readSize(option, text);
  if (bytes >= 1514 && bytes <= 64 * 1024 ** 2) return bytes;
  throw usage(
    `${option} takes a size from 1514 bytes (one frame) to 64 MiB, and “${text.slice(0, 40)}” is none.`,
    `For example: ${option} 64K`,
  );
}

const PARTS: readonly (readonly [string, keyof LinkQuality, (option: string, text: string) => number])[] = [
  ["delay", "delayMs", readDelay],
  ["jitter", "jitterMs", readDelay],
  ["loss", "loss", readShare],
  ["duplicate", "duplicate", readShare],
  ["reorder", "reorder", readShare],
  ["corrupt", "corrupt", readShare],
  ["rate", "bitsPerSecond", (_, text) => readRate(text)],
  ["queue", "queueBytes", readQueue],
];

/** The parts that were given, later ones over earlier ones; undefined when none was. */
function readParts(given: Given): TwoWayQuality | undefined {
  const quality: TwoWayQuality = { up: {}, down: {} };
  let isGiven = false;
  for (const [name, key, read] of PARTS)
    for (const text of given.texts(name)) {
      const [, way, value = ""] = /^(?:(up|down)=)?(.*)$/s.exec(text) ?? [];
      const part = read(`--${name}`, value);
      if (way !== "down") quality.up[key] = part;
      if (way !== "up") quality.down[key] = part;
      isGiven = true;
    }
  return isGiven ? quality : undefined;
}

function readQuality(given: Given): PortChange {
  const profile = given.text("quality");
  const own = readParts(given);
  if (profile === undefined) return own ? { quality: own } : {};
  const name = readChoice("--quality", profile, Object.keys(LINK_PROFILES) as LinkProfile[]);
  if (!own) return { profile: name };
  if (name === "unplugged")
    throw usage("An unplugged link has no quality: its cable is out.", "Leave the other options away, or choose another --quality.");
  const { up, down } = LINK_PROFILES[name].quality;
  return { quality: { up: { ...up, ...own.up }, down: { ...down, ...own.down } } };
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
