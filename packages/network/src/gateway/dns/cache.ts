// Answers of others, kept as long as they allow: positive ones by their shortest time to live, “no such name” and “nothing of
// that type” by the SOA that came with them (RFC 2308). Bounded in number and bytes; what was not asked for longest goes first.
import { type DnsMessage, type DnsQuestion, type DnsRecordOnWire, dnsType, foldName, readSoa, responseCode } from "@mimic/wire";

export interface CachedAnswer {
  readonly responseCode: number;
  readonly answers: readonly DnsRecordOnWire[];
  readonly authorities: readonly DnsRecordOnWire[];
  readonly isAuthentic: boolean;
}

interface Entry {
  readonly answer: CachedAnswer;
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
  readonly bytes: number;
}

export interface CacheBounds {
  readonly mostEntries: number;
  readonly mostBytes: number;
}

const MOST_TTL_SECONDS = 86_400;
const MOST_NEGATIVE_SECONDS = 3600;

/** What makes two questions the same. `flavour`: whether signatures were asked for, and checking was switched off. */
export const cacheKey = (question: DnsQuestion, flavour: string): string =>
  `${question.type} ${question.class} ${flavour} ${foldName(question.name)}`;

export class DnsCache {
  readonly #entries = new Map<string, Entry>();
  readonly #bounds: CacheBounds;
  #bytes = 0;

  constructor(bounds: CacheBounds = { mostEntries: 10_000, mostBytes: 8 * 1024 * 1024 }) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** The answer with the time that it has left. */
  find(key: string, nowMs: number): CachedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.expiresAtMs <= nowMs) {
      this.#remove(key);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const ageSeconds = Math.floor((nowMs - entry.storedAtMs) / 1000);
    const older = (record: DnsRecordOnWire): DnsRecordOnWire => ({ ...record, ttlSeconds: Math.max(0, record.ttlSeconds - ageSeconds) });
    return { ...entry.answer, answers: entry.answer.answers.map(older), authorities: entry.answer.authorities.map(older) };
  }

  /** Keeps an answer if it may be kept. The records' data is copied: it may be a view of a message. */
  store(key: string, answer: DnsMessage, nowMs: number): void {
    const seconds = secondsToKeep(answer);
    if (seconds <= 0) return;
    const copied = ({ answers, authorities }: DnsMessage): Pick<CachedAnswer, "answers" | "authorities"> => ({
      answers: answers.map(copyOf),
      authorities: authorities.map(copyOf),
    });
    const kept = { ...copied(answer), responseCode: answer.responseCode, isAuthentic: answer.isAuthentic };
    const bytes =
      key.length + [...kept.answers, ...kept.authorities].reduce((sum, record) => sum + 64 + record.name.length + record.data.length, 64);
    if (bytes > this.#bounds.mostBytes / 16) return;
    this.#remove(key);
    this.#entries.set(key, { answer: kept, storedAtMs: nowMs, expiresAtMs: nowMs + seconds * 1000, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#bounds.mostEntries && this.#bytes <= this.#bounds.mostBytes) break;
      this.#remove(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #remove(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

const copyOf = (record: DnsRecordOnWire): DnsRecordOnWire => ({ ...record, data: record.data.slice() });

function secondsToKeep(answer: DnsMessage): number {
  if (answer.isTruncated) return 0;
  const isNoError = answer.responseCode === responseCode.noError;
  if (!isNoError && answer.responseCode !== responseCode.nameError) return 0;
  const { answers } = answer;
  const shortest = answers.reduce((least, record) => Math.min(least, record.ttlSeconds), MOST_TTL_SECONDS);
  // A chain of aliases that ends in nothing is a negative answer too (RFC 2308 §2.2).
  const asked = answer.questions[0]?.type;
  if (isNoError && answers.some(({ type }) => type === asked || asked === dnsType.ANY)) return shortest;
  return Math.min(shortest, negativeSeconds(answer));
}

/** RFC 2308 §5: the smaller of the SOA's own time and its last field; without an SOA nothing is kept. */
function negativeSeconds(answer: DnsMessage): number {
  const record = answer.authorities.find(({ type }) => type === dnsType.SOA);
  const soa = record && readSoa(record.data);
  return record && soa ? Math.min(record.ttlSeconds, soa.negativeTtlSeconds, MOST_NEGATIVE_SECONDS) : 0;
}
