// One-time codes and sessions of browsers, in memory: a daemon that starts anew asks to sign in again.
// A cookie is shared by all ports of a computer, so another person's server on another port could be sent it.
// That is why a cookie alone opens nothing: each request brings the CSRF value too, and that value is given
// again (a page loaded anew) only to the same user of this computer who opened the session.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock, Random } from "@mimic/base";

const CODE_LIFE_MS = 60_000;
const CODES = 16;
const SESSIONS = 64;
const IDLE_MS = 24 * 3600_000;
const LIFE_MS = 14 * 24 * 3600_000;
const WRONG_TRIES_PER_MINUTE = 30;

interface Session {
  readonly csrf: string;
  readonly openedAtMs: number;
  /** Who opened it; undefined when the host could not tell. */
  readonly uid: number | undefined;
  usedAtMs: number;
}

export interface OpenedSession {
  readonly cookie: string;
  readonly csrf: string;
}
export type OpenAnswer = OpenedSession | "wrong" | "too_many_tries";

export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By the hash of the secret: looking up a hash leaks nothing about the secret by its time. */
  readonly #codes = new Map<string, number>();
  readonly #sessions = new Map<string, Session>();
  readonly #ended = new Set<(cookie: string) => void>();
  #wrongTries: number[] = [];

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A code for one sign-in within 60 seconds. At most 16 wait; the oldest gives way. */
  makeCode(): string {
    const code = this.#secret();
    this.#codes.set(hash(code), this.#clock.monotonicMs() + CODE_LIFE_MS);
    if (this.#codes.size > CODES) this.#codes.delete(this.#codes.keys().next().value as string);
    return code;
  }

  /** Uses the code up. A right code opens even while wrong ones are being slowed down. */
  open(code: string, uid: number | undefined): OpenAnswer {
    const now = this.#clock.monotonicMs();
    const key = hash(code);
    const until = this.#codes.get(key);
    this.#codes.delete(key);
    if (until === undefined || until < now) return this.#wrongTry(now);
    const cookie = this.#secret();
    const csrf = this.#secret();
    this.#sessions.set(hash(cookie), { csrf, openedAtMs: now, uid, usedAtMs: now });
    if (this.#sessions.size > SESSIONS) this.#dropLeastUsed();
    return { cookie, csrf };
  }

  known(cookie: string): boolean {
    return this.#live(cookie) !== undefined;
  }

  csrfMatches(cookie: string, csrf: string): boolean {
    const session = this.#live(cookie);
    if (session === undefined || !sameSecret(session.csrf, csrf)) return false;
    session.usedAtMs = this.#clock.monotonicMs();
    return true;
  }

  /** The CSRF value again, for the user who opened the session; undefined for anyone else. */
  renew(cookie: string, uid: number | undefined): string | undefined {
    const session = this.#live(cookie);
    if (session === undefined || uid === undefined || session.uid !== uid) return undefined;
    session.usedAtMs = this.#clock.monotonicMs();
    return session.csrf;
  }

  close(cookie: string): void {
    this.#sessions.delete(hash(cookie));
    for (const hear of this.#ended) hear(cookie);
  }

  /** Live connections end with their session. */
  onEnd(hear: (cookie: string) => void): Disposable {
    this.#ended.add(hear);
    return { [Symbol.dispose]: () => void this.#ended.delete(hear) };
  }

  #live(cookie: string): Session | undefined {
    const key = hash(cookie);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    const now = this.#clock.monotonicMs();
    if (now - session.usedAtMs <= IDLE_MS && now - session.openedAtMs <= LIFE_MS) return session;
    this.#sessions.delete(key);
    return undefined;
  }

  #dropLeastUsed(): void {
    let oldest: string | undefined;
    let usedAt = Number.POSITIVE_INFINITY;
    for (const [key, session] of this.#sessions) {
      if (session.usedAtMs < usedAt) [oldest, usedAt] = [key, session.usedAtMs];
    }
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }

  #wrongTry(now: number): OpenAnswer {
    this.#wrongTries = this.#wrongTries.filter((at) => now - at < 60_000);
    if (this.#wrongTries.length >= WRONG_TRIES_PER_MINUTE) return "too_many_tries";
    this.#wrongTries.push(now);
    return "wrong";
  }

  /** 256 bits. */
  #secret(): string {
    return Buffer.from(this.#random.bytes(32)).toString("base64url");
  }
}

const hash = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** Compares in a time that says nothing about where two secrets differ, nor how long they are. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
