// Answers that need nobody else: from the zone, and for names that must never leave a network (RFC 6761, 6303, 7686, 6762).
import {
  type DnsQuestion,
  type DnsRecordOnWire,
  dnsClass,
  dnsType,
  foldName,
  isWithin,
  nameData,
  parentOf,
  responseCode,
  splitName,
  targetOf,
} from "@mimic/wire";
import type { Zone } from "./zone.ts";

export type LocalAnswer =
  | {
      readonly kind: "answered";
      readonly responseCode: number;
      readonly answers: readonly DnsRecordOnWire[];
      readonly authorities: readonly DnsRecordOnWire[];
      readonly isAuthoritative: boolean;
    }
  /** A record of ours leads to a name that others know: ask for it, and put these in front. */
  | { readonly kind: "continues"; readonly answers: readonly DnsRecordOnWire[]; readonly target: string }
  | { readonly kind: "outside" };

const MOST_ALIASES = 8;

/** Resolved by nobody (RFC 6761, 6762, 7686). Names such as “nas.lan” may well be known to the resolver of this computer. */
const NEVER_ASKED = ["local", "onion", "invalid", "test", "localdomain"];

export function answerLocally(zone: Zone, question: DnsQuestion): LocalAnswer {
  const name = foldName(question.name);
  const found = lookUp(zone, name, question);
  if (found) return found;
  if (isWithin(name, "localhost")) return localhost(question);
  const labels = splitName(name);
  if (labels.length === 1 && name !== "") return answerBareName(zone, question, name);
  if (NEVER_ASKED.includes(labels.at(-1) ?? "") || isPrivateReverse(name)) return nameError([]);
  return { kind: "outside" };
}

function lookUp(zone: Zone, first: string, question: DnsQuestion): LocalAnswer | undefined {
  const answers: DnsRecordOnWire[] = [];
  let name = first;
  for (let aliases = 0; aliases <= MOST_ALIASES; aliases++) {
    const apex = zone.apexes.find((one) => isWithin(name, one));
    const records = recordsOf(zone, name, apex);
    if (!records && apex === undefined) return answers.length > 0 ? { kind: "continues", answers, target: name } : undefined;
    const authorities = apex === undefined ? [] : [zone.soa(apex)];
    if (!records) return { ...nameError(authorities), answers };
    // The first record answers under the name as it was asked, so that the letters' case stays as it was (0x20).
    const owned = records.map((record) => ({ ...record, name: aliases === 0 ? question.name : name }));
    const fitting = owned.filter(({ type }) => type === question.type || (question.type === dnsType.ANY && type !== dnsType.SOA));
    if (fitting.length > 0) return answered([...answers, ...fitting], []);
    const alias = owned.find(({ type }) => type === dnsType.CNAME);
    const target = alias && targetOf(dnsType.CNAME, alias.data);
    if (!alias || target === undefined) return answered(answers, authorities);
    answers.push(alias);
    name = foldName(target);
  }
  return answered(answers, []);
}

/** Its own records, or those of a “*” above it (RFC 4592), but not when there is the name itself. */
function recordsOf(zone: Zone, name: string, apex: string | undefined): readonly DnsRecordOnWire[] | undefined {
  const own = zone.byName.get(name);
  if (own) return own;
  for (let above = parentOf(name); above !== ""; above = parentOf(above)) {
    const wild = zone.byName.get(`*.${above}`);
    if (wild) return wild;
    if (zone.byName.has(above) || above === apex) return undefined;
  }
  return undefined;
}

/** “hello” means “hello.home.mimic”. No name without a dot is asked of others: it would be nobody's business. */
function answerBareName(zone: Zone, question: DnsQuestion, name: string): LocalAnswer {
  if (zone.domain === "") return nameError([]);
  const whole = `${name}.${zone.domain}`;
  if (!zone.byName.has(whole)) return nameError([]);
  const found = lookUp(zone, whole, { ...question, name: whole });
  if (!found || found.kind === "outside") return nameError([]);
  const alias = { name: question.name, type: dnsType.CNAME, class: dnsClass.IN, ttlSeconds: 30, data: nameData(whole) };
  return { ...found, answers: [alias, ...found.answers] };
}

/** RFC 6761 §6.3: the asking machine itself. */
function localhost(question: DnsQuestion): LocalAnswer {
  const data =
    question.type === dnsType.A
      ? Uint8Array.of(127, 0, 0, 1)
      : question.type === dnsType.AAAA
        ? Uint8Array.of(...new Uint8Array(15), 1)
        : undefined;
  const answers = data ? [{ name: question.name, type: question.type, class: dnsClass.IN, ttlSeconds: 86_400, data }] : [];
  return answered(answers, []);
}

/** Private and special addresses backwards (RFC 6303 §4): the Internet knows nothing of them. */
const PRIVATE_REVERSE = [
  "10.in-addr.arpa",
  "168.192.in-addr.arpa",
  ...Array.from({ length: 16 }, (_, index) => `${16 + index}.172.in-addr.arpa`),
  ...Array.from({ length: 64 }, (_, index) => `${64 + index}.100.in-addr.arpa`),
  "0.in-addr.arpa",
  "127.in-addr.arpa",
  "254.169.in-addr.arpa",
  "255.255.255.255.in-addr.arpa",
  "d.f.ip6.arpa",
  "c.f.ip6.arpa",
  "8.e.f.ip6.arpa",
  "9.e.f.ip6.arpa",
  "a.e.f.ip6.arpa",
  "b.e.f.ip6.arpa",
];
const isPrivateReverse = (name: string): boolean => name.endsWith(".arpa") && PRIVATE_REVERSE.some((apex) => isWithin(name, apex));

const answered = (answers: readonly DnsRecordOnWire[], authorities: readonly DnsRecordOnWire[]): LocalAnswer => ({
  kind: "answered",
  responseCode: responseCode.noError,
  answers,
  authorities,
  isAuthoritative: true,
});

const nameError = (authorities: readonly DnsRecordOnWire[]): LocalAnswer & { kind: "answered" } => ({
  kind: "answered",
  responseCode: responseCode.nameError,
  answers: [],
  authorities,
  isAuthoritative: true,
});
