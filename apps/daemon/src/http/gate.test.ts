// The gate as a table: what is let in, what is not, and in which order; then for any request at all.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cookieOf, type GateNeed, type GateRequest, type GateRules, gate, hostsOf, originsOf } from "./gate.ts";
import { findUser } from "./peer-user.ts";
import { Sessions, sameSecret } from "./sessions.ts";

const PORT = 7717;
const TOKEN = "t".repeat(43);
const COOKIE = "c".repeat(43);
const CSRF = "x".repeat(43);
const hosts = hostsOf(PORT);
const rules: GateRules = {
  hosts,
  origins: originsOf(hosts),
  cookieName: "mimic-7717",
  tokenMatches: (text) => text === TOKEN,
  sessionKnown: (cookie) => cookie === COOKIE,
  csrfMatches: (cookie, csrf) => cookie === COOKIE && csrf === CSRF,
};
type Header = readonly [string, string];
const HOST: Header = ["host", "127.0.0.1:7717"];
const BEARER: Header = ["authorization", `Bearer ${TOKEN}`];
const JSON_TYPE: Header = ["content-type", "application/json"];
const OWN: Header = ["origin", "http://127.0.0.1:7717"];
const JAR: Header = ["cookie", `other=1; mimic-7717=${COOKIE}`];
const PROOF: Header = ["x-mimic-csrf", CSRF];

const get: GateNeed = { access: "token", body: "none", live: false };
const post: GateNeed = { access: "token", body: "json", live: false };
const live: GateNeed = { access: "token", body: "none", live: true };
const renewal: GateNeed = { access: "renewal", body: "json", live: false };

function ask(headers: readonly Header[], request: Partial<GateRequest> = {}, need: GateNeed = get): number | string {
  const answer = gate(
    { via: "tcp", method: "GET", target: "/api/v1/host", httpVersion: "1.1", headers, upgrade: false, ...request },
    need,
    rules,
  );
  return answer.pass ? answer.asker.kind : answer.status;
}

describe("Host (W1, DNS rebinding)", () => {
  test.each(["127.0.0.1:7717", "localhost:7717", "[::1]:7717", "LOCALHOST:7717"])("%s is this computer", (host) => {
    expect(ask([["host", host], BEARER])).toBe("token");
  });
  test.each([
    "evil.example:7717",
    "localhost.evil.example:7717",
    "127.0.0.1.nip.io:7717",
    "localhost.:7717",
    "localhost",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1:77170",
    "127.0.0.2:7717",
    "0.0.0.0:7717",
    "[::]:7717",
    "[::ffff:127.0.0.1]:7717",
    "2130706433:7717",
    "localhost:7717@evil.example",
    "evil.example, 127.0.0.1:7717",
    " 127.0.0.1:7717",
    "",
  ])("“%s” is not, even with the token", (host) => {
    expect(ask([["host", host], BEARER])).toBe(421);
  });
  test("none is 421, two are 400", () => {
    expect(ask([BEARER])).toBe(421);
    expect(ask([HOST, HOST, BEARER])).toBe(400);
  });
  test("it is looked at before everything that could tell something", () => {
    expect(ask([["host", "evil.example"]], { method: "OPTIONS" })).toBe(421);
    expect(
      ask([
        ["host", "evil.example"],
        ["origin", "http://evil.example"],
      ]),
    ).toBe(421);
  });
});

describe("Origin and Sec-Fetch-Site (W2, W3)", () => {
  test.each([
    "http://evil.example",
    "null",
    "http://127.0.0.1",
    "http://127.0.0.1:7718",
    "https://127.0.0.1:7717",
    "http://127.0.0.1:7717/",
    "HTTP://127.0.0.1:7717",
    "",
  ])("the origin “%s” is refused, even with the token", (origin) => {
    expect(ask([HOST, BEARER, ["origin", origin]])).toBe(403);
    expect(ask([HOST, BEARER, ["origin", origin]], { upgrade: true }, live)).toBe(403);
    expect(ask([HOST, BEARER, ["origin", origin]], { via: "unix" })).toBe(403);
  });
  test("an origin that equals a rebound host is refused", () => {
    expect(ask([["host", "evil.example:7717"], BEARER, ["origin", "http://evil.example:7717"]])).toBe(421);
    expect(ask([HOST, BEARER, ["origin", "http://evil.example:7717"]])).toBe(403);
  });
  test.each(["cross-site", "same-site", "", "nonsense"])("Sec-Fetch-Site “%s” is refused", (site) => {
    expect(ask([HOST, BEARER, ["sec-fetch-site", site]])).toBe(403);
  });
  test.each(["same-origin", "none"])("Sec-Fetch-Site “%s” passes", (site) => {
    expect(ask([HOST, BEARER, ["sec-fetch-site", site]])).toBe("token");
  });
  test("an upgrade without an origin needs the token, and a cookie is no token", () => {
    expect(ask([HOST, JAR], { upgrade: true }, live)).toBe(403);
    expect(ask([HOST, BEARER], { upgrade: true }, live)).toBe("token");
    expect(ask([HOST, ["authorization", "Bearer wrong"]], { upgrade: true }, live)).toBe(403);
    expect(ask([HOST, OWN, JAR], { upgrade: true }, live)).toBe("session");
    expect(ask([HOST, OWN], { upgrade: true }, live)).toBe(401);
  });
});

describe("methods and bodies", () => {
  test.each(["OPTIONS", "PUT", "TRACE", "CONNECT", "PROPFIND", "get"])("%s is answered 405", (method) => {
    expect(ask([HOST, BEARER], { method })).toBe(405);
  });
  test.each([
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain;application/json",
    "application/jsonp",
    "application/json; charset=utf-16",
    "application/octet-stream",
    "",
  ])("a JSON route refuses a body of “%s”", (type) => {
    expect(ask([HOST, BEARER, ["content-type", type]], { method: "POST" }, post)).toBe(415);
  });
  test("a JSON route wants its type even without a body, and takes it with a charset", () => {
    expect(ask([HOST, BEARER], { method: "POST" }, post)).toBe(415);
    expect(ask([HOST, BEARER, JSON_TYPE], { method: "POST" }, post)).toBe("token");
    expect(ask([HOST, BEARER, ["content-type", "Application/JSON; charset=UTF-8"]], { method: "POST" }, post)).toBe("token");
  });
  test("DELETE may come bare, but not with a body of another type", () => {
    expect(ask([HOST, BEARER], { method: "DELETE" })).toBe("token");
    expect(ask([HOST, BEARER, ["content-length", "3"]], { method: "DELETE" })).toBe(415);
    expect(ask([HOST, BEARER, ["content-type", "text/plain"]], { method: "DELETE" })).toBe(415);
  });
  test.each<[string, Header[], Partial<GateRequest>]>([
    [
      "two lengths",
      [
        ["content-length", "1"],
        ["transfer-encoding", "chunked"],
      ],
      {},
    ],
    ["an unknown encoding", [["transfer-encoding", "gzip, chunked"]], {}],
    ["a strange length", [["content-length", "+1"]], {}],
    ["a compressed body", [["content-encoding", "gzip"]], {}],
    ["a body on GET", [["content-length", "1"]], {}],
    ["an absolute target", [], { target: "http://127.0.0.1:7717/api/v1/host" }],
    ["a target without slash", [], { target: "*" }],
    ["HTTP/2", [], { httpVersion: "2.0" }],
    ["HTTP/0.9", [], { httpVersion: "0.9" }],
    ["two tokens", [BEARER], {}],
    ["two origins", [OWN, OWN], {}],
  ])("%s: 400", (_what, headers, request) => {
    expect(ask([HOST, BEARER, ...headers], request)).toBe(400);
  });
});

describe("who asks", () => {
  test.each<[string, Header[]]>([
    ["nothing", []],
    ["a wrong token", [["authorization", `Bearer ${"u".repeat(43)}`]]],
    ["a token in another scheme", [["authorization", `Basic ${TOKEN}`]]],
    ["an empty token", [["authorization", "Bearer "]]],
    ["a cookie alone", [JAR]],
    ["a CSRF value alone", [PROOF]],
    ["a cookie with a wrong CSRF value", [JAR, ["x-mimic-csrf", "y".repeat(43)]]],
    ["a cookie of another port", [["cookie", `mimic-7718=${COOKIE}`], PROOF]],
    ["the cookie twice", [["cookie", `mimic-7717=${COOKIE}; mimic-7717=${COOKIE}`], PROOF]],
    ["a good session with a wrong token", [JAR, PROOF, ["authorization", "Bearer wrong"]]],
  ])("%s is nobody", (_what, headers) => {
    expect(ask([HOST, ...headers])).toBe(401);
  });
  test("a cookie with its CSRF value is a session", () => {
    expect(ask([HOST, JAR, PROOF])).toBe("session");
  });
  test("a renewal needs the cookie and Mimic's own origin; a token is no session", () => {
    const request = { method: "POST" };
    expect(ask([HOST, OWN, JAR, JSON_TYPE], request, renewal)).toBe("session");
    expect(ask([HOST, JAR, JSON_TYPE], request, renewal)).toBe(403);
    expect(ask([HOST, OWN, JSON_TYPE], request, renewal)).toBe(401);
    expect(ask([HOST, OWN, BEARER, JSON_TYPE], request, renewal)).toBe(401);
  });
  test("what belongs to the command line is not done for a token", () => {
    const need: GateNeed = { access: "unix", body: "json", live: false };
    expect(ask([HOST, BEARER, JSON_TYPE], { method: "POST" }, need)).toBe(403);
    expect(ask([HOST, JSON_TYPE], { method: "POST" }, need)).toBe(401);
    expect(ask([HOST, JSON_TYPE], { method: "POST", via: "unix" }, need)).toBe("owner");
  });
  test("cookies are read whole or not at all", () => {
    expect(cookieOf("a=b; mimic-1=xyz", "mimic-1")).toBe("xyz");
    expect(cookieOf("amimic-1=xyz", "mimic-1")).toBeUndefined();
    expect(cookieOf('mimic-1="x"', "mimic-1")).toBeUndefined();
    expect(cookieOf(undefined, "mimic-1")).toBeUndefined();
  });
});

describe("for any request (U5)", () => {
  const name = fc.constantFrom(
    "x-mimic-csrf",
    "authorization",
    "cookie",
    "origin",
    "sec-fetch-site",
    "x-forwarded-for",
    "x-forwarded-host",
    "forwarded",
    "x-http-method-override",
    "upgrade",
    "connection",
    "x-mimic-mode",
    "x-real-ip",
    "sec-websocket-protocol",
    "proxy-authorization",
    "host",
    "content-type",
  );
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "127.0.0.1",
      "unix",
      "owner",
      "true",
      "Bearer",
      `Bearer ${CSRF}`,
      `mimic-7717=${CSRF}`,
      COOKIE,
      "none",
      "same-origin",
      "application/json",
      "http://127.0.0.1:7717",
    ),
  );
  const needs = fc.constantFrom(get, post, live, renewal, { access: "unix", body: "json", live: false } as GateNeed);

  test("no extra headers or parameters let a stranger in", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 8 }),
        fc.string(),
        fc.boolean(),
        fc.constantFrom("GET", "POST", "DELETE", "HEAD"),
        needs,
        (extra, query, upgrade, method, need) => {
          const answer = ask([HOST, ...extra], { target: `/api/v1/host?${query}`, upgrade, method }, need);
          expect(typeof answer === "number" && answer >= 400).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("the same requests with the token are let in by some (control)", () => {
    let passed = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("x-forwarded-for", "x-mimic-mode"), value), { maxLength: 8 }), (extra) => {
        if (ask([HOST, BEARER, ...extra]) === "token") passed++;
      }),
    );
    expect(passed).toBeGreaterThan(0);
  });
});

describe("sessions", () => {
  const make = () => {
    let now = 0;
    let count = 0;
    const clock = { nowMs: () => now, monotonicMs: () => now, sleep: async () => {} };
    const random = { bytes: (size: number) => new Uint8Array(size).fill(++count) };
    return { sessions: new Sessions(clock, random), pass: (ms: number) => (now += ms) };
  };
  const opened = (sessions: Sessions, uid = 1000) => {
    const answer = sessions.open(sessions.makeCode(), uid);
    if (typeof answer === "string") throw new Error(answer);
    return answer;
  };

  test("a code is good once, and for 60 seconds", () => {
    const { sessions, pass } = make();
    const code = sessions.makeCode();
    expect(sessions.open(code, 0)).toHaveProperty("cookie");
    expect(sessions.open(code, 0)).toBe("wrong");
    const late = sessions.makeCode();
    pass(60_001);
    expect(sessions.open(late, 0)).toBe("wrong");
  });
  test("wrong codes are slowed down, and a right one still opens", () => {
    const { sessions, pass } = make();
    const right = sessions.makeCode();
    for (let at = 0; at < 30; at++) expect(sessions.open(`wrong${at}`, 0)).toBe("wrong");
    expect(sessions.open("wrong", 0)).toBe("too_many_tries");
    expect(sessions.open(right, 0)).toHaveProperty("cookie");
    pass(61_000);
    expect(sessions.open("wrong", 0)).toBe("wrong");
  });
  test("only the 16 newest codes and the 64 sessions used last are kept", () => {
    const { sessions, pass } = make();
    const first = sessions.makeCode();
    for (let at = 0; at < 16; at++) sessions.makeCode();
    expect(sessions.open(first, 0)).toBe("wrong");
    const oldest = opened(sessions);
    for (let at = 0; at < 64; at++) {
      pass(1);
      opened(sessions);
    }
    expect(sessions.known(oldest.cookie)).toBe(false);
  });
  test("the CSRF value is given again only to the user who signed in", () => {
    const { sessions } = make();
    const { cookie, csrf } = opened(sessions, 1000);
    expect(sessions.renew(cookie, 1000)).toBe(csrf);
    expect(sessions.renew(cookie, 1001)).toBeUndefined();
    expect(sessions.renew(cookie, undefined)).toBeUndefined();
    const nobody = sessions.open(sessions.makeCode(), undefined);
    expect(sessions.renew((nobody as { cookie: string }).cookie, undefined)).toBeUndefined();
  });
  test("a session ends after a day without use, and after two weeks", () => {
    const { sessions, pass } = make();
    const idle = opened(sessions);
    pass(24 * 3600_000 + 1);
    expect(sessions.csrfMatches(idle.cookie, idle.csrf)).toBe(false);
    const busy = opened(sessions);
    for (let day = 0; day < 14; day++) {
      pass(23 * 3600_000);
      expect(sessions.csrfMatches(busy.cookie, busy.csrf)).toBe(true);
    }
    pass(23 * 3600_000);
    expect(sessions.known(busy.cookie)).toBe(false);
  });
  test("secrets are compared whole", () => {
    expect(sameSecret("abc", "abc")).toBe(true);
    expect(sameSecret("abc", "abcd")).toBe(false);
  });
});

test("the user at the other end is read from the kernel's table (proc(5)), only for loopback and only when connected", () => {
  const line = (local: string, remote: string, state: string, uid: number) =>
    `   1: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 12345 1 0 20 4 30 10 -1`;
  const table = [
    line("0100007F:1E25", "00000000:0000", "0A", 0),
    line("0100007F:1E25", "0100007F:C350", "01", 0),
    line("0100007F:C350", "0100007F:1E25", "01", 1001),
    line("0100A8C0:C351", "0100007F:1E25", "01", 1002),
    line("0100007F:C352", "0100007F:1E25", "06", 0),
  ].join("\n");
  expect(findUser(table, { remotePort: 50_000, localPort: 7717 })).toBe(1001);
  expect(findUser(table, { remotePort: 50_001, localPort: 7717 })).toBeUndefined();
  expect(findUser(table, { remotePort: 50_002, localPort: 7717 })).toBeUndefined();
  const six = line("00000000000000000000000001000000:C350", "00000000000000000000000001000000:1E25", "01", 7);
  expect(findUser(six, { remotePort: 50_000, localPort: 7717 })).toBe(7);
});
