// Answers DNS questions of the network's machines: what is local at once, the rest from the cache or from other resolvers.
// A question is hostile input: whatever it is, the worst that comes of it is no answer.
import type { Clock } from "@mimic/base";
import {
  type DnsMessage,
  type DnsQuestion,
  dnsClass,
  dnsType,
  emptyDnsMessage,
  foldName,
  parseDnsMessage,
  responseCode,
  serializeDnsMessage,
} from "@mimic/wire";
import { type CachedAnswer, cacheKey, DnsCache } from "./cache.ts";
import { type Flavour, type Forwarder, flavourKey } from "./forwarder.ts";
import { answerLocally, type LocalAnswer } from "./local-answer.ts";
import { NameMemory } from "./name-memory.ts";
import { RateLimit } from "./rate-limit.ts";
import { stripPrivate } from "./rebinding.ts";
import type { Zone } from "./zone.ts";

const RATE = { perSecond: 50, burst: 200 };
/** What fits without EDNS (RFC 1035 §2.3.4), and what we send at most over UDP. */
const PLAIN_UDP_BYTES = 512;
const MOST_UDP_BYTES = 1232;

export interface DnsCounters {
  asked: number;
  local: number;
  cached: number;
  forwarded: number;
  failed: number;
  limited: number;
  malformed: number;
  stripped: number;
}

export interface DnsServerParts {
  readonly zone: () => Zone;
  /** Undefined: names outside of the zone are refused, so that the asking machine may try another resolver. */
  readonly forwarder: () => Forwarder | undefined;
  /** Whether an answer of others may name this address. */
  readonly mayPoint: (address: Uint8Array) => boolean;
  readonly clock: Clock;
}

export interface Asker {
  /** Whom the rate is counted for: the machine's MAC. */
  readonly who: string;
  readonly over: "udp" | "tcp";
}

type Reply = Partial<DnsMessage> & { readonly responseCode: number };

export class DnsServer {
  readonly names = new NameMemory();
  readonly counters: DnsCounters = { asked: 0, local: 0, cached: 0, forwarded: 0, failed: 0, limited: 0, malformed: 0, stripped: 0 };
  readonly #parts: DnsServerParts;
  readonly #cache = new DnsCache();
  readonly #rate = new RateLimit(RATE);

  constructor(parts: DnsServerParts) {
    this.#parts = parts;
  }

  /** Rules or resolvers changed: what was answered before may not hold. */
  forgetAnswers(): void {
    this.#cache.clear();
  }

  /** The answer's bytes; undefined where none is due. At once when nobody else need be asked. */
  answer(query: Uint8Array, asker: Asker): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    this.counters.asked++;
    if (!this.#rate.take(asker.who, this.#parts.clock.monotonicMs())) {
      this.counters.limited++;
      return undefined;
    }
    const asked = parseDnsMessage(query);
    if ("malformed" in asked) return this.#answerMalformed(query);
    // An answer to an answer would be a game without end.
    if (asked.isResponse) return undefined;
    const write = (reply: Reply): Uint8Array => this.#write(asked, reply, asker);
    const refusal = refusalOf(asked);
    if (refusal !== undefined) return write({ responseCode: refusal });
    const question = asked.questions[0] as DnsQuestion;
    const local = answerLocally(this.#parts.zone(), question);
    if (local.kind === "answered") {
      this.counters.local++;
      this.names.remember(question.name, local.answers, this.#parts.clock.nowMs());
      return write({ ...local, isAuthentic: false });
    }
    const flavour = { isDnssecOk: asked.edns?.isDnssecOk ?? false, checkingDisabled: asked.checkingDisabled };
    const found = this.#answerOutside(question, local, flavour);
    return found instanceof Promise ? found.then(write) : write(found);
  }

  #answerOutside(question: DnsQuestion, local: Exclude<LocalAnswer, { kind: "answered" }>, flavour: Flavour): Reply | Promise<Reply> {
    const forwarder = this.#parts.forwarder();
    const before = local.kind === "continues" ? local.answers : [];
    if (!forwarder)
      return before.length > 0 ? { responseCode: responseCode.noError, answers: before } : { responseCode: responseCode.refused };
    // Everything about somebody else's name is asked for only to make answers large (RFC 8482).
    if (question.type === dnsType.ANY) return { responseCode: responseCode.notImplemented };
    const outside = local.kind === "continues" ? { ...question, name: local.target } : question;
    const finish = (answer: CachedAnswer): Reply => {
      const answers = [...before, ...answer.answers];
      this.names.remember(question.name, answers, this.#parts.clock.nowMs());
      return { ...answer, answers, isAuthentic: before.length === 0 && answer.isAuthentic };
    };
    const key = cacheKey(outside, flavourKey(flavour));
    const cached = this.#cache.find(key, this.#parts.clock.nowMs());
    if (cached) {
      this.counters.cached++;
      return finish({ ...cached, answers: cached.answers.map((record) => ({ ...record, name: asAsked(record.name, outside.name) })) });
    }
    return this.#forward(forwarder, outside, flavour, key).then(finish);
  }

  async #forward(forwarder: Forwarder, question: DnsQuestion, flavour: Flavour, key: string): Promise<CachedAnswer> {
    this.counters.forwarded++;
    const answer = await forwarder.ask(question, flavour).catch(() => undefined);
    if (!answer) {
      this.counters.failed++;
      return { responseCode: responseCode.serverFailure, answers: [], authorities: [], isAuthentic: false };
    }
    const { message, stripped } = stripPrivate(answer, this.#parts.mayPoint);
    this.counters.stripped += stripped;
    this.#cache.store(key, message, this.#parts.clock.nowMs());
    return message;
  }

  /** FORMERR when there is at least an id to answer to, and it is no answer itself (RFC 1035 §4.1.1). */
  #answerMalformed(query: Uint8Array): Uint8Array | undefined {
    this.counters.malformed++;
    if (query.length < 12 || ((query[2] ?? 0) & 0x80) !== 0) return undefined;
    const id = ((query[0] ?? 0) << 8) | (query[1] ?? 0);
    return serializeDnsMessage({ ...emptyDnsMessage, id, isResponse: true, responseCode: responseCode.formatError });
  }

  #write(asked: DnsMessage, reply: Reply, { over }: Asker): Uint8Array {
    const wantsToKnow = asked.isAuthentic || (asked.edns?.isDnssecOk ?? false);
    const message: DnsMessage = {
      ...emptyDnsMessage,
      isAuthoritative: reply.isAuthoritative ?? false,
      responseCode: reply.responseCode,
      answers: reply.answers ?? [],
      authorities: reply.authorities ?? [],
      isAuthentic: wantsToKnow && (reply.isAuthentic ?? false),
      id: asked.id,
      opcode: asked.opcode,
      isResponse: true,
      recursionDesired: asked.recursionDesired,
      recursionAvailable: true,
      checkingDisabled: asked.checkingDisabled,
      questions: asked.questions.slice(0, 1),
      edns: asked.edns && { udpSize: MOST_UDP_BYTES, version: 0, isDnssecOk: asked.edns.isDnssecOk, options: [] },
    };
    if (over === "tcp") return serializeDnsMessage(message);
    return serializeDnsMessage(message, { maxBytes: Math.min(MOST_UDP_BYTES, asked.edns?.udpSize ?? PLAIN_UDP_BYTES) });
  }
}

/** A cached name in the letters of this question. */
const asAsked = (name: string, asked: string): string => (foldName(name) === foldName(asked) ? asked : name);

const IXFR = 251;

/** Why a question is not looked at, as a response code. */
function refusalOf(asked: DnsMessage): number | undefined {
  if (asked.edns && asked.edns.version !== 0) return responseCode.badVersion;
  if (asked.opcode !== 0) return responseCode.notImplemented;
  const [question] = asked.questions;
  if (!question || asked.questions.length !== 1) return responseCode.formatError;
  if (question.class !== dnsClass.IN && question.class !== dnsClass.ANY) return responseCode.refused;
  if (question.type === dnsType.AXFR || question.type === IXFR || question.type === dnsType.OPT) return responseCode.refused;
  return undefined;
}
