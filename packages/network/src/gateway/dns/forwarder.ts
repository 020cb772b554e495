// Asks other resolvers. What comes back over UDP may be forged by anyone who guesses well, so that each question has a random
// id, a random port (the transport's) and randomly mixed letters (0x20), and an answer must fit all of them; when too many
// wrong ones come in, the question goes over TCP instead. Equal questions at one time are asked once.
import type { Clock, Random } from "@mimic/base";
import {
  type DnsMessage,
  type DnsQuestion,
  dnsType,
  emptyDnsMessage,
  foldName,
  isWithin,
  parseDnsMessage,
  responseCode,
  sameName,
  serializeDnsMessage,
  targetOf,
} from "@mimic/wire";
import { cacheKey } from "./cache.ts";

export interface DnsServerAddress {
  readonly address: string;
  readonly port: number;
}

/** The way to other resolvers; implemented with sockets, or in memory. */
export interface DnsTransport {
  /** Sends from a port of its own, chosen at random, and hears what that server sends there until disposed. */
  udp(
    server: DnsServerAddress,
    query: Uint8Array,
    hearing: { readonly heard: (bytes: Uint8Array) => void; readonly failed: () => void },
  ): Disposable;
  /** One question and its answer (RFC 7766). Rejects when the connection fails or the signal aborts. */
  tcp(server: DnsServerAddress, query: Uint8Array, options: { readonly signal: AbortSignal }): Promise<Uint8Array>;
}

export interface Flavour {
  readonly isDnssecOk: boolean;
  readonly checkingDisabled: boolean;
}

export const flavourKey = ({ isDnssecOk, checkingDisabled }: Flavour): string => `${isDnssecOk ? "d" : ""}${checkingDisabled ? "c" : ""}`;

/** How long one server is waited for before the next is asked too, and how long at all. */
const NEXT_AFTER_MS = 1000;
const GIVE_UP_AFTER_MS = 6000;
const MOST_AT_ONCE = 512;
const MOST_WRONG = 8;
/** What we take over UDP without fragments on any path (DNS flag day 2020). */
const UDP_SIZE = 1232;

export interface ForwarderParts {
  readonly transport: DnsTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** Looked at for each question: they may change. */
  readonly servers: () => readonly DnsServerAddress[];
}

export class Forwarder {
  readonly #parts: ForwarderParts;
  readonly #asking = new Map<string, Promise<DnsMessage | undefined>>();

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  get waiting(): number {
    return this.#asking.size;
  }

  /** The answer, reduced to what was asked; undefined when nobody gave one, or too many questions are under way. */
  ask(question: DnsQuestion, flavour: Flavour): Promise<DnsMessage | undefined> {
    const key = cacheKey(question, flavourKey(flavour));
    const running = this.#asking.get(key);
    if (running) return running;
    if (this.#asking.size >= MOST_AT_ONCE) return Promise.resolve(undefined);
    const asked = this.#askServers(question, flavour).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  /** One server after the other, each a second later, and the first good answer counts. */
  async #askServers(question: DnsQuestion, flavour: Flavour): Promise<DnsMessage | undefined> {
    const servers = this.#parts.servers();
    if (servers.length === 0) return undefined;
    const { clock } = this.#parts;
    const givesUp = new AbortController();
    const good = Promise.withResolvers<DnsMessage | undefined>();
    let last: DnsMessage | undefined;
    const tries = Array.from({ length: Math.max(3, servers.length) }, (_, index) => servers[index % servers.length]);
    const askAll = async (): Promise<void> => {
      const running: Promise<void>[] = [];
      for (const server of tries) {
        if (givesUp.signal.aborted || !server) break;
        const failed = this.#askOne(server, question, { flavour, signal: givesUp.signal }).then((answer) => {
          if (answer && !isServersFault(answer)) good.resolve(answer);
          last = answer ?? last;
        });
        running.push(failed);
        await Promise.race([failed, clock.sleep(NEXT_AFTER_MS, { signal: givesUp.signal }).catch(() => {})]);
      }
      await Promise.all(running);
      good.resolve(last);
    };
    const timer = clock.sleep(GIVE_UP_AFTER_MS, { signal: givesUp.signal }).then(
      () => good.resolve(last),
      () => {},
    );
    void askAll().catch(() => good.resolve(last));
    try {
      return await good.promise;
    } finally {
      givesUp.abort();
      await timer;
    }
  }

  /** Undefined when the server gave no usable answer. */
  async #askOne(server: DnsServerAddress, question: DnsQuestion, asking: Asking): Promise<DnsMessage | undefined> {
    const over = await this.#overUdp(server, question, asking);
    if (over !== "ask over TCP") return over;
    const query = this.#queryFor(question, asking.flavour, { mixesCase: false });
    try {
      const bytes = await this.#parts.transport.tcp(server, serializeDnsMessage(query), { signal: asking.signal });
      const answer = parseDnsMessage(bytes);
      return "malformed" in answer || !fits(answer, query) ? undefined : reduced(answer, question, asking.flavour);
    } catch {
      return undefined;
    }
  }

  async #overUdp(
    server: DnsServerAddress,
    question: DnsQuestion,
    { flavour, signal }: Asking,
  ): Promise<DnsMessage | undefined | "ask over TCP"> {
    const query = this.#queryFor(question, flavour, { mixesCase: true });
    const settled = Promise.withResolvers<DnsMessage | undefined | "ask over TCP">();
    let wrong = 0;
    const hear = (bytes: Uint8Array): void => {
      const answer = parseDnsMessage(bytes);
      if (!("malformed" in answer) && fits(answer, query)) {
        settled.resolve(answer.isTruncated ? "ask over TCP" : reduced(copyOf(answer), question, flavour));
      } else if (++wrong >= MOST_WRONG || (!("malformed" in answer) && fitsButForCase(answer, query))) {
        settled.resolve("ask over TCP");
      }
    };
    const stop = (): void => settled.resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    using _ = this.#parts.transport.udp(server, serializeDnsMessage(query), { heard: hear, failed: stop });
    try {
      return await settled.promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #queryFor(question: DnsQuestion, flavour: Flavour, { mixesCase }: { readonly mixesCase: boolean }): DnsMessage {
    const [high = 0, low = 0] = this.#parts.random.bytes(2);
    const name = mixesCase ? mixCase(question.name, this.#parts.random) : foldName(question.name);
    return {
      ...emptyDnsMessage,
      id: (high << 8) | low,
      recursionDesired: true,
      checkingDisabled: flavour.checkingDisabled,
      isAuthentic: true,
      questions: [{ ...question, name }],
      edns: { udpSize: UDP_SIZE, version: 0, isDnssecOk: flavour.isDnssecOk, options: [] },
    };
  }
}

interface Asking {
  readonly flavour: Flavour;
  readonly signal: AbortSignal;
}

/** Letters in random case (draft-vixie-dnsext-dns0x20): as many more bits that a forger must guess. */
function mixCase(name: string, random: Random): string {
  const bits = random.bytes(name.length);
  return [...foldName(name)].map((letter, index) => (((bits[index] ?? 0) & 1) === 1 ? letter.toUpperCase() : letter)).join("");
}

const fits = (answer: DnsMessage, query: DnsMessage): boolean =>
  fitsButForCase(answer, query) && answer.questions[0]?.name === query.questions[0]?.name;

function fitsButForCase(answer: DnsMessage, query: DnsMessage): boolean {
  const [got, asked] = [answer.questions[0], query.questions[0]];
  if (!got || !asked || answer.questions.length !== 1) return false;
  if (!answer.isResponse || answer.id !== query.id || answer.opcode !== 0) return false;
  return got.type === asked.type && got.class === asked.class && sameName(got.name, asked.name);
}

/** The server could not, or would not: another may. */
const isServersFault = ({ responseCode: code }: DnsMessage): boolean => code !== responseCode.noError && code !== responseCode.nameError;

/** Datagrams live in memory that is used again. */
const copyOf = (message: DnsMessage): DnsMessage => ({
  ...message,
  answers: message.answers.map((record) => ({ ...record, data: record.data.slice() })),
  authorities: message.authorities.map((record) => ({ ...record, data: record.data.slice() })),
});

const RRSIG = 46;

/**
 * Only what was asked for: records of the name and of the aliases that lead on from it, and the SOA of a negative answer.
 * Whatever else a server adds is not believed (RFC 5452 §6).
 */
function reduced(answer: DnsMessage, question: DnsQuestion, flavour: Flavour): DnsMessage {
  const names = new Set([foldName(question.name)]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const record of answer.answers) {
      if (record.type !== dnsType.CNAME || !names.has(foldName(record.name))) continue;
      const target = foldName(targetOf(record.type, record.data) ?? "");
      if (names.has(target) || names.size > 16) continue;
      names.add(target);
      grew = true;
    }
  }
  const wanted = new Set<number>([question.type, dnsType.CNAME, dnsType.DNAME]);
  const isWanted = (type: number): boolean => wanted.has(type) || question.type === dnsType.ANY || (flavour.isDnssecOk && type === RRSIG);
  const restored = (name: string): string => (sameName(name, question.name) ? question.name : foldName(name));
  const isProof = (type: number, owner: string): boolean =>
    flavour.isDnssecOk || (type === dnsType.SOA && [...names].some((name) => isWithin(name, owner)));
  return {
    ...answer,
    questions: [question],
    answers: answer.answers
      .filter(({ type, name }) => isWanted(type) && (names.has(foldName(name)) || type === dnsType.DNAME))
      .map((record) => ({ ...record, name: restored(record.name) })),
    authorities: answer.authorities
      .filter(({ type, name }) => isProof(type, name))
      .map((record) => ({ ...record, name: foldName(record.name) })),
    additionals: [],
    edns: undefined,
  };
}
