// Numbers in filters: “tcp[tcpflags] & (tcp-syn|tcp-fin) != 0”, “ip[6:2] & 0x1fff = 0”, “len > 100”. Unsigned 32-bit
// arithmetic; what has no value (a read behind the end, a division by zero) ends the whole filter with “no”.
import { FilterProblem } from "./problem.ts";
import {
  IP_PROTOCOLS,
  isEtherType,
  isFirstFragment,
  isIpv4Protocol,
  isProtocol,
  LINK_PROTOCOLS,
  NETWORK_AT,
  type ProtocolWord,
} from "./protocols.ts";
import { allOf, BEHIND_END, isAt, load, type Test } from "./tests.ts";
import type { TokenStream } from "./token-stream.ts";
import type { Token } from "./tokens.ts";

/** `checks` come before any value is read: what they say no to has no such header. */
interface Expression {
  readonly checks: readonly Test[];
  /** A number from 0 to 2^32 - 1, or BEHIND_END. */
  readonly value: (bytes: Uint8Array, length: number) => number;
  readonly constant?: number;
}

export const NAMED_NUMBERS: Readonly<Record<string, number>> = {
  tcpflags: 13,
  "tcp-fin": 1,
  "tcp-syn": 2,
  "tcp-rst": 4,
  "tcp-push": 8,
  "tcp-ack": 16,
  "tcp-urg": 32,
  "tcp-ece": 64,
  "tcp-cwr": 128,
  icmptype: 0,
  icmpcode: 1,
  "icmp-echoreply": 0,
  "icmp-unreach": 3,
  "icmp-redirect": 5,
  "icmp-echo": 8,
  "icmp-timxceed": 11,
  "icmp-paramprob": 12,
  icmp6type: 0,
  icmp6code: 1,
  "icmp6-packettoobig": 2,
  "icmp6-timeexceeded": 3,
  "icmp6-parameterproblem": 4,
  "icmp6-echo": 128,
  "icmp6-echoreply": 129,
  "icmp6-routersolicit": 133,
  "icmp6-routeradvert": 134,
  "icmp6-neighborsolicit": 135,
  "icmp6-neighboradvert": 136,
  "icmp6-redirect": 137,
};

const RELATIONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Weakest first, as in C but for the comparisons, which are weaker than all of them. */
const OPERATORS: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { "|": (a, b) => (a | b) >>> 0 },
  { "&": (a, b) => (a & b) >>> 0 },
  { "<<": (a, b) => (b > 31 ? 0 : (a << b) >>> 0), ">>": (a, b) => (b > 31 ? 0 : a >>> b) },
  { "+": (a, b) => (a + b) >>> 0, "-": (a, b) => (a - b) >>> 0 },
  { "*": (a, b) => Math.imul(a, b) >>> 0, "/": (a, b) => (b === 0 ? BEHIND_END : Math.floor(a / b)) },
];

export const isNumber = (text: string): boolean => /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) && numberOf(text) <= 0xffff_ffff;

/** Decimal, 0x hexadecimal, 0 octal, as in C. */
export function numberOf(text: string): number {
  return /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
}

/** Undefined when no comparison stands here; then nothing was taken. Throws when it begins like one and is none. */
export function parseRelation(tokens: TokenStream, shift: number): Test | undefined {
  const start = tokens.mark();
  const isSurely = tokens.peek(1)?.text === "[";
  try {
    const left = parseExpression(tokens, shift, 0);
    const sign = tokens.peek();
    const relation = sign === undefined ? undefined : RELATIONS[sign.text];
    if (relation === undefined) {
      if (!isSurely) throw new FilterProblem(tokens.here(), "", "");
      throw new FilterProblem(tokens.here(), `A comparison is missing ${tokens.afterWords()}.`, "Write for example “!= 0” there.");
    }
    tokens.take();
    return relate(left, relation, parseExpression(tokens, shift, 0));
  } catch (error) {
    if (isSurely || !(error instanceof FilterProblem) || tokens.sawRelation(start)) throw error;
    tokens.rewind(start);
    return undefined;
  }
}

function relate(left: Expression, relation: (a: number, b: number) => boolean, right: Expression): Test {
  const compare: Test = (bytes, length) => {
    const a = left.value(bytes, length);
    if (a < 0) return BEHIND_END;
    const b = right.value(bytes, length);
    return b < 0 ? BEHIND_END : Number(relation(a, b));
  };
  const checks = [...left.checks, ...right.checks];
  return checks.length === 0 ? compare : allOf(...checks, compare);
}

function parseExpression(tokens: TokenStream, shift: number, level: number): Expression {
  const operators = OPERATORS[level];
  if (operators === undefined) return parseAtom(tokens, shift);
  let left = parseExpression(tokens, shift, level + 1);
  for (;;) {
    const sign = tokens.peek();
    const apply = sign === undefined || sign.isWord ? undefined : operators[sign.text];
    if (apply === undefined) return left;
    tokens.take();
    const right = parseExpression(tokens, shift, level + 1);
    if (sign?.text === "/" && right.constant === 0)
      throw new FilterProblem(sign, "A number is divided by zero.", "Divide by something else.");
    left = combine(left, apply, right);
  }
}

function combine(left: Expression, apply: (a: number, b: number) => number, right: Expression): Expression {
  return {
    checks: [...left.checks, ...right.checks],
    value: (bytes, length) => {
      const a = left.value(bytes, length);
      if (a < 0) return BEHIND_END;
      const b = right.value(bytes, length);
      return b < 0 ? BEHIND_END : apply(a, b);
    },
  };
}

const constantOf = (value: number): Expression => ({ checks: [], value: () => value, constant: value });

function parseAtom(tokens: TokenStream, shift: number): Expression {
  using _depth = tokens.deeper();
  const token = tokens.take("a number");
  if (token.text === "(") {
    const inner = parseExpression(tokens, shift, 0);
    tokens.expect(")");
    return inner;
  }
  if (token.text === "-") return combine(constantOf(0), (a, b) => (a - b) >>> 0, parseAtom(tokens, shift));
  if (token.text === "len") return { checks: [], value: (_bytes, length) => length };
  if (tokens.peek()?.text === "[") return parseAccess(tokens, token, shift);
  const named = Object.hasOwn(NAMED_NUMBERS, token.text) ? NAMED_NUMBERS[token.text] : undefined;
  if (named !== undefined) return constantOf(named);
  if (!isNumber(token.text))
    throw new FilterProblem(token, `“${token.text}” is no number.`, "Numbers are such as 13, 0x1f, len or tcp-syn.");
  return constantOf(numberOf(token.text));
}

/** `proto [ place : size ]`. */
function parseAccess(tokens: TokenStream, protocol: Token, shift: number): Expression {
  const header = headerOf(protocol, shift);
  tokens.expect("[");
  const place = parseExpression(tokens, shift, 0);
  let size = 1;
  if (tokens.peek()?.text === ":") {
    tokens.take();
    const wanted = tokens.take("1, 2 or 4");
    size = Number(wanted.text);
    if (![1, 2, 4].includes(size))
      throw new FilterProblem(wanted, `“${wanted.text}” is no size that can be read.`, "Sizes are 1, 2 and 4 bytes.");
  }
  tokens.expect("]");
  return {
    checks: [...place.checks, ...header.checks],
    value: (bytes, length) => {
      const offset = place.value(bytes, length);
      if (offset < 0) return BEHIND_END;
      const start = header.value(bytes, length);
      return start < 0 ? BEHIND_END : load(bytes, (start + offset) >>> 0, size);
    },
  };
}

/** Where a protocol's header begins; those on top of IP only in IPv4 (icmp6: IPv6 without extension headers). */
function headerOf(token: Token, shift: number): Expression {
  const word = token.text as ProtocolWord;
  switch (word) {
    case "ether":
      return constantOf(0);
    case "ip":
    case "ip6":
    case "arp":
    case "rarp":
      return { checks: [isProtocol(word, shift)], value: () => NETWORK_AT + shift };
    case "icmp6": {
      const check = allOf(isEtherType(shift, LINK_PROTOCOLS.ip6), isAt(NETWORK_AT + shift + 6, 1, IP_PROTOCOLS.icmp6));
      return { checks: [check], value: () => NETWORK_AT + shift + 40 };
    }
    case "tcp":
    case "udp":
    case "sctp":
    case "icmp":
    case "igmp":
    case "ah":
    case "esp":
    case "pim":
    case "vrrp":
      return {
        checks: [isIpv4Protocol(shift, IP_PROTOCOLS[word]), isFirstFragment(shift)],
        value: (bytes) => {
          const first = load(bytes, NETWORK_AT + shift, 1);
          return first < 0 ? BEHIND_END : NETWORK_AT + shift + 4 * (first & 15);
        },
      };
    default:
      word satisfies never;
      throw new FilterProblem(
        token,
        `“${token.text}” is no protocol whose bytes can be read.`,
        "Take one of ether, ip, ip6, arp, tcp, udp, icmp, icmp6.",
      );
  }
}
