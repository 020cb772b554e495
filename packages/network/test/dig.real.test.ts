// The gateway's names as dig reads them: every type of record, over UDP and TCP and both versions of IP, from the network's own
// zone and from a real resolver behind us (dnsmasq), whose answers are kept, cut off and cleaned.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { cable, type Namespace, type NamespaceGuest, openNamespace, whyNoNamespaces } from "@mimic/testkit/node";
import { type DnsTypeName, dataOfText, dnsType, soaData } from "@mimic/wire";
import { describe, expect, test } from "vitest";
import { type GatewayHome, gatewayHome, guestPort, leaseFor, natPlan } from "./real-gateway.ts";

const why = await whyNoNamespaces();
const UPSTREAM = "203.0.113.10";
const GATEWAYS = ["10.70.1.1", "fd70:0:0:1::1"];

interface Answer {
  readonly name: string;
  readonly ttl: number;
  readonly type: string;
  readonly data: string;
}

/** What dig shows of the answer, sorted. */
async function dig(guest: NamespaceGuest, ...words: string[]): Promise<Answer[]> {
  const said = await guest.must("dig", ["+noall", "+answer", "+time=3", ...words]);
  return said
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith(";"))
    .map((line) => /^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$/.exec(line) ?? [])
    .map(([, name = "", ttl = "", type = "", data = ""]) => ({ name, ttl: Number(ttl), type, data }))
    .sort((a, b) => (a.data < b.data ? -1 : 1));
}

const dataOf = (answers: readonly Answer[]): string[] => answers.map(({ type, data }) => `${type} ${data}`);

/** [name, type, what dig says of it]. The record is the zone's, or the resolver's behind us. */
type Case = readonly [name: string, type: DnsTypeName, said: string | RegExp];

/** Asks each over both transports, at both of the gateway's addresses. */
async function expectAll(guest: NamespaceGuest, cases: readonly Case[]): Promise<void> {
  for (const over of ["+notcp", "+tcp"]) {
    for (const gateway of GATEWAYS) {
      for (const [name, type, said] of cases) {
        const answers = await dig(guest, `@${gateway}`, over, name, type);
        const found = answers.filter((answer) => answer.type === type && answer.ttl > 0).map(({ data }) => data);
        const expected: unknown = typeof said === "string" ? said : expect.stringMatching(said);
        expect(found, `${over} @${gateway} ${name} ${type}`).toContainEqual(expected);
      }
    }
  }
}

const LONG_TEXT = Array.from({ length: 12 }, (_, i) => `${i}`.padEnd(150, "x"));

/** dnsmasq as somebody on the Internet, and this computer's cable to it. `asked`: names that it was asked for, lower case. */
async function openUpstream(home: GatewayHome, records: readonly string[]): Promise<{ asked(): Promise<string[]> } & AsyncDisposable> {
  await using scope = new AsyncDisposableStack();
  const folder = await mkdtemp("/tmp/mimic-dig-");
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  const inet: Namespace = scope.use(await openNamespace());
  await cable(
    { namespace: home.host, ifname: "wan", addresses: ["203.0.113.1/24"] },
    { namespace: inet, ifname: "eth0", addresses: [`${UPSTREAM}/24`] },
  );
  const log = join(folder, "log");
  const fixed = ["-k", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=", "--log-queries", `--log-facility=${log}`];
  inet.start("dnsmasq", [...fixed, "--local-ttl=300", "--edns-packet-max=4096", ...records], { stdio: ["ignore", "ignore", "inherit"] });
  home.host.setResolvers([UPSTREAM]);
  const isThere = `for i in $(seq 100); do dig +time=1 +tries=1 @${UPSTREAM} ready.example.org > /dev/null && exit; sleep 0.1; done; exit 1`;
  await inet.must("sh", ["-c", isThere]);
  const owned = scope.move();
  return {
    asked: async () => [...(await readFile(log, "utf8")).matchAll(/query\[\S+\] (\S+) from/g)].map(([, name = ""]) => name.toLowerCase()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Any record, as dnsmasq takes those that it has no option of its own for. */
const raw = (name: string, type: DnsTypeName, given: string | Uint8Array): string => {
  const data = typeof given === "string" ? dataOfText(type, given) : given;
  if (!data) throw new Error(`“${given}” is no ${type} record`);
  return `--dns-rr=${name},${dnsType[type]},${Buffer.from(data).toString("hex")}`;
};

const SOA = soaData({
  primary: "ns.example.org",
  mailbox: "nobody.example.org",
  serial: 7,
  refreshSeconds: 3600,
  retrySeconds: 600,
  expireSeconds: 86_400,
  negativeTtlSeconds: 60,
});

/** With its address by DHCP and one of the segment's IPv6, from which it has spoken. */
async function guestOf(home: GatewayHome): Promise<NamespaceGuest> {
  const guest = await home.guest(1, { addresses: ["fd70:0:0:1::99/64"] });
  await leaseFor(guest);
  await guest.must("ping", ["-c", "1", "-W", "5", "fd70:0:0:1::1"]);
  return guest;
}

describe.skipIf(why)(`dig at a gateway${why ? ` (${why})` : ""}`, () => {
  test("reads every type of record that a network's own zone can hold", async () => {
    await using home = await gatewayHome();
    const record = (name: string, type: string, value: string): object => ({ name: `${name}home.mimic`, type, value });
    const records = [
      record("nas.", "A", "192.168.5.5"),
      record("nas.", "AAAA", "fd00:5::5"),
      record("www.", "CNAME", "nas.home.mimic"),
      record("", "MX", "10 mail.home.mimic"),
      record("text.", "TXT", '"one two" three'),
      record("_ldap._tcp.", "SRV", "0 5 389 nas.home.mimic"),
      record("web.", "HTTPS", "1 . alpn=h2,h3 ipv4hint=192.168.5.5"),
      record("part.", "NS", "ns.home.mimic"),
      record("printer.", "PTR", "nas.home.mimic"),
    ];
    await home.apply(natPlan([guestPort(1)], { gateway: { dns: { forward: false, records }, uplink: "none" } }));
    await using guest = await guestOf(home);
    const [own] = await dig(guest, "@10.70.1.1", "guest1.home.mimic", "A");
    await expectAll(guest, [
      ["guest1.home.mimic", "A", own?.data ?? "an address"],
      ["guest1.home.mimic", "AAAA", "fd70:0:0:1::99"],
      [`${own?.data.split(".").reverse().join(".")}.in-addr.arpa`, "PTR", "guest1.home.mimic."],
      ["nas.home.mimic", "A", "192.168.5.5"],
      ["nas.home.mimic", "AAAA", "fd00:5::5"],
      ["www.home.mimic", "CNAME", "nas.home.mimic."],
      ["home.mimic", "MX", "10 mail.home.mimic."],
      ["text.home.mimic", "TXT", '"one two" "three"'],
      ["_ldap._tcp.home.mimic", "SRV", "0 5 389 nas.home.mimic."],
      ["web.home.mimic", "HTTPS", '1 . alpn="h2,h3" ipv4hint=192.168.5.5'],
      ["part.home.mimic", "NS", "ns.home.mimic."],
      ["printer.home.mimic", "PTR", "nas.home.mimic."],
      ["home.mimic", "NS", "gateway.home.mimic."],
      ["home.mimic", "SOA", /^gateway\.home\.mimic\. nobody\.home\.mimic\. \d+ 3600 600 86400 10$/],
    ]);
    // An alias leads on to what it stands for, in its order.
    expect(dataOf(await dig(guest, "@10.70.1.1", "www.home.mimic", "A"))).toEqual(["A 192.168.5.5", "CNAME nas.home.mimic."]);
    // Nothing of that type, and no such name: with the SOA, which says for how long (RFC 2308).
    for (const [name, status] of [
      ["text.home.mimic", "NOERROR"],
      ["nobody.home.mimic", "NXDOMAIN"],
    ] as const) {
      const said = await guest.must("dig", ["@10.70.1.1", name, "MX"]);
      expect(said).toMatch(new RegExp(`status: ${status}[\\s\\S]*flags: qr aa[^;]*; QUERY: 1, ANSWER: 0, AUTHORITY: 1[\\s\\S]*IN\\s+SOA`));
    }
  });

  test("reads every type of record from the resolver behind us as that one gives it", async () => {
    await using home = await gatewayHome();
    await using _upstream = await openUpstream(home, [
      "--host-record=host.example.org,203.0.113.20,2a0a:1::20",
      "--cname=www.example.org,host.example.org",
      "--mx-host=example.org,mail.example.org,10",
      "--txt-record=text.example.org,one two,three",
      "--srv-host=_ldap._tcp.example.org,host.example.org,389,0,5",
      "--ptr-record=20.113.0.203.in-addr.arpa,host.example.org",
      raw("web.example.org", "HTTPS", "1 . alpn=h2,h3 ipv4hint=203.0.113.20"),
      raw("example.org", "NS", "ns.example.org"),
      raw("example.org", "SOA", SOA),
    ]);
    await home.apply(natPlan([guestPort(1)]));
    await using guest = await guestOf(home);
    await expectAll(guest, [
      ["host.example.org", "A", "203.0.113.20"],
      ["host.example.org", "AAAA", "2a0a:1::20"],
      ["20.113.0.203.in-addr.arpa", "PTR", "host.example.org."],
      ["www.example.org", "CNAME", "host.example.org."],
      ["example.org", "MX", "10 mail.example.org."],
      ["text.example.org", "TXT", '"one two" "three"'],
      ["_ldap._tcp.example.org", "SRV", "0 5 389 host.example.org."],
      ["web.example.org", "HTTPS", '1 . alpn="h2,h3" ipv4hint=203.0.113.20'],
      ["example.org", "NS", "ns.example.org."],
      ["example.org", "SOA", "ns.example.org. nobody.example.org. 7 3600 600 86400 60"],
    ]);
    expect(dataOf(await dig(guest, "@10.70.1.1", "www.example.org", "A"))).toEqual(["A 203.0.113.20", "CNAME host.example.org."]);
  });

  test("gets an answer that is too long cut off over UDP, as long as its EDNS allows, and whole over TCP", async () => {
    await using home = await gatewayHome();
    await using upstream = await openUpstream(home, [`--txt-record=long.example.org,${LONG_TEXT.join(",")}`]);
    await home.apply(natPlan([guestPort(1)]));
    await using guest = await guestOf(home);
    const ask = (...words: string[]): Promise<string> => guest.must("dig", ["@10.70.1.1", ...words, "long.example.org", "TXT"]);
    for (const [words, most] of [
      [["+noedns"], 512],
      [["+bufsize=800"], 800],
      [["+bufsize=4096"], 1232],
    ] as const) {
      const cut = await ask("+ignore", "+notcp", ...words);
      expect(cut).toMatch(/flags: [a-z ]*\btc\b/);
      expect(Number(/MSG SIZE {2}rcvd: (\d+)/.exec(cut)?.[1])).toBeLessThanOrEqual(most);
    }
    const whole = await ask("+notcp");
    expect(whole).toMatch(/ANSWER: 1,[\s\S]*\(TCP\)/);
    for (const text of LONG_TEXT) expect(whole).toContain(`"${text}"`);
    // To the resolver it went over UDP, was cut off there, and came whole over TCP: once, for all who asked.
    expect((await upstream.asked()).filter((name) => name === "long.example.org")).toHaveLength(2);
  });

  test("sees the time to live go down while answers are kept, and a new question once it is over", async () => {
    await using home = await gatewayHome();
    await using upstream = await openUpstream(home, [
      "--host-record=kept.example.org,203.0.113.20,60",
      "--host-record=short.example.org,203.0.113.21,2",
    ]);
    await home.apply(natPlan([guestPort(1)]));
    await using guest = await guestOf(home);
    const ttlOf = async (name: string): Promise<number> => (await dig(guest, "@10.70.1.1", name, "A"))[0]?.ttl ?? -1;
    const askedFor = async (name: string): Promise<number> => (await upstream.asked()).filter((one) => one === name).length;
    const first = await ttlOf("kept.example.org");
    expect(first).toBe(60);
    expect(await ttlOf("short.example.org")).toBeLessThanOrEqual(2);
    // In any letters, and over another transport, it is the same question.
    await expect.poll(() => ttlOf("KEPT.example.ORG"), { interval: 500 }).toBeLessThanOrEqual(57);
    expect((await dig(guest, `@${GATEWAYS[1]}`, "+tcp", "kept.example.org", "A"))[0]?.ttl).toBeLessThanOrEqual(57);
    expect(await askedFor("kept.example.org")).toBe(1);
    expect(await ttlOf("short.example.org")).toBeGreaterThan(0);
    expect(await askedFor("short.example.org")).toBe(2);
  });

  test("gets no address of this neighbourhood from outside, whatever the record, and private names are not asked for there", async () => {
    await using home = await gatewayHome();
    await using upstream = await openUpstream(home, [
      "--host-record=router.evil.org,192.168.1.1,fd00::1",
      "--host-record=self.evil.org,127.0.0.1,::1",
      "--host-record=cloud.evil.org,169.254.169.254,fe80::1",
      "--host-record=mixed.evil.org,203.0.113.20",
      "--host-record=mixed.evil.org,10.70.1.1",
      "--cname=alias.evil.org,router.evil.org",
      raw("web.evil.org", "HTTPS", "1 . alpn=h2 ipv4hint=192.168.1.1 ipv6hint=fd00::1"),
      raw("fine.evil.org", "HTTPS", "1 . alpn=h2 ipv4hint=203.0.113.20"),
    ]);
    await home.apply(natPlan([guestPort(1)]));
    await using guest = await guestOf(home);
    const ask = async (name: string, type: string): Promise<string[]> => dataOf(await dig(guest, "@10.70.1.1", name, type));
    for (const name of ["router.evil.org", "self.evil.org", "cloud.evil.org"]) {
      expect(await ask(name, "A"), name).toEqual([]);
      expect(await ask(name, "AAAA"), name).toEqual([]);
    }
    expect(await ask("mixed.evil.org", "A")).toEqual(["A 203.0.113.20"]);
    expect(await ask("alias.evil.org", "A")).toEqual(["CNAME router.evil.org."]);
    expect(await ask("web.evil.org", "HTTPS")).toEqual(['HTTPS 1 . alpn="h2"']);
    expect(await ask("fine.evil.org", "HTTPS")).toEqual(['HTTPS 1 . alpn="h2" ipv4hint=203.0.113.20']);
    // The control: the resolver behind us does give them.
    const straight = (await home.host.must("dig", [`@${UPSTREAM}`, "+short", "router.evil.org", "A"])).trim();
    expect(straight).toBe("192.168.1.1");
    for (const name of ["1.1.168.192.in-addr.arpa", "printer.local", "bare"]) {
      expect(await guest.must("dig", ["@10.70.1.1", name, "PTR"]), name).toContain("status: NXDOMAIN");
      expect(await upstream.asked()).not.toContain(name);
    }
  });
});
