import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex, concatBytes } from "../bytes.ts";
import {
  emptyDnsMessage,
  parseIpv4,
  parseIpv6,
  parseMac,
  serializeArp,
  serializeDnsMessage,
  serializeEthernet,
  serializeIcmp,
  serializeIgmp,
  serializeIpv4Packet,
  serializeIpv6Packet,
  serializeNdp,
  serializeTcp,
  serializeUdp,
  TPID_CUSTOMER,
  TPID_SERVICE,
} from "../index.ts";
import { type DecodedFrame, decodeFrame, describeFrame } from "./index.ts";

const [A, B] = [parseMac("52:54:00:00:00:01"), parseMac("52:54:00:00:00:02")] as [Uint8Array, Uint8Array];
const [v4a, v4b] = [parseIpv4("10.0.2.15"), parseIpv4("10.0.2.2")] as [Uint8Array, Uint8Array];
const [v6a, v6b] = [parseIpv6("fd00::15"), parseIpv6("fd00::2")] as [Uint8Array, Uint8Array];

const tag = (vlan: number, tpid = TPID_CUSTOMER) => ({ tpid, priority: 0, dropEligible: false, vlan });
const onEthernet = (etherType: number, payload: Uint8Array, tags: ReturnType<typeof tag>[] = []): Uint8Array =>
  serializeEthernet({ destination: B, source: A, tags, etherType, payload });
const inIpv4 = (protocol: number, payload: Uint8Array): Uint8Array =>
  serializeIpv4Packet({ source: v4a, destination: v4b, protocol, payload });
const inIpv6 = (protocol: number, payload: Uint8Array): Uint8Array =>
  serializeIpv6Packet({ source: v6a, destination: v6b, protocol, payload });
const tcp = (payload: string | Uint8Array, flags = 0x18, destinationPort = 445): Uint8Array =>
  serializeTcp(
    {
      sourcePort: 51_234,
      destinationPort,
      sequence: 1,
      acknowledgement: 0,
      flags,
      window: 64_240,
      options: { mss: 1460 },
      payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
    },
    v4a,
    v4b,
  );
const udp = (destinationPort: number, payload: Uint8Array): Uint8Array =>
  serializeUdp({ sourcePort: 40_000, destinationPort, payload }, v4a, v4b);
const SYN = onEthernet(0x0800, inIpv4(6, tcp("", 2)));
const QUERY = serializeDnsMessage({ ...emptyDnsMessage, id: 7, questions: [{ name: "www.example.org", type: 28, class: 1 }] });

test.each([
  ["10.0.2.15:51234 → 10.0.2.2:445 TCP SYN", SYN],
  ["10.0.2.15:51234 → 10.0.2.2:445 TCP PSH ACK, 5 bytes", onEthernet(0x0800, inIpv4(6, tcp("hello")))],
  ["10.0.2.15:51234 → 10.0.2.2:80 HTTP GET / HTTP/1.1", onEthernet(0x0800, inIpv4(6, tcp("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0x18, 80)))],
  ["10.0.2.15:40000 → 10.0.2.2:53 DNS query AAAA www.example.org", onEthernet(0x0800, inIpv4(17, udp(53, QUERY)))],
  [
    "10.0.2.15:40000 → 10.0.2.2:9 UDP 3 bytes (VLAN 200 in 5)",
    onEthernet(0x0800, inIpv4(17, udp(9, new Uint8Array(3))), [tag(200, TPID_SERVICE), tag(5)]),
  ],
  [
    "10.0.2.15 → 10.0.2.2 ICMP echo request 7/1",
    onEthernet(0x0800, inIpv4(1, serializeIcmp({ type: 8, code: 0, rest: 0x70001, body: new Uint8Array(8) }))),
  ],
  ["10.0.2.15 → 10.0.2.2 IGMP leave 10.0.2.2", onEthernet(0x0800, inIpv4(2, serializeIgmp({ kind: "leave", group: v4b })))],
  [
    "fd00::15 → fd00::2 ICMPv6 neighbour solicitation: who has fd00::2?",
    onEthernet(0x86dd, inIpv6(58, serializeNdp({ kind: "neighborSolicitation", target: v6b, options: [] }))),
  ],
  ["[fd00::15]:51234 → [fd00::2]:445 TCP SYN", onEthernet(0x86dd, inIpv6(6, tcp("", 2)))],
  [
    "52:54:00:00:00:01 → 52:54:00:00:00:02 ARP who has 10.0.2.2? Tell 10.0.2.15",
    onEthernet(0x0806, serializeArp({ operation: 1, senderMac: A, senderIp: v4a, targetMac: new Uint8Array(6), targetIp: v4b })),
  ],
  ["52:54:00:00:00:01 → 52:54:00:00:00:02 0x1234 4 bytes", onEthernet(0x1234, new Uint8Array(4))],
  ["Ethernet 5 bytes, too short for a frame", new Uint8Array(5)],
])("“%s”", (line, frame) => {
  expect(describeFrame(frame)).toBe(line);
});

const fieldOf = (frame: DecodedFrame, key: string, name: string): string | undefined =>
  frame.layers.find((layer) => layer.key === key)?.fields.find((field) => field.name === name)?.value;

test("fields say where they stand, and what a checksum is worth", () => {
  const frame = decodeFrame(SYN);
  expect(frame.layers.map(({ key, at, length }) => [key, at, length])).toEqual([
    ["eth", 0, 14],
    ["ip", 14, 20],
    ["tcp", 34, 24],
  ]);
  const port = frame.layers[2]?.fields.find(({ name }) => name === "Destination port");
  expect(SYN.subarray(port?.at, (port?.at ?? 0) + (port?.length ?? 0))).toEqual(Uint8Array.of(1, 189));
  expect([fieldOf(frame, "ip", "Header checksum"), fieldOf(frame, "tcp", "Checksum")]).toEqual([
    expect.stringMatching(/\(right\)$/),
    expect.stringMatching(/\(right\)$/),
  ]);
  const bent = SYN.slice();
  bent[54] = 0xff;
  expect(fieldOf(decodeFrame(bent), "tcp", "Checksum")).toMatch(/\(wrong\)$/);
});

test("of a frame whose beginning was kept, the whole length is told, and what is missing is no problem", () => {
  const whole = onEthernet(0x0800, inIpv4(6, tcp(new Uint8Array(1200))));
  const frame = decodeFrame(whole.subarray(0, 60), whole.length);
  expect(frame).toMatchObject({ info: "PSH ACK, 1200 bytes", problem: undefined });
  expect(decodeFrame(whole.subarray(0, 60)).problem).toMatch(/^cut off/);
  const query = onEthernet(0x0800, inIpv4(17, udp(53, QUERY)));
  expect(decodeFrame(query.subarray(0, 50), query.length)).toMatchObject({ info: "only its beginning is here", problem: undefined });
});

test("the packet that an ICMP error is about has its layers, and does not speak for the frame", () => {
  const quoted = inIpv4(17, udp(53, QUERY)).subarray(0, 28);
  const frame = decodeFrame(onEthernet(0x0800, inIpv4(1, serializeIcmp({ type: 3, code: 3, rest: 0, body: quoted }))));
  expect(frame).toMatchObject({ protocol: "ICMP", info: "port unreachable", sourcePort: undefined, problem: undefined });
  expect(frame.layers.map(({ key }) => key)).toEqual(["eth", "ip", "icmp", "ip", "udp"]);
});

test("what a guest writes cannot steer a terminal or hide in the line", () => {
  const evil = "GET /\u001b[2J\u202e HTTP/1.1\r\nHost: a\u001b]0;x\u0007\r\n\r\n";
  const frame = onEthernet(0x0800, inIpv4(6, tcp(evil, 0x18, 80)));
  const all = [describeFrame(frame), ...decodeFrame(frame).layers.flatMap(({ fields }) => fields.map(({ value }) => value))].join("");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly what must not be there
  expect(all).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(decodeFrame(frame).protocol).toBe("HTTP");
});

test("packets in packets in packets end somewhere", () => {
  let packet = inIpv4(17, udp(9, new Uint8Array(3)));
  for (let i = 0; i < 200; i++) packet = inIpv4(4, packet);
  expect(decodeFrame(onEthernet(0x0800, packet)).layers.length).toBeLessThanOrEqual(32);
  const options = bytesOfHex("3c00 000000000000") as Uint8Array;
  const chain = concatBytes(...Array.from({ length: 1000 }, () => options));
  expect(decodeFrame(onEthernet(0x86dd, inIpv6(60, chain))).layers.length).toBeLessThanOrEqual(32);
});

/** `MIMIC_MUTATED_FRAMES=10000000` makes it thorough. */
const MUTATED = Number(process.env["MIMIC_MUTATED_FRAMES"] ?? 30_000);

test(
  `${MUTATED} mutated frames: no exception, and all that is said lies inside the frame and is bounded`,
  () => {
    const hello = bytesOfHex(
      `16030100400100003c0303${"00".repeat(32)}0000021301010000110000000d000b00000861 2e6578616d706c65`,
    ) as Uint8Array;
    const dhcp = concatBytes(
      bytesOfHex("01010600") as Uint8Array,
      new Uint8Array(232),
      bytesOfHex("63825363350101320 40a00020f0c0568656c6c6fff") as Uint8Array,
    );
    const good = [
      SYN,
      onEthernet(0x0800, inIpv4(6, tcp(hello, 0x18, 443))),
      onEthernet(0x0800, inIpv4(17, udp(53, QUERY)), [tag(5)]),
      onEthernet(0x0800, inIpv4(17, udp(67, dhcp))),
      onEthernet(0x86dd, inIpv6(17, udp(547, bytesOfHex("0b000001 00060004 00170018") as Uint8Array))),
      onEthernet(0x0800, inIpv4(2, serializeIgmp({ kind: "reportV3", records: [{ type: 4, group: v4b, sources: [v4a] }] }))),
      onEthernet(0x0800, inIpv4(1, serializeIcmp({ type: 3, code: 3, rest: 0, body: inIpv4(17, udp(53, QUERY)) }))),
      onEthernet(
        0x86dd,
        inIpv6(
          58,
          serializeNdp({
            kind: "neighborAdvertisement",
            isRouter: true,
            isSolicited: true,
            isOverride: true,
            target: v6a,
            options: [{ option: "targetLinkLayer", mac: A }],
          }),
        ),
      ),
      onEthernet(0x0806, serializeArp({ operation: 2, senderMac: A, senderIp: v4a, targetMac: B, targetIp: v4b })),
      onEthernet(
        0x86dd,
        inIpv6(
          0,
          concatBytes(
            bytesOfHex("3a00050200000000") as Uint8Array,
            bytesOfHex(`8f00000000000001 04000000 ${"ff".repeat(16)}`) as Uint8Array,
          ),
        ),
      ),
      bytesOfHex(`0180c2000000 525400000001 0026 424203 0000 02023c ${"80".repeat(31)}`) as Uint8Array,
      bytesOfHex("0180c200000e 525400000001 88cc 0207 04 525400000001 0405 05 65746830 0602 0078 0a05 68656c6c6f 0000") as Uint8Array,
    ];
    let state = 12_345;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    const scratch = new Uint8Array(600);
    let broken = 0;
    for (let i = 0; i < MUTATED; i++) {
      const from = good[i % good.length] as Uint8Array;
      scratch.set(from);
      const frame = scratch.subarray(0, below(4) === 0 ? below(from.length + 1) : from.length);
      for (let changes = below(5); changes > 0; changes--) frame[below(frame.length)] = below(3) === 0 ? 255 : below(256);
      const decoded = decodeFrame(frame);
      if (decoded.problem !== undefined) broken++;
      // The whole look at every field is slow: of each hundredth.
      if (i % 100 !== 0) continue;
      expect(describeFrame(frame).length).toBeLessThan(400);
      for (const layer of decoded.layers) {
        expect(layer.at >= 0 && layer.at + layer.length <= frame.length).toBe(true);
        expect(layer.fields.length).toBeLessThanOrEqual(80);
        for (const field of layer.fields) expect(field.value.length).toBeLessThanOrEqual(200);
      }
    }
    expect(broken).toBeGreaterThan(MUTATED / 20);
  },
  20_000 + MUTATED / 10,
);

test("random bytes are some frame, and never an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      expect(describeFrame(bytes)).toBeTypeOf("string");
    }),
    { numRuns: 2000 },
  );
});
