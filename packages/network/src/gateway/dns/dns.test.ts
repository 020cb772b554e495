import type { DnsRecord } from "@mimic/model";
import { VirtualClock } from "@mimic/testkit";
import {
  type DnsMessage,
  type DnsRecordOnWire,
  type DnsTypeName,
  dataOfText,
  dnsClass,
  dnsType,
  emptyDnsMessage,
  foldName,
  ipText,
  parseDnsMessage,
  parseIp,
  parseRange,
  readSoa,
  responseCode,
  serializeDnsMessage,
  soaData,
  targetOf,
} from "@mimic/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPublicAddress } from "../filter/special-ranges.ts";
import { DnsCache } from "./cache.ts";
import { DnsServer } from "./dns-server.ts";
import { type DnsTransport, Forwarder } from "./forwarder.ts";
import { DnsTcpReader, framedForTcp } from "./tcp-messages.ts";
import { makeZone } from "./zone.ts";

const ip = (text: string): Uint8Array => parseIp(text) ?? new Uint8Array(4);
const range = (text: string) => parseRange(text) ?? { base: new Uint8Array(4), prefix: 32 };
const record = (name: string, type: DnsTypeName, value: string, ttlSeconds = 300): DnsRecordOnWire => ({
  name,
  type: dnsType[type],
  class: dnsClass.IN,
  ttlSeconds,
  data: dataOfText(type, value) ?? new Uint8Array(),
});
const soa = (name: string, negativeTtlSeconds: number, ttlSeconds = 3600): DnsRecordOnWire => ({
  ...record(name, "NS", "x"),
  type: dnsType.SOA,
  ttlSeconds,
  data: soaData({ primary: "ns", mailbox: "m", serial: 1, refreshSeconds: 1, retrySeconds: 1, expireSeconds: 1, negativeTtlSeconds }),
});

/** A resolver somewhere: what it says to a question, over UDP and TCP. */
type Says = (query: DnsMessage, over: "udp" | "tcp") => Partial<DnsMessage>[] | undefined;

function aForwarder(clock: VirtualClock, says: Says) {
  const queries: { query: DnsMessage; over: "udp" | "tcp"; server: string }[] = [];
  const bytesFor = (query: DnsMessage, over: "udp" | "tcp"): Uint8Array[] =>
    (says(query, over) ?? []).map((reply) =>
      serializeDnsMessage({ ...emptyDnsMessage, isResponse: true, id: query.id, questions: query.questions, ...reply }),
    );
  const read = (bytes: Uint8Array): DnsMessage => {
    const query = parseDnsMessage(bytes);
    if ("malformed" in query) throw new Error(query.malformed);
    return query;
  };
  const transport: DnsTransport = {
    udp: (server, bytes, { heard }) => {
      const query = read(bytes);
      queries.push({ query, over: "udp", server: server.address });
      queueMicrotask(() => bytesFor(query, "udp").forEach(heard));
      return { [Symbol.dispose]() {} };
    },
    tcp: async (server, bytes) => {
      const query = read(bytes);
      queries.push({ query, over: "tcp", server: server.address });
      const [first] = bytesFor(query, "tcp");
      if (!first) throw new Error("closed");
      return first;
    },
  };
  let seed = 1;
  const nextByte = (): number => {
    seed = (seed * 48_271) % 0x7fff_ffff;
    return seed & 255;
  };
  const random = { bytes: (count: number) => Uint8Array.from({ length: count }, nextByte) };
  const forwarder = new Forwarder({
    transport,
    clock,
    random,
    servers: () => [
      { address: "192.0.2.53", port: 53 },
      { address: "192.0.2.54", port: 53 },
    ],
  });
  return { forwarder, queries };
}

const HOSTS = [
  { name: "gateway", addresses: [ip("10.77.0.1"), ip("fd77::1")] },
  { name: "hello", addresses: [ip("10.77.0.15"), ip("fd77::15")] },
];

function aServer({
  says,
  records = [],
  mayPoint = isPublicAddress,
}: {
  says?: Says;
  records?: Partial<DnsRecord>[];
  mayPoint?: (address: Uint8Array) => boolean;
} = {}) {
  const clock = new VirtualClock();
  const zone = makeZone({
    domain: "home.mimic",
    hosts: HOSTS,
    records: records.map((some) => ({ name: "", type: "A", value: "", ttlSeconds: 300, ...some })),
    ranges: [range("10.77.0.0/24"), range("fd77::/64")],
    serial: 7,
  });
  const upstream = says && aForwarder(clock, says);
  const server = new DnsServer({ zone: () => zone, forwarder: () => upstream?.forwarder, mayPoint, clock });
  const ask = async (name: string, type: DnsTypeName = "A", more: Partial<DnsMessage> = {}, over: "udp" | "tcp" = "udp") => {
    const query = {
      ...emptyDnsMessage,
      id: 99,
      recursionDesired: true,
      questions: [{ name, type: dnsType[type], class: dnsClass.IN }],
      ...more,
    };
    const bytes = await server.answer(serializeDnsMessage(query), { who: "mac", over });
    const answer = bytes && parseDnsMessage(bytes);
    if (!answer || "malformed" in answer) throw new Error("no answer");
    return answer;
  };
  return { server, ask, clock, queries: upstream?.queries ?? [] };
}

const addresses = ({ answers }: DnsMessage): string[] =>
  answers.filter(({ type }) => type === 1 || type === 28).map(({ data }) => ipText(data));

describe("the network's own names", () => {
  test("are answered with authority: address, IPv6 address and backwards", async () => {
    const { ask } = aServer();
    const answer = await ask("hello.home.mimic");
    expect([addresses(answer), answer.isAuthoritative, answer.responseCode]).toEqual([["10.77.0.15"], true, 0]);
    expect(addresses(await ask("hello.home.mimic", "AAAA"))).toEqual(["fd77::15"]);
    const back = await ask("15.0.77.10.in-addr.arpa", "PTR");
    expect(targetOf(dnsType.PTR, back.answers[0]?.data ?? new Uint8Array())).toBe("hello.home.mimic");
  });

  test("are found without the domain too, and in any case of letters, which comes back as it was asked", async () => {
    const { ask } = aServer();
    expect(addresses(await ask("hello"))).toEqual(["10.77.0.15"]);
    const answer = await ask("hELLo.Home.miMIC");
    expect([addresses(answer), answer.answers[0]?.name]).toEqual([["10.77.0.15"], "hELLo.Home.miMIC"]);
  });

  test("that do not exist are denied with the SOA, those without that type are empty (RFC 2308 §3)", async () => {
    const { ask } = aServer();
    const denied = await ask("nobody.home.mimic");
    expect([denied.responseCode, denied.answers.length]).toEqual([responseCode.nameError, 0]);
    expect(readSoa(denied.authorities[0]?.data ?? new Uint8Array())?.primary).toBe("gateway.home.mimic");
    const empty = await ask("hello.home.mimic", "MX");
    expect([empty.responseCode, empty.answers.length, empty.authorities.length]).toEqual([0, 0, 1]);
  });

  test.each([
    ["mail.home.mimic", "MX", "10 hello.home.mimic"],
    ["txt.home.mimic", "TXT", "one two"],
    ["_ldap._tcp.home.mimic", "SRV", "1 2 389 hello.home.mimic"],
    ["home.mimic", "HTTPS", "1 . alpn=h2"],
    ["sub.home.mimic", "NS", "hello.home.mimic"],
    ["elsewhere.example", "A", "192.0.2.9"],
  ] as const)("of the plan (%s %s) are answered", async (name, type, value) => {
    const answer = await aServer({ records: [{ name, type, value }] }).ask(name, type);
    expect(answer.answers.map(({ data }) => data)).toEqual([dataOfText(type, value)]);
  });

  test("lead on as aliases, inside and to the outside, and never in a circle", async () => {
    const records = [
      { name: "www.home.mimic", type: "CNAME" as const, value: "hello.home.mimic" },
      { name: "out.home.mimic", type: "CNAME" as const, value: "example.org" },
      { name: "a.home.mimic", type: "CNAME" as const, value: "b.home.mimic" },
      { name: "b.home.mimic", type: "CNAME" as const, value: "a.home.mimic" },
    ];
    const { ask } = aServer({ records, says: () => [{ answers: [record("example.org", "A", "93.184.216.34")] }] });
    expect(addresses(await ask("www.home.mimic"))).toEqual(["10.77.0.15"]);
    const out = await ask("out.home.mimic");
    expect([addresses(out), out.answers.map(({ name }) => name)]).toEqual([["93.184.216.34"], ["out.home.mimic", "example.org"]]);
    expect((await ask("a.home.mimic")).responseCode).toBe(0);
  });

  test("may be a “*” for everything below (RFC 4592)", async () => {
    const { ask } = aServer({ records: [{ name: "*.dev.home.mimic", type: "A", value: "10.77.0.99" }] });
    expect(addresses(await ask("any.thing.dev.home.mimic"))).toEqual(["10.77.0.99"]);
    expect((await ask("other.home.mimic")).responseCode).toBe(responseCode.nameError);
  });

  test("localhost is the asking machine; names that must stay are not asked of others (RFC 6761, 6762, 6303)", async () => {
    const { ask, queries } = aServer({ says: () => [{ answers: [] }] });
    expect(addresses(await ask("localhost"))).toEqual(["127.0.0.1"]);
    for (const name of ["printer", "printer.local", "x.onion", "1.1.168.192.in-addr.arpa"])
      expect((await ask(name)).responseCode).toBe(responseCode.nameError);
    expect(queries).toEqual([]);
  });
});

describe("other names", () => {
  test("are asked of a resolver with an id, letters and an answer that all have to fit", async () => {
    const { ask, queries } = aServer({ says: () => [{ answers: [record("example.org", "A", "93.184.216.34")] }] });
    const answer = await ask("Example.org");
    expect([addresses(answer), answer.answers[0]?.name, answer.isAuthoritative]).toEqual([["93.184.216.34"], "Example.org", false]);
    const asked = queries[0]?.query.questions[0]?.name ?? "";
    expect(foldName(asked)).toBe("example.org");
    expect(asked).not.toBe("example.org");
  });

  test("are not believed when forged: wrong id, wrong letters, wrong question, no answer at all", async () => {
    const evil = { answers: [record("example.org", "A", "6.6.6.6")] };
    const good = { answers: [record("example.org", "A", "93.184.216.34")] };
    const forged: Says = (query, over) =>
      over === "tcp"
        ? [good]
        : [
            { ...evil, id: query.id ^ 1 },
            { ...evil, questions: [{ name: "other.org", type: 1, class: 1 }] },
            { ...evil, isResponse: false },
            { ...evil, questions: [] },
            good,
          ];
    expect(addresses(await aServer({ says: forged }).ask("example.org"))).toEqual(["93.184.216.34"]);
  });

  test("go over TCP when somebody guesses much, when letters come back changed, and when the answer was cut", async () => {
    const good = { answers: [record("example.org", "A", "93.184.216.34")] };
    const evil = { answers: [record("example.org", "A", "6.6.6.6")] };
    const guesses: Says = (query, over) =>
      over === "tcp" ? [good] : Array.from({ length: 40 }, (_, index) => ({ ...evil, id: (query.id + 1 + index) & 0xffff }));
    const lowers: Says = (query, over) => [
      over === "tcp" ? good : { ...evil, questions: query.questions.map((one) => ({ ...one, name: foldName(one.name) })) },
    ];
    const cuts: Says = (_, over) => [over === "tcp" ? good : { isTruncated: true }];
    for (const says of [guesses, lowers, cuts]) expect(addresses(await aServer({ says }).ask("example.org"))).toEqual(["93.184.216.34"]);
  });

  test("keep nothing that was not asked for (RFC 5452 §6)", async () => {
    const says: Says = () => [
      {
        answers: [record("example.org", "CNAME", "real.org"), record("real.org", "A", "93.184.216.34"), record("bank.org", "A", "6.6.6.6")],
        authorities: [record("org", "NS", "evil.org")],
        additionals: [record("bank.org", "A", "6.6.6.6")],
      },
    ];
    const answer = await aServer({ says }).ask("example.org");
    expect([addresses(answer), answer.authorities, answer.additionals]).toEqual([["93.184.216.34"], [], []]);
  });

  test("lose addresses of the neighbourhood, hints too, unless a rule opened them (rebinding)", async () => {
    const says: Says = () => [
      {
        answers: [
          record("evil.org", "A", "192.168.1.1"),
          record("evil.org", "A", "127.0.0.1"),
          record("evil.org", "A", "93.184.216.34"),
          record("evil.org", "HTTPS", "1 . alpn=h2 ipv4hint=10.0.0.1"),
        ],
      },
    ];
    const { ask, server } = aServer({ says });
    expect(addresses(await ask("evil.org"))).toEqual(["93.184.216.34"]);
    expect((await ask("evil.org", "HTTPS")).answers[0]?.data).toEqual(dataOfText("HTTPS", "1 . alpn=h2"));
    expect(server.counters.stripped).toBe(3);
    expect(addresses(await aServer({ says, mayPoint: () => true }).ask("evil.org"))).toHaveLength(3);
  });

  test("are refused where the network has no way out, so that a machine may ask elsewhere", async () => {
    expect((await aServer().ask("example.org")).responseCode).toBe(responseCode.refused);
  });

  test("are answered from memory until their time is over, with the time that is left", async () => {
    const { ask, queries, clock } = aServer({ says: () => [{ answers: [record("example.org", "A", "93.184.216.34", 60)] }] });
    await ask("example.org");
    await clock.pass(20_000);
    expect((await ask("EXAMPLE.org")).answers[0]).toMatchObject({ ttlSeconds: 40, name: "EXAMPLE.org" });
    expect(queries).toHaveLength(1);
    await clock.pass(40_000);
    await ask("example.org");
    expect(queries).toHaveLength(2);
  });

  test("that do not exist are remembered as long as the SOA says, and not without one (RFC 2308 §5)", async () => {
    const denies =
      (authorities: DnsRecordOnWire[]): Says =>
      () => [{ responseCode: responseCode.nameError, authorities }];
    const remembering = aServer({ says: denies([soa("org", 30)]) });
    await remembering.ask("no.org");
    expect((await remembering.ask("no.org")).responseCode).toBe(responseCode.nameError);
    await remembering.clock.pass(31_000);
    await remembering.ask("no.org");
    expect(remembering.queries).toHaveLength(2);
    const forgetting = aServer({ says: denies([]) });
    await forgetting.ask("no.org");
    await forgetting.ask("no.org");
    expect(forgetting.queries).toHaveLength(2);
  });

  test("asked many times at once are asked of others once", async () => {
    const { ask, queries } = aServer({ says: () => [{ answers: [record("example.org", "A", "93.184.216.34")] }] });
    await Promise.all(Array.from({ length: 20 }, () => ask("example.org")));
    expect(queries).toHaveLength(1);
  });

  test("go to the next resolver when one fails, and fail in the end", async () => {
    const { ask, queries } = aServer({ says: () => [{ responseCode: responseCode.serverFailure }] });
    expect((await ask("example.org")).responseCode).toBe(responseCode.serverFailure);
    expect(new Set(queries.map(({ server }) => server)).size).toBe(2);
  });

  test("are given up after some seconds when nobody answers", async () => {
    const { ask, clock } = aServer({ says: () => undefined });
    const answer = ask("example.org");
    for (let second = 0; second < 8; second++) await clock.pass(1000);
    expect((await answer).responseCode).toBe(responseCode.serverFailure);
  });
});

describe("questions", () => {
  test("with EDNS are answered with EDNS and larger answers, without it in 512 bytes and cut (RFC 6891)", async () => {
    const records = Array.from({ length: 40 }, (_, index) => ({ name: "many.home.mimic", type: "A" as const, value: `10.77.0.${index}` }));
    const { ask } = aServer({ records });
    const edns = { udpSize: 4096, version: 0, isDnssecOk: false, options: [] };
    const plain = await ask("many.home.mimic");
    expect([plain.isTruncated, plain.edns]).toEqual([true, undefined]);
    const large = await ask("many.home.mimic", "A", { edns });
    expect([large.isTruncated, large.edns?.udpSize, large.answers.length]).toEqual([false, 1232, 40]);
    expect((await ask("many.home.mimic", "A", {}, "tcp")).answers.length).toBe(40);
    expect((await ask("hello", "A", { edns: { ...edns, version: 1 } })).responseCode).toBe(responseCode.badVersion);
  });

  test("of kinds that we do not answer are refused, answers are never answered", async () => {
    const { ask, server } = aServer({ says: () => [{}] });
    expect((await ask("home.mimic", "AXFR")).responseCode).toBe(responseCode.refused);
    expect((await ask("hello", "A", { opcode: 5 })).responseCode).toBe(responseCode.notImplemented);
    expect((await ask("hello", "A", { questions: [] })).responseCode).toBe(responseCode.formatError);
    expect((await ask("version.bind", "TXT", { questions: [{ name: "version.bind", type: 16, class: 3 }] })).responseCode).toBe(
      responseCode.refused,
    );
    expect((await ask("example.org", "ANY")).responseCode).toBe(responseCode.notImplemented);
    expect(server.answer(serializeDnsMessage({ ...emptyDnsMessage, isResponse: true }), { who: "m", over: "udp" })).toBeUndefined();
  });

  test("of one machine are answered 50 times a second after a burst, and others are not hurt", async () => {
    const { server, clock } = aServer();
    const query = serializeDnsMessage({ ...emptyDnsMessage, questions: [{ name: "hello", type: 1, class: 1 }] });
    const answered = (who: string) => Array.from({ length: 1000 }, () => server.answer(query, { who, over: "udp" })).filter(Boolean).length;
    expect(answered("a")).toBe(200);
    expect(answered("b")).toBe(200);
    await clock.pass(1000);
    expect(answered("a")).toBe(50);
  });

  test("of any bytes are answered or not, and nothing is thrown", async () => {
    const { server } = aServer({ says: () => [{}] });
    const query = serializeDnsMessage({ ...emptyDnsMessage, questions: [{ name: "a.hello.home.mimic", type: 1, class: 1 }] });
    const mutated = fc
      .array(fc.tuple(fc.nat({ max: query.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
      .map((changes) => {
        const bytes = query.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 100 }), mutated), fc.string(), async (bytes, who) => {
        const answer = await server.answer(bytes, { who, over: "udp" });
        expect(answer === undefined || !("malformed" in parseDnsMessage(answer))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

test("names are remembered for the addresses that they had, for firewall rules", async () => {
  const says: Says = () => [{ answers: [record("www.example.org", "CNAME", "cdn.net"), record("cdn.net", "A", "93.184.216.34", 60)] }];
  const { ask, server, clock } = aServer({ says });
  await ask("www.example.org");
  const fits = (pattern: string) => server.names.isNamed(ip("93.184.216.34"), pattern, clock.nowMs());
  expect([fits("www.example.org"), fits("*.example.org"), fits("cdn.net"), fits("example.org"), fits("*.www.example.org")]).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  await clock.pass(2 * 3_600_000);
  expect(fits("www.example.org")).toBe(false);
});

test("the memory of answers is bounded in number and bytes, whatever is put in", () => {
  const cache = new DnsCache({ mostEntries: 50, mostBytes: 20_000 });
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.integer({ min: 0, max: 3000 }), (key, size) => {
      const answers = [{ name: key, type: 16, class: 1, ttlSeconds: 60, data: new Uint8Array(size) }];
      cache.store(key, { ...emptyDnsMessage, questions: [{ name: key, type: 16, class: 1 }], answers }, 0);
      expect(cache.size).toBeLessThanOrEqual(50);
      expect(cache.bytes).toBeLessThanOrEqual(20_000);
    }),
    { numRuns: 1000 },
  );
});

test("messages over TCP come out whole, however the bytes are cut (RFC 7766 §8)", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      (messages, cuts) => {
        const stream = Uint8Array.from(messages.flatMap((message) => [...framedForTcp(message)]));
        const reader = new DnsTcpReader();
        const got: Uint8Array[] = [];
        for (let at = 0, index = 0; at < stream.length; index++) {
          const end = at + (cuts[index % cuts.length] ?? 1);
          got.push(...reader.push(stream.subarray(at, end)));
          at = end;
        }
        expect(got).toEqual(messages);
      },
    ),
  );
});
