// The words of a filter: “tcp dst port 80”, “src net 10.0.0.0/8”, “ether host …”, “vlan 100”, “less 100”, “ip6 multicast”.

import { hostTest, macTest, netTest } from "./addresses.ts";
import { isNumber, numberOf } from "./arithmetic.ts";
import { PORT_NAMES } from "./port-names.ts";
import { FilterProblem, nearestWord } from "./problem.ts";
import {
  IP_PROTOCOLS,
  isEtherType,
  isIpProtocol,
  isPort,
  isProtocol,
  LINK_PROTOCOLS,
  NETWORK_AT,
  PROTOCOL_WORDS,
  type ProtocolWord,
} from "./protocols.ts";
import type { FilterState, Qualifiers } from "./state.ts";
import { allOf, and, anyOf, type Direction, isAt, load, or, type Test } from "./tests.ts";
import type { TokenStream } from "./token-stream.ts";
import type { Token } from "./tokens.ts";

const TYPES = ["host", "net", "port", "portrange", "proto"] as const;
export const KNOWN_WORDS: readonly string[] = [
  ...PROTOCOL_WORDS,
  ...TYPES,
  "src",
  "dst",
  "and",
  "or",
  "not",
  "vlan",
  "less",
  "greater",
  "broadcast",
  "multicast",
  "stp",
  "mask",
  "len",
];

export function parsePrimitive(tokens: TokenStream, state: FilterState): Test {
  const first = tokens.peek();
  if (first === undefined || !first.isWord) {
    throw new FilterProblem(tokens.here(), `A condition is missing ${tokens.afterWords()}.`, "Write for example “tcp port 80”.");
  }
  switch (first.text) {
    case "vlan":
      tokens.take();
      return parseVlan(tokens, state);
    case "less":
    case "greater": {
      tokens.take();
      const bound = takeNumber(tokens, "a number of bytes");
      return first.text === "less" ? (_bytes, length) => Number(length <= bound) : (_bytes, length) => Number(length >= bound);
    }
    case "broadcast":
    case "multicast":
      return groupTest(tokens.take(), "ether", state.shift);
    case "stp":
      tokens.take();
      return allOf(
        (bytes) => {
          const type = load(bytes, 12 + state.shift, 2);
          return type < 0 ? type : Number(type <= 1500);
        },
        isAt(NETWORK_AT + state.shift, 1, 0x42),
      );
    default:
      return parseQualified(tokens, state, first);
  }
}

function parseVlan(tokens: TokenStream, state: FilterState): Test {
  const at = 12 + state.shift;
  const isTag = anyOf(isAt(at, 2, 0x8100), isAt(at, 2, 0x88a8), isAt(at, 2, 0x9100));
  state.shift += 4;
  const id = tokens.peek();
  if (id === undefined || !isNumber(id.text)) return isTag;
  tokens.take();
  const vlan = numberOf(id.text);
  if (vlan > 4095) throw new FilterProblem(id, `There is no VLAN ${vlan}.`, "VLANs go from 1 to 4094.");
  return and(isTag, isAt(at + 2, 2, vlan, 0x0fff));
}

function groupTest(word: Token, protocol: ProtocolWord, shift: number): Test {
  if (protocol === "ether") {
    if (word.text === "multicast") return isAt(0, 1, 1, 1);
    return and(isAt(2, 4, 0xffff_ffff), isAt(0, 2, 0xffff));
  }
  if (word.text === "multicast" && protocol === "ip") {
    return and(isProtocol("ip", shift), (bytes) => {
      const first = load(bytes, NETWORK_AT + shift + 16, 1);
      return first < 0 ? first : Number(first >= 0xe0);
    });
  }
  if (word.text === "multicast" && protocol === "ip6") return and(isProtocol("ip6", shift), isAt(NETWORK_AT + shift + 24, 1, 0xff));
  throw new FilterProblem(
    word,
    `“${protocol} ${word.text}” has no meaning here.`,
    "Take “ether broadcast”, or the network's broadcast address with “dst host”.",
  );
}

function parseQualified(tokens: TokenStream, state: FilterState, first: Token): Test {
  const protocol = takeProtocol(tokens);
  const group = protocol === undefined ? undefined : tokens.takeIf("broadcast", "multicast");
  if (protocol !== undefined && group !== undefined) return groupTest(group, protocol, state.shift);
  const direction = takeDirection(tokens);
  const type = tokens.takeIf(...TYPES)?.text as Qualifiers["type"] | undefined;
  if (direction === undefined && type === undefined) {
    if (protocol !== undefined) return protocolAlone(first, protocol, state.shift);
    if (state.last === undefined || KNOWN_WORDS.includes(first.text) || !/^[0-9:]|[:.]/.test(first.text)) throw unknownWord(first);
    return parseValue(tokens, state.last, state);
  }
  const qualifiers: Qualifiers = { protocol, direction: direction ?? "either", type: type ?? "host" };
  state.last = qualifiers;
  return tokens.peek()?.text === "(" ? parseValues(tokens, qualifiers, state) : parseValue(tokens, qualifiers, state);
}

function protocolAlone(word: Token, protocol: ProtocolWord, shift: number): Test {
  if (protocol !== "ether") return isProtocol(protocol, shift);
  throw new FilterProblem(
    word,
    "“ether” alone says nothing: every frame is one.",
    "Go on with “host”, “src”, “dst”, “proto”, “broadcast” or “multicast”.",
  );
}

function takeProtocol(tokens: TokenStream): ProtocolWord | undefined {
  const word = tokens.takeIf(...PROTOCOL_WORDS, "link");
  return word?.text === "link" ? "ether" : (word?.text as ProtocolWord | undefined);
}

/** “src”, “dst”, “src or dst”, “src and dst” and the other way round. */
function takeDirection(tokens: TokenStream): Direction | undefined {
  const first = tokens.takeIf("src", "dst");
  if (first === undefined) return undefined;
  const joint = tokens.peek();
  const isPair = tokens.peek(1)?.text === (first.text === "src" ? "dst" : "src") && /^(and|&&|or|\|\|)$/.test(joint?.text ?? "");
  if (!isPair) return first.text as "src" | "dst";
  tokens.take();
  tokens.take();
  return joint?.text === "and" || joint?.text === "&&" ? "both" : "either";
}

/** “port (80 or 443)”. */
function parseValues(tokens: TokenStream, qualifiers: Qualifiers, state: FilterState): Test {
  using _depth = tokens.deeper();
  tokens.expect("(");
  let test = parseValue(tokens, qualifiers, state);
  for (;;) {
    const joint = tokens.takeIf("and", "&&", "or", "||");
    if (joint === undefined) break;
    const next = parseValue(tokens, qualifiers, state);
    test = joint.text === "and" || joint.text === "&&" ? and(test, next) : or(test, next);
  }
  tokens.expect(")");
  return test;
}

function parseValue(tokens: TokenStream, qualifiers: Qualifiers, state: FilterState): Test {
  const value = tokens.take(qualifiers.type === "port" ? "a port" : "an address");
  if (!value.isWord || KNOWN_WORDS.includes(value.text)) {
    if (qualifiers.type !== "proto" || !value.isWord) {
      throw new FilterProblem(value, `“${value.text}” cannot stand behind “${qualifiers.type}”.`, `Write ${WANTED[qualifiers.type]}.`);
    }
  }
  switch (qualifiers.type) {
    case "port":
    case "portrange":
      return portTest(value, qualifiers, state.shift);
    case "proto":
      return protocolNumberTest(value, qualifiers, state.shift);
    case "net": {
      const mask = tokens.takeIf("mask") === undefined ? undefined : tokens.take("a netmask");
      return netTest({ value, mask, qualifiers, shift: state.shift });
    }
    case "host":
      return qualifiers.protocol === "ether" ? macTest(value, qualifiers.direction) : hostTest({ value, qualifiers, shift: state.shift });
    default:
      return qualifiers.type satisfies never;
  }
}

const WANTED: Readonly<Record<Qualifiers["type"], string>> = {
  host: "an address such as 10.0.2.15",
  net: "a range such as 10.0.2.0/24",
  port: "a port such as 443",
  portrange: "two ports such as 8000-8080",
  proto: "a protocol such as 17",
};

function portTest(value: Token, { protocol, direction, type }: Qualifiers, shift: number): Test {
  if (protocol !== undefined && protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp") {
    throw new FilterProblem(value, `“${protocol}” has no ports.`, "Ports are of tcp, udp and sctp.");
  }
  const given = protocol === undefined ? undefined : [IP_PROTOCOLS[protocol]];
  const all = [IP_PROTOCOLS.sctp, IP_PROTOCOLS.tcp, IP_PROTOCOLS.udp];
  const named = type === "port" && Object.hasOwn(PORT_NAMES, value.text) ? PORT_NAMES[value.text] : undefined;
  if (named !== undefined) return isPort(given ?? named.protocols ?? all, direction, [named.port, named.port], shift);
  const parts = type === "portrange" ? value.text.split("-") : [value.text];
  const ports = parts.map((part) => (isNumber(part) ? numberOf(part) : Number.NaN));
  const [low, high = low] = ports;
  if (low === undefined || high === undefined || ports.length > 2 || ports.some((port) => !(port <= 65_535))) throw badPort(value, type);
  return isPort(given ?? all, direction, low <= high ? [low, high] : [high, low], shift);
}

function badPort(value: Token, type: "port" | "portrange" | string): FilterProblem {
  if (/^\d+-\d+$/.test(value.text) && type === "port") {
    return new FilterProblem(value, `“${value.text}” is more than one port.`, `Write “portrange ${value.text}”.`);
  }
  return new FilterProblem(value, `“${value.text}” is no port that is known by this name or number.`, "Write a number from 0 to 65535.");
}

function protocolNumberTest(value: Token, { protocol, direction }: Qualifiers, shift: number): Test {
  if (direction !== "either") throw new FilterProblem(value, "A protocol has no direction.", "Take “src” or “dst” out.");
  const name = value.text.replace(/^\\/, "");
  if (protocol === "ether") {
    const type = Object.hasOwn(LINK_PROTOCOLS, name) ? LINK_PROTOCOLS[name as keyof typeof LINK_PROTOCOLS] : undefined;
    if (type !== undefined) return isEtherType(shift, type);
    if (isNumber(name) && numberOf(name) > 1500 && numberOf(name) <= 0xffff) return isEtherType(shift, numberOf(name));
    throw new FilterProblem(value, `“${value.text}” is no EtherType.`, "Write for example 0x88cc, or ip, ip6, arp, rarp.");
  }
  if (protocol !== undefined && protocol !== "ip" && protocol !== "ip6") {
    throw new FilterProblem(value, `“${protocol} proto” has no meaning.`, "Take ether, ip or ip6.");
  }
  const known = Object.hasOwn(IP_PROTOCOLS, name) ? IP_PROTOCOLS[name as keyof typeof IP_PROTOCOLS] : undefined;
  if (known === undefined && !(isNumber(name) && numberOf(name) <= 255)) {
    throw new FilterProblem(value, `“${value.text}” is no protocol that is known by this name or number.`, "Write a number from 0 to 255.");
  }
  return isIpProtocol(protocol, known ?? numberOf(name), shift);
}

function takeNumber(tokens: TokenStream, wanted: string): number {
  const token = tokens.take(wanted);
  if (!isNumber(token.text)) throw new FilterProblem(token, `“${token.text}” is no number.`, `Write ${wanted}.`);
  return numberOf(token.text);
}

export function unknownWord(word: Token): FilterProblem {
  if (/^[0-9:]/.test(word.text)) {
    const noun = /[.:]/.test(word.text) ? "host" : "port";
    return new FilterProblem(word, `What “${word.text}” is to be is not said.`, `Put a word before it: “${noun} ${word.text}”.`);
  }
  const nearest = nearestWord(word.text, KNOWN_WORDS);
  const hint =
    nearest === undefined || nearest === word.text ? "Filters are such as “tcp port 80 and host 10.0.2.15”." : `Did you mean “${nearest}”?`;
  return new FilterProblem(word, `“${word.text}” is not understood here.`, hint);
}
