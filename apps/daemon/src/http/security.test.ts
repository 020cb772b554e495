// The gate in front of the real listeners, for every route and upgrade that the doors have: requests are written
// byte by byte, and each attack stands beside a control that shows the same request passing when it is honest.

import { type Log, type LogFacts, MimicError } from "@mimic/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DoorRoute, doorRoutes } from "./door-routes.ts";
import { fakeMachine, fakePort } from "./testing/fake-workbench.ts";
import { type OpenDoors, openDoors, type RawReply, rawRequest, requestText } from "./testing/open-doors.ts";

const CANARY = "canary-5f2c9b7e31d84a06";
const said: string[] = [];
let open: OpenDoors;
let session: { cookie: string; csrf: string };

const log: Log = {
  error: (message, facts) => note(message, facts),
  warn: (message, facts) => note(message, facts),
  info: (message, facts) => note(message, facts),
  debug: (message, facts) => note(message, facts),
  child: () => log,
};
const note = (message: string, facts?: LogFacts) => void said.push(`${message} ${JSON.stringify(facts)}`);

beforeAll(async () => {
  open = await openDoors({ log });
  open.fake.running = fakeMachine({ serial: [fakePort(CANARY)], shell: fakePort(CANARY), screenshot: async () => Buffer.from(CANARY) });
  open.fake.failure = new MimicError("machine.example", "An example.", { hint: "None." });
  session = await signIn();
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
});

type Header = readonly [string, string];
const host = (): Header => ["Host", `127.0.0.1:${open.port}`];
const bearer = (): Header => ["Authorization", `Bearer ${open.token}`];
const own = (): Header => ["Origin", `http://127.0.0.1:${open.port}`];
const CLOSE: Header = ["Connection", "close"];
const UPGRADE: readonly Header[] = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="],
];

async function signIn(): Promise<{ cookie: string; csrf: string }> {
  const made = await rawRequest(
    { path: open.socketPath },
    requestText(
      "POST",
      "/api/v1/sessions/codes",
      [["Host", "localhost"], CLOSE, ["Content-Type", "application/json"], ["Content-Length", "2"]],
      "{}",
    ),
  );
  const { code } = JSON.parse(made.body) as { code: string };
  const body = JSON.stringify({ code });
  const opened = await rawRequest(
    { port: open.port },
    requestText(
      "POST",
      "/api/v1/sessions",
      [host(), CLOSE, own(), ["Content-Type", "application/json"], ["Content-Length", String(body.length)]],
      body,
    ),
  );
  secrets.push(code);
  return { cookie: opened.cookie, csrf: (JSON.parse(opened.body) as { csrf: string }).csrf };
}
const secrets: string[] = [];

const routes = doorRoutes();
const target = (route: DoorRoute): string => route.path.replace(/\{\w+\}/g, "hello");
const typeOf = (route: DoorRoute): Header[] =>
  route.body === "none" ? [] : [["Content-Type", route.body === "bytes" ? "application/octet-stream" : "application/json"]];

/** The route as an honest client asks for it, with these headers in place of (or beside) the honest ones. */
function send(
  route: DoorRoute,
  headers: readonly Header[],
  options: { type?: readonly Header[]; query?: string; forMs?: number } = {},
): Promise<RawReply> {
  const body = route.body === "none" ? "" : "{}";
  const length: Header[] = body === "" ? [] : [["Content-Length", "2"]];
  const shape = route.kind === "live" ? UPGRADE : [CLOSE];
  const text = requestText(
    route.method,
    target(route) + (options.query ?? ""),
    [...headers, ...shape, ...(options.type ?? typeOf(route)), ...length],
    body,
  );
  return rawRequest({ port: open.port }, text, options.forMs ?? 1500);
}

/** Nothing happened, and nothing of a guest came back. */
async function expectHarmless(what: string, replies: readonly Promise<RawReply>[], fits: (status: number) => boolean): Promise<void> {
  const before = open.fake.calls.length + open.shutdowns.length;
  for (const reply of await Promise.all(replies)) {
    expect([what, reply.status, fits(reply.status)]).toEqual([what, reply.status, true]);
    expect(reply.body).not.toContain(CANARY);
    expect(reply.head).not.toContain("access-control-");
  }
  expect([what, open.fake.calls.length + open.shutdowns.length]).toEqual([what, before]);
}

const GATE_STATUS = [400, 401, 403, 405, 415, 421];

describe("control: honest requests pass the gate of every route", () => {
  test.each(routes.map((route) => [route.id, route] as const))("%s", async (id, route) => {
    if (route.access === "unix") {
      const text = requestText(
        route.method,
        target(route),
        [["Host", "localhost"], CLOSE, ...typeOf(route), ["Content-Length", "2"]],
        "{}",
      );
      expect(GATE_STATUS.filter((status) => status !== 400)).not.toContain((await rawRequest({ path: open.socketPath }, text)).status);
      return;
    }
    const proof: Header[] = route.access === "renewal" ? [["Cookie", session.cookie], own()] : [bearer()];
    const reply = await send(route, [host(), ...proof], { forMs: 300 });
    if (route.kind === "live") expect([id, reply.status]).toEqual([id, 101]);
    // 400 and 401 of a verb itself are fine (an empty wish, a wrong code): what counts is that the gate is not what said no.
    const code = reply.body.startsWith("{") ? ((JSON.parse(reply.body) as { code?: string }).code ?? "") : "";
    expect([id, code.startsWith("daemon.")]).toEqual([id, false]);
  });
});

describe("W1: a name that is not this computer's", () => {
  const HOSTS = (port: number): Header[][] =>
    [
      `evil.example:${port}`,
      "evil.example",
      `localhost.evil.example:${port}`,
      `127.0.0.1.nip.io:${port}`,
      `localhost.:${port}`,
      `127.0.0.2:${port}`,
      `0.0.0.0:${port}`,
      `[::]:${port}`,
      `[::ffff:7f00:1]:${port}`,
      `2130706433:${port}`,
      `127.1:${port}`,
      "127.0.0.1",
      "localhost:1",
      "",
    ]
      .map((name): Header[] => [["Host", name]])
      .concat([
        [],
        [
          ["Host", `127.0.0.1:${port}`],
          ["Host", "evil.example"],
        ],
        [
          ["Host", "evil.example"],
          ["Host", `127.0.0.1:${port}`],
        ],
      ]);

  test.each(routes.map((route) => [route.id, route] as const))("%s refuses all of them, even with the token", async (id, route) => {
    const replies = HOSTS(open.port).map((names) => send(route, [...names, bearer()]));
    await expectHarmless(id, replies, (status) => status === 421 || status === 400);
  });
  test("the three names of this computer pass (control)", async () => {
    const list = routes.find((route) => route.id === "machines.list") as DoorRoute;
    for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
      expect((await send(list, [["Host", `${name}:${open.port}`], bearer()])).status).toBe(200);
    }
  });
  test("the files of the web interface and unknown paths stand behind it too", async () => {
    for (const path of ["/", "/index.html", "/api/v1/docs", "/api/v1/nothing", "/nothing"]) {
      expect((await rawRequest({ port: open.port }, requestText("GET", path, [["Host", "evil.example"], CLOSE]))).status).toBe(421);
    }
  });
});

describe("W2: requests that another page can make", () => {
  const SIMPLE = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
    "text/plain; charset=application/json",
  ];
  test.each(routes.filter((route) => route.method !== "GET").map((route) => [route.id, route] as const))(
    "%s refuses each simple content type, with and without the cookie",
    async (id, route) => {
      const jars: Header[][] = [[], [["Cookie", session.cookie]]];
      const types: Header[][] = [...SIMPLE.map((type): Header[] => [["Content-Type", type]]), []];
      const replies = jars.flatMap((jar) => types.map((type) => send({ ...route, body: "json" }, [host(), ...jar], { type })));
      await expectHarmless(id, replies, (status) => status >= 400 && status < 500);
    },
  );
  test.each(routes.map((route) => [route.id, route] as const))(
    "%s refuses foreign pages, even with a session's cookie and CSRF value",
    async (id, route) => {
      const jar: Header[] = [
        ["Cookie", session.cookie],
        ["X-Mimic-CSRF", session.csrf],
      ];
      const foreign: Header[][] = [
        [["Origin", "http://evil.example"]],
        [["Origin", "null"]],
        [["Origin", `http://127.0.0.1:${open.port + 1}`]],
        [["Origin", `https://127.0.0.1:${open.port}`]],
        [["Sec-Fetch-Site", "cross-site"]],
        [["Sec-Fetch-Site", "same-site"]],
        [
          ["Origin", `http://127.0.0.1:${open.port}`],
          ["Origin", "http://evil.example"],
        ],
      ];
      await expectHarmless(
        id,
        foreign.map((headers) => send(route, [host(), ...jar, ...headers])),
        (status) => status === 403 || status === 400,
      );
    },
  );
  test.each(routes.filter((route) => route.access !== "code").map((route) => [route.id, route] as const))(
    "%s refuses who has no token",
    async (id, route) => {
      const strangers: Header[][] = [
        [own()],
        [own(), ["Authorization", "Bearer guess"]],
        [own(), ["Authorization", `Basic ${open.token}`]],
      ];
      await expectHarmless(
        id,
        strangers.map((headers) => send(route, [host(), ...headers])),
        (status) => status === 401,
      );
    },
  );
  test.each(routes.map((route) => [route.id, route] as const))("%s answers a preflight with 405 and no permission", async (id, route) => {
    const preflight = requestText("OPTIONS", target(route), [
      host(),
      CLOSE,
      ["Origin", "http://evil.example"],
      ["Access-Control-Request-Method", route.method],
    ]);
    await expectHarmless(id, [rawRequest({ port: open.port }, preflight)], (status) => status === 405);
  });
  test("reading changes nothing: each GET twice calls only verbs that read", async () => {
    const before = open.fake.calls.length;
    for (const route of routes.filter((each) => each.method === "GET" && each.kind === "verb")) {
      expect((await send(route, [host(), bearer()])).body).toBe((await send(route, [host(), bearer()])).body);
    }
    const reading = /\.(list|lan|usb|show|explain|hardware|story|log|load|guest|ping|wait|leases|counters|drops|picture|verification)$/;
    expect(open.fake.calls.slice(before).filter((call) => !reading.test(call))).toEqual([]);
  });
});

describe("W3: live connections from another page", () => {
  const paths = routes.filter((route) => route.kind === "live");
  test.each(paths.map((route) => [route.id, route] as const))(
    "%s refuses foreign, null and absent origins before it says anything",
    async (id, route) => {
      const jar: Header = ["Cookie", session.cookie];
      const origins: Header[][] = [
        [["Origin", "http://evil.example"]],
        [["Origin", "null"]],
        [],
        [["Origin", `http://localhost:${open.port + 1}`]],
      ];
      await expectHarmless(
        id,
        origins.map((origin) => send(route, [host(), jar, ...origin])),
        (status) => status === 403,
      );
    },
  );
  test.each(paths.map((route) => [route.id, route] as const))(
    "%s sends nothing of a guest to a page that shows only the cookie",
    async (id, route) => {
      const reply = await send(route, [host(), own(), ["Cookie", session.cookie]], { forMs: 300 });
      expect([id, reply.status]).toEqual([id, 101]);
      // A ping is no word about a guest.
      expect(reply.body.replaceAll("\u0089\u0000", "")).toBe("");
    },
  );
  test("with the token the serial console speaks at once (control)", async () => {
    const serial = paths.find((route) => route.id === "live.serial") as DoorRoute;
    expect((await send(serial, [host(), bearer()], { forMs: 300 })).body).toContain(CANARY);
  });
  test("an upgrade to a path that has none is refused like any request", async () => {
    for (const route of routes.filter((each) => each.kind !== "live")) {
      const plain = { ...route, kind: "live" } as DoorRoute;
      const answer = await send(plain, [host(), own()]);
      expect([route.id, answer.status >= 400 && answer.status < 500]).toEqual([route.id, true]);
      if (route.access === "token") expect((await send(plain, [host(), own(), bearer()])).status).not.toBe(101);
    }
  });
});

describe("W4: framing", () => {
  test("every answer, errors too, forbids frames, sniffing and caching, and grants no other origin anything", async () => {
    const requests = [
      ...routes.map((route) => send(route, [host()])),
      ...routes.filter((route) => route.kind === "verb" && route.access === "token").map((route) => send(route, [host(), bearer()])),
      rawRequest({ port: open.port }, "NONSENSE\r\n\r\n"),
      rawRequest({ port: open.port }, requestText("GET", "/", [host(), CLOSE, ["X-Large", "x".repeat(20_000)]])),
      rawRequest({ port: open.port }, requestText("GET", "/api/v1/docs", [host(), CLOSE])),
      rawRequest({ port: open.port }, requestText("POST", "/api/v1/images/pull", [host(), CLOSE, ["Expect", "wonders"], bearer()])),
    ];
    for (const reply of await Promise.all(requests)) {
      expect(reply.status).toBeGreaterThanOrEqual(200);
      for (const part of [
        "frame-ancestors 'none'",
        "default-src 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-resource-policy: same-origin",
        "cross-origin-opener-policy: same-origin",
        "cache-control: no-store",
      ]) {
        expect(reply.head).toContain(part);
      }
    }
  });
});

describe("W5 and U5: secrets in the wrong place", () => {
  test.each(routes.filter((route) => route.access === "token" || route.access === "unix").map((route) => [route.id, route] as const))(
    "%s takes no token from the address, nor a wish to be trusted",
    async (id, route) => {
      const places = [
        `?token=${open.token}`,
        `?access_token=${open.token}&auth=none`,
        "?via=unix",
        `?authorization=Bearer%20${open.token}`,
      ];
      const headers: Header[][] = [
        [["X-Token", open.token]],
        [["Proxy-Authorization", `Bearer ${open.token}`]],
        [["X-Forwarded-For", "unix"]],
        [["Sec-WebSocket-Protocol", open.token]],
      ];
      const replies = [
        ...places.map((query) => send(route, [host(), own()], { query })),
        ...headers.map((extra) => send(route, [host(), own(), ...extra])),
      ];
      await expectHarmless(id, replies, (status) => status === 401);
    },
  );
  test("neither token, code, cookie nor CSRF value is ever logged", async () => {
    await send(routes[0] as DoorRoute, [host(), bearer()], { query: `?c=${open.token}` });
    expect(said.length).toBeGreaterThan(100);
    const all = said.join("\n");
    for (const secret of [open.token, session.csrf, session.cookie.split("=")[1] as string, ...secrets])
      expect(all.includes(secret)).toBe(false);
  });
});

describe("request smuggling", () => {
  test.each<[string, (port: number) => string]>([
    [
      "two lengths",
      (port) => `POST /api/v1/images/pull HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    ],
    [
      "a length and chunks",
      (port) =>
        `POST /api/v1/images/pull HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "an absolute target",
      (port) => `GET http://127.0.0.1:${port}/api/v1/docs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
    ],
    ["a folded header", (port) => `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: a\r\n b\r\nConnection: close\r\n\r\n`],
    ["a space before the colon", (port) => `GET / HTTP/1.1\r\nHost : 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`],
    ["bare line feeds", (port) => `GET / HTTP/1.1\nHost: evil.example:${port}\nConnection: close\n\n`],
  ])("%s: refused", async (_what, text) => {
    const reply = await rawRequest({ port: open.port }, text(open.port));
    expect(reply.status === 400 || reply.status === 421).toBe(true);
  });
});
