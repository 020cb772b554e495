// The gateway as the field's own tools see it: what they measure, probe and ask for must come out as at any good router.
import { cable, type Namespace, type NamespaceGuest, openNamespace, whyNoNamespaces } from "@mimic/testkit/node";
import { describe, expect, test } from "vitest";
import { type GatewayHome, gatewayHome, guestPort, leaseFor, natPlan, segment, trusting, watchCards } from "./real-gateway.ts";
import { NET, nicId, waiting } from "./real-switch.ts";

const why = await whyNoNamespaces();
const OUTSIDE = "203.0.113.10";

/** Somebody on the Internet, in both versions of IP, and this computer's cable and way to it. */
async function outside(home: GatewayHome): Promise<Namespace> {
  const inet = await openNamespace();
  await cable(
    { namespace: home.host, ifname: "wan", addresses: ["203.0.113.1/24", "2a0a:1::1/64"] },
    { namespace: inet, ifname: "eth0", addresses: [`${OUTSIDE}/24`, "2a0a:1::10/64"] },
  );
  await home.host.must("ip", ["route", "add", "default", "via", OUTSIDE]);
  await home.host.must("ip", ["-6", "route", "add", "default", "via", "2a0a:1::10"]);
  return inet;
}

const leases = async (home: GatewayHome) => await home.fabric.leases(NET, waiting());
/** Once the router advertisement has brought it. */
const ipv6Route = (guest: NamespaceGuest): Promise<string> =>
  guest.must("sh", ["-c", "for i in $(seq 100); do ip -6 route | grep -q ^default && exit; sleep 0.1; done; exit 1"]);

describe.skipIf(why)(`the tools of the field at a gateway${why ? ` (${why})` : ""}`, () => {
  test("perfdhcp, which plays a relay with many clients, gets every lease it asks for where a port may relay, and none elsewhere", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1, { guards: trusting }), guestPort(2)]));
    await using relay = await home.guest(1, { addresses: ["10.70.1.10/24"] });
    await using guest = await home.guest(2);
    const storm = ["-R", "60", "-d", "2", "-W", "1000000"];
    const said = await relay.must("perfdhcp", ["-4", "-l", "10.70.1.10", "-r", "150", "-n", "180", ...storm, "10.70.1.1"]);
    expect(said.match(/received packets: 180\ndrops: 0/g)).toHaveLength(2);
    expect(said).toMatch(/Malformed packets: 0/);
    expect(said).not.toMatch(/(?:orphans|rejected leases): [1-9]/);
    const granted = await leases(home);
    expect(new Set(granted.map(({ address }) => address)).size).toBe(60);
    // The same from a machine's ordinary port would take the pool from the others.
    const own = await leaseFor(guest);
    const refused = await guest.run("perfdhcp", ["-4", "-l", own, "-r", "40", "-n", "20", "-R", "20", "-d", "1", "10.70.1.1"]);
    expect(refused.stdout).toMatch(/sent packets: 20\nreceived packets: 0/);
    expect(await leases(home)).toHaveLength(61);
    expect((await home.fabric.counters(NET, waiting())).find(({ port }) => port === nicId(2))?.drops.rogueDhcp).toBeGreaterThan(0);
  });

  test("udhcpc and dhclient give their addresses back, and each gets the same one again", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1), guestPort(2)]));
    await using small = await home.guest(1);
    await using large = await home.guest(2);
    const first = await leaseFor(small);
    // -R: released at its end, which comes once it has the lease, however long that takes here.
    const bound = `/tmp/mimic-udhcpc-${small.pid}`;
    const script = 'printf "#!/bin/sh\\n[ \\$1 = bound ] && : > %s.bound\\nexit 0\\n" "$0" > "$0"; chmod 755 "$0"';
    await small.must("sh", ["-c", script, bound]);
    const release = 'udhcpc -i eth0 -R -f -s "$0" & while [ ! -e "$0.bound" ]; do sleep 0.1; done; kill $!; wait $!; rm -f "$0" "$0.bound"';
    await small.must("sh", ["-c", release, bound]);
    await expect.poll(async () => (await leases(home)).length, { timeout: 15_000 }).toBe(0);
    expect(await leaseFor(small)).toBe(first);
    const file = `/tmp/mimic-dhclient-${large.pid}`;
    await large.must("sh", ["-c", 'printf "%s\\n" "$1" > "$0"; chmod 755 "$0"', `${file}.sh`, DHCLIENT_SCRIPT]);
    const files = ["-lf", `${file}.leases`, "-pf", `${file}.pid`, "-sf", `${file}.sh`, "eth0"];
    const address = async () => /^.*fixed-address ([\d.]+);/s.exec(await large.must("cat", [`${file}.leases`]))?.[1] ?? "";
    await large.must("dhclient", ["-1", ...files]);
    const given = await address();
    expect((await leases(home)).map((lease) => lease.address).sort()).toEqual([first, given].sort());
    // It takes its address away as soon as the words are sent: they must not wait then for who has the gateway's address.
    await large.must("ping", ["-c", "1", "-W", "5", "10.70.1.1"]);
    await large.must("dhclient", ["-r", ...files]);
    await expect.poll(async () => (await leases(home)).length, { timeout: 15_000 }).toBe(1);
    await large.must("dhclient", ["-1", ...files]);
    expect(await address()).toBe(given);
    // What routers do not advertise is had from DHCPv6 without an address (RFC 8415 §18.2.6).
    await large.run("sh", ["-c", `kill $(cat ${file}.pid)`]);
    expect((await large.run("dhclient", ["-6", "-S", "-1", "-v", ...files])).stderr).toMatch(/RCV: Reply message on eth0[\s\S]*PRC: Done/);
    await large.run("sh", ["-c", `kill $(cat ${file}.pid); rm -f ${file}.*`]);
  });

  test("nmap finds nothing open at the gateway but names and addresses, in every port and both versions of IP", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1)]));
    await using a = await home.guest(1);
    await leaseFor(a);
    const open = async (...words: string[]): Promise<string[]> =>
      [...(await a.must("nmap", ["-n", "-Pn", "--open", "-oG", "-", ...words])).matchAll(/(\d+)\/(open(?:\|filtered)?)\/(\w+)/g)].map(
        ([, port, state, protocol]) => `${protocol} ${port} ${state}`,
      );
    expect(await open("-sS", "-p-", "--min-rate", "5000", "10.70.1.1")).toEqual(["tcp 53 open"]);
    expect(await open("-6", "-sS", "-p1-2000", "fd70:0:0:1::1")).toEqual(["tcp 53 open"]);
    const udp = await open("-sU", "-p", "53,67-69,123,137,161,500,514,1900,4500,5353", "10.70.1.1");
    // DHCP says nothing to what is no request of it.
    expect(udp).toEqual(["udp 53 open", "udp 67 open|filtered", "udp 68 open|filtered"]);
  });

  test("dig sees EDNS answered, long answers cut off with TC over UDP and whole over TCP", async () => {
    await using home = await gatewayHome();
    const records = Array.from({ length: 12 }, (_, i) => ({ name: "long.home.mimic", type: "TXT", value: `${i}`.padEnd(150, "x") }));
    await home.apply(natPlan([guestPort(1)], { gateway: { dns: { forward: true, records } } }));
    await using a = await home.guest(1);
    await leaseFor(a);
    const dig = (...words: string[]): Promise<string> => a.must("dig", ["+time=2", "@10.70.1.1", ...words]);
    expect(await dig("guest1.home.mimic")).toMatch(/EDNS: version: 0, flags:; udp: 1232[\s\S]*ANSWER SECTION[\s\S]*\(UDP\)/);
    expect(await dig("+noedns", "guest1.home.mimic")).not.toContain("OPT PSEUDOSECTION");
    expect(await dig("+edns=1", "guest1.home.mimic")).toMatch(/BADVERS, retrying with EDNS version 0[\s\S]*status: NOERROR/);
    const ask = ["long.home.mimic", "TXT"];
    const size = (said: string): number => Number(/MSG SIZE {2}rcvd: (\d+)/.exec(said)?.[1]);
    for (const [words, most] of [
      [["+noedns"], 512],
      [["+bufsize=800"], 800],
      [["+bufsize=4096"], 1232],
    ] as const) {
      const cut = await dig("+ignore", ...words, ...ask);
      expect(cut).toMatch(/flags: [a-z ]*\btc\b/);
      expect(size(cut)).toBeLessThanOrEqual(most);
    }
    const whole = await dig(...ask);
    expect(whole).toMatch(/Truncated, retrying in TCP mode|ANSWER: 12/);
    expect(whole).toMatch(/ANSWER: 12,[\s\S]*\(TCP\)/);
    expect(await dig("+tcp", "+keepopen", ...ask, "guest1.home.mimic")).toMatch(/ANSWER: 12,[\s\S]*ANSWER: 1,/);
  });

  test("questions that go on to this computer's resolver are not to be guessed: each has a port, an id and letters of its own (N7)", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1)]));
    await using a = await home.guest(1);
    await leaseFor(a);
    const names = Array.from({ length: 24 }, (_, n) => `guess-${n}.example.com`);
    await using looking = await watchCards(home.host, "udp port 53");
    await Promise.all(names.map((name) => a.run("dig", ["+time=1", "+tries=1", "+short", "@10.70.1.1", name])));
    // First questions only: a name that gets no answer is asked again.
    const first = () => {
      const asked = [...looking.seen().matchAll(/\.(\d+) > 127\.0\.0\.1\.53: (\d+)\S*(?: \[\w+\])? A\? (guess-(\d+)\.example\.com)\./gi)];
      return names.map((_, n) => asked.find(([, , , , which]) => Number(which) === n)).filter((one) => one !== undefined);
    };
    await expect.poll(() => first().length, { timeout: 10_000 }).toBe(names.length);
    const [ports, ids, letters] = [1, 2, 3].map((part) => first().map((one) => one[part] ?? ""));
    for (const all of [ports, ids, letters?.map((name) => name.replace(/\d+/, ""))])
      expect(new Set(all).size).toBeGreaterThan(names.length - 3);
    // Nor do they follow one another: ids that only count up would be guessed after one.
    const steps = ids?.slice(1).map((id, n) => Math.abs(Number(id) - Number(ids[n])));
    expect(steps?.filter((step) => step < 16).length).toBeLessThan(3);
  });

  test("traceroute finds the gateway first, by UDP, ICMP and TCP, in both versions of IP", async () => {
    await using home = await gatewayHome();
    await using _inet = await outside(home);
    await home.apply(natPlan([guestPort(1)]));
    await using a = await home.guest(1);
    await leaseFor(a);
    await ipv6Route(a);
    for (const how of ["-U", "-I", "-T"]) {
      const trace = (...words: string[]): Promise<string> => a.must("traceroute", ["-n", how, "-q", "1", "-w", "2", "-m", "1", ...words]);
      expect(await trace(OUTSIDE), how).toMatch(/^ ?1 {2}10\.70\.1\.1 /m);
      expect(await trace("-6", "2a0a:1::10"), how).toMatch(/^ ?1 {2}fd70:0:0:1::1 /m);
    }
  });

  test("rdisc6 reads a whole router advertisement: a router only while this computer has a way out by IPv6", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1)], { mtu: 1400 }));
    await using a = await home.guest(1);
    const ask = (): Promise<string> => a.must("rdisc6", ["-1", "-w", "5000", "eth0"]);
    const alone = await ask();
    expect(alone).toMatch(/Stateful address conf\. *: +No\n *Stateful other conf\. *: +Yes/);
    expect(alone).toMatch(/Router lifetime *: +0 /);
    expect(alone).toMatch(/Source link-layer address: 52:54:00:FF:00:00\n MTU +: +1400 bytes/);
    expect(alone).toMatch(/Prefix +: fd70:0:0:1::\/64\n {2}On-link +: +Yes\n {2}Autonomous address conf\.: +Yes/);
    expect(alone).toMatch(/from fe80::5054:ff:feff:0/);
    await using _inet = await outside(home);
    await expect.poll(ask, { timeout: 30_000 }).toMatch(/Router lifetime *: +[1-9]/);
  });

  test("iperf3 goes through to the Internet and back, in TCP and UDP, and large pings are put together", async () => {
    await using home = await gatewayHome();
    await using inet = await outside(home);
    await home.apply(natPlan([guestPort(1)]));
    await using a = await home.guest(1);
    await leaseFor(a);
    inet.start("iperf3", ["-s"], { stdio: "ignore" });
    await inet.must("sh", ["-c", "for i in $(seq 100); do ss -ltn | grep -q :5201 && exit; sleep 0.05; done; exit 1"]);
    const run = async (...words: string[]) =>
      JSON.parse(await a.must("iperf3", ["-c", OUTSIDE, "-J", "-t", "1", ...words])) as {
        end: { sum_received: { bytes: number }; sum: { lost_percent: number; packets: number } };
      };
    for (const words of [[], ["-R"], ["-P", "4"]])
      expect((await run(...words)).end.sum_received.bytes, words.join(" ")).toBeGreaterThan(5e6);
    const { sum } = (await run("-u", "-b", "10M", "-l", "1200")).end;
    expect(sum.packets).toBeGreaterThan(500);
    expect(sum.lost_percent).toBeLessThan(5);
    expect(await a.must("ping", ["-c", "1", "-W", "5", "-s", "4000", "10.70.1.1"])).toContain("4008 bytes from 10.70.1.1");
  });

  test("scapy's tagged questions are answered with the same tag at a trunk, and go nowhere from an access port", async () => {
    await using home = await gatewayHome();
    const trunk = guestPort(1, { mode: { mode: "trunk", allowed: [10, 20] }, guards: { ip: false } });
    const gateway = { segments: [segment(10), segment(20)], uplink: "none" };
    await home.apply(natPlan([trunk, guestPort(2, { mode: { mode: "access", vlan: 10 } })], { gateway }));
    await using a = await home.guest(1);
    await using b = await home.guest(2);
    const ask = async (guest: NamespaceGuest, tags: readonly number[], target: string): Promise<string> =>
      (await guest.must("/usr/bin/python3", ["-c", ASK_TAGGED, guest.mac, target, ...tags.map(String)])).trim();
    expect(await ask(a, [10], "10.70.10.1")).toBe("10 52:54:00:ff:00:00");
    expect(await ask(a, [20], "10.70.20.1")).toBe("20 52:54:00:ff:00:00");
    // Of another VLAN, of one that the trunk does not carry, and behind a second tag.
    for (const [tags, target] of [
      [[10], "10.70.20.1"],
      [[30], "10.70.10.1"],
      [[10, 20], "10.70.20.1"],
    ] as const)
      expect(await ask(a, tags, target)).toBe("silence");
    expect(await ask(b, [], "10.70.10.1")).toBe("untagged 52:54:00:ff:00:00");
    for (const tags of [[10], [20], [10, 20]]) expect(await ask(b, tags, tags.at(-1) === 20 ? "10.70.20.1" : "10.70.10.1")).toBe("silence");
    const counters = (await home.fabric.counters(NET, waiting())).find(({ port }) => port === nicId(2));
    expect(counters?.drops.tagNotAllowed).toBe(3);
  });
});

/** Sets the address, as dhclient's own script does; that one changes files of the whole computer. */
const DHCLIENT_SCRIPT = `#!/bin/sh
case $reason in
  BOUND | REBOOT) ip addr replace $new_ip_address/24 dev $interface ;;
  RELEASE) ip -4 addr flush dev $interface ;;
esac`;

/** Asks for an address by ARP behind the given tags, and says the tag and the MAC of the answer. */
const ASK_TAGGED = `
import sys
from scapy.all import ARP, AsyncSniffer, Dot1Q, Ether, conf, sendp
conf.verb = 0
mac, target, *tags = sys.argv[1:]
frame = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff")
for tag in tags:
    frame = frame / Dot1Q(vlan=int(tag))
frame = frame / ARP(op=1, hwsrc=mac, psrc="0.0.0.0", pdst=target)
answer = lambda p: ARP in p and p[ARP].op == 2 and p[ARP].psrc == target
sniffer = AsyncSniffer(iface="eth0", lfilter=answer, stop_filter=answer, timeout=1, started_callback=lambda: sendp(frame, iface="eth0"))
sniffer.start()
sniffer.join()
for one in sniffer.results[:1]:
    print(one[Dot1Q].vlan if Dot1Q in one else "untagged", one.src)
if not sniffer.results:
    print("silence")
`;
