// The gate: one pure function in front of every route and every upgrade. Any web page can reach a loopback
// port, so who asks is decided by what a page cannot forge: Host and Origin against fixed sets (never against
// each other: after DNS rebinding both are the attacker's), Sec-Fetch-Site, content types that need a preflight
// (which we never grant), and a token, or a cookie together with a CSRF value. There is no optional check
// that a client could switch on or off: an extra header or parameter can only make the answer worse.
import type { Access, BodyKind } from "./door-routes.ts";

export interface GateRequest {
  readonly via: "unix" | "tcp";
  readonly method: string;
  /** As it stood in the request line. */
  readonly target: string;
  readonly httpVersion: string;
  /** In their order, with lower-case names; doubles are kept. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly upgrade: boolean;
}

export interface GateNeed {
  readonly access: Access;
  readonly body: BodyKind;
  readonly live: boolean;
}

export interface GateRules {
  /** Lower-case “127.0.0.1:7717”, “localhost:7717”, “[::1]:7717”. */
  readonly hosts: ReadonlySet<string>;
  /** “http://” and a host. */
  readonly origins: ReadonlySet<string>;
  readonly cookieName: string;
  /** Must compare in constant time. */
  tokenMatches(text: string): boolean;
  /** Whether this cookie is a live session's. */
  sessionKnown(cookie: string): boolean;
  /** Whether this CSRF value is that session's; constant time. */
  csrfMatches(cookie: string, csrf: string): boolean;
}

/** Who asks. `session` of a live route has yet to send its CSRF value as the first message. */
export type Asker =
  | { readonly kind: "owner" }
  | { readonly kind: "token" }
  | { readonly kind: "session"; readonly cookie: string }
  | { readonly kind: "nobody" };

export type GateAnswer =
  | { readonly pass: true; readonly asker: Asker }
  | { readonly pass: false; readonly status: number; readonly code: `daemon.${string}`; readonly why: string; readonly hint: string };

/** Headers that must not come twice: two readers could each believe another one. */
const ONCE = [
  "host",
  "origin",
  "authorization",
  "cookie",
  "content-type",
  "content-length",
  "transfer-encoding",
  "x-mimic-csrf",
  "sec-fetch-site",
  "sec-fetch-mode",
  "sec-fetch-dest",
];
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PATCH", "DELETE"]);

/** Pure. The order of the checks is part of the contract: nothing about routes or sessions shows before Host and Origin are right. */
export function gate(request: GateRequest, need: GateNeed, rules: GateRules): GateAnswer {
  const seen = readHeaders(request.headers);
  if ("double" in seen) return no(400, "daemon.bad_request", `The request has the header “${seen.double}” twice.`, SEND_ONCE);
  const { one } = seen;
  return (
    wrongShape(request, one) ??
    wrongHost(request, one, rules) ??
    wrongMethod(request) ??
    foreign(request, need, one, rules) ??
    wrongBody(request, need, one) ??
    identify(request, need, one, rules)
  );
}

type Headers = ReadonlyMap<string, string>;
const SEND_ONCE = "Send each header once.";

function no(status: number, code: `daemon.${string}`, why: string, hint: string): GateAnswer {
  return { pass: false, status, code, why, hint };
}

function readHeaders(headers: GateRequest["headers"]): { one: Headers } | { double: string } {
  const one = new Map<string, string>();
  for (const [name, value] of headers) {
    if (one.has(name) && ONCE.includes(name)) return { double: name };
    one.set(name, value);
  }
  return { one };
}

/** Request smuggling and proxies: only what a plain client of ours would send. */
function wrongShape(request: GateRequest, one: Headers): GateAnswer | undefined {
  const bad = (why: string) => no(400, "daemon.bad_request", why, "Send a plain HTTP/1.1 request.");
  if (!/^1\.[01]$/.test(request.httpVersion)) return bad("The request is not HTTP/1.1.");
  if (!request.target.startsWith("/")) return bad("The request names a whole address instead of a path.");
  const encoding = one.get("transfer-encoding");
  if (encoding !== undefined && one.has("content-length")) return bad("The request gives its length in two ways.");
  if (encoding !== undefined && encoding.toLowerCase() !== "chunked") return bad("The request's transfer encoding is unknown here.");
  const length = one.get("content-length");
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return bad("The request's length is no number.");
  if (one.has("content-encoding") && one.get("content-encoding") !== "identity") return bad("The request's body is compressed.");
  return undefined;
}

function wrongHost(request: GateRequest, one: Headers, rules: GateRules): GateAnswer | undefined {
  const host = one.get("host")?.toLowerCase();
  if (host !== undefined && rules.hosts.has(host)) return undefined;
  // A person may have forwarded the unix socket to a port: even there only names of this computer count.
  if (request.via === "unix" && (host === "localhost" || host === "mimic")) return undefined;
  return no(421, "daemon.wrong_host", "This address is not Mimic's.", "Open the address that “mimic open” prints.");
}

function wrongMethod(request: GateRequest): GateAnswer | undefined {
  if (METHODS.has(request.method)) return undefined;
  return no(405, "daemon.method_refused", "This method is not answered here.", "The API's description is at /api/v1/docs.");
}

/** Whether another web page made this request. */
function foreign(request: GateRequest, need: GateNeed, one: Headers, rules: GateRules): GateAnswer | undefined {
  const origin = one.get("origin");
  const hint = "Open Mimic's own page with “mimic open”.";
  if (origin !== undefined && !rules.origins.has(origin)) {
    return no(403, "daemon.foreign_origin", "Another web page asked for this, and Mimic answers only its own.", hint);
  }
  if (crossSite(request, need, one)) return no(403, "daemon.cross_site", "Another web site sent this request.", hint);
  if (request.via === "unix") return undefined;
  if (request.upgrade && origin === undefined && !bearerGood(one, rules)) {
    return no(403, "daemon.foreign_origin", "A live connection needs to say which page it comes from.", hint);
  }
  if (need.access === "renewal" && origin === undefined) {
    return no(403, "daemon.foreign_origin", "Only Mimic's own page may renew a session.", hint);
  }
  return undefined;
}

function crossSite(request: GateRequest, need: GateNeed, one: Headers): boolean {
  const site = one.get("sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return false;
  // Following a link to the start page is harmless: the page holds nothing, and it cannot be framed.
  const followedLink = one.get("sec-fetch-mode") === "navigate" && one.get("sec-fetch-dest") === "document";
  return !(need.access === "public" && !request.upgrade && request.method === "GET" && followedLink);
}

/** Only bodies that a page of another origin cannot send without a preflight. */
function wrongBody(request: GateRequest, need: GateNeed, one: Headers): GateAnswer | undefined {
  const type = one.get("content-type");
  const empty = !one.has("transfer-encoding") && (one.get("content-length") ?? "0") === "0";
  if (request.method === "GET" || request.method === "HEAD") {
    return empty ? undefined : no(400, "daemon.bad_request", "A request that only reads has no body.", "Leave the body out.");
  }
  // DELETE is never sent across origins without a preflight, so it may come without a body.
  if (request.method === "DELETE" && type === undefined && empty) return undefined;
  const wanted = need.body === "bytes" ? "application/octet-stream" : "application/json";
  const given = (type ?? "").toLowerCase().replace(/\s+/g, "");
  if (given === wanted || (wanted === "application/json" && given === `${wanted};charset=utf-8`)) return undefined;
  return no(415, "daemon.content_type", `This route takes a body of the type ${wanted}.`, `Send “Content-Type: ${wanted}”.`);
}

function identify(request: GateRequest, need: GateNeed, one: Headers, rules: GateRules): GateAnswer {
  const nobody: GateAnswer = { pass: true, asker: { kind: "nobody" } };
  if (request.via === "unix") return { pass: true, asker: { kind: "owner" } };
  if (need.access === "public" || need.access === "code") return nobody;
  const asker = bearerOrSession(request, need, one, rules);
  if (asker === undefined) {
    return no(401, "daemon.not_signed_in", "Mimic does not know who asks.", "Sign in with the address that “mimic open” prints.");
  }
  if (need.access === "unix") {
    return no(403, "daemon.unix_only", "This is done only from this computer's own command line.", "Use the “mimic” program.");
  }
  return { pass: true, asker };
}

/** A wrong Authorization header is never made good by a right cookie. */
function bearerOrSession(request: GateRequest, need: GateNeed, one: Headers, rules: GateRules): Asker | undefined {
  if (one.has("authorization")) {
    return bearerGood(one, rules) && need.access !== "renewal" ? { kind: "token" } : undefined;
  }
  const cookie = cookieOf(one.get("cookie"), rules.cookieName);
  if (cookie === undefined || !rules.sessionKnown(cookie)) return undefined;
  const session: Asker = { kind: "session", cookie };
  if (need.access === "renewal") return session;
  if (need.live && request.upgrade) return session;
  const csrf = one.get("x-mimic-csrf");
  return csrf !== undefined && rules.csrfMatches(cookie, csrf) ? session : undefined;
}

function bearerGood(one: Headers, rules: GateRules): boolean {
  const match = /^Bearer ([A-Za-z0-9_-]{1,200})$/i.exec(one.get("authorization") ?? "");
  return match !== null && rules.tokenMatches(match[1] as string);
}

/** The one value of our cookie; undefined when it is not there, or there twice. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined || header.length > 8192) return undefined;
  const values = header
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
  return values.length === 1 && /^[A-Za-z0-9_-]{1,200}$/.test(values[0] ?? "") ? values[0] : undefined;
}

/** The names that this port may be called by. */
export function hostsOf(port: number): ReadonlySet<string> {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  return new Set(port === 80 ? [...names, ...names.map((name) => `${name}:80`)] : names.map((name) => `${name}:${port}`));
}

export const originsOf = (hosts: ReadonlySet<string>): ReadonlySet<string> => new Set([...hosts].map((host) => `http://${host}`));
