// A process that is nothing but a port, an endpoint and a NAT, as `gateway-nat` measures it:
// `node gateway-process.ts (listen | dial) SOCKET OPENED`. What a guest may reach is decided as the gateway of a new network
// decides it, with one rule that opens the address OPENED; it lives in a namespace of its own, with nothing else in it.
import { randomBytes } from "node:crypto";
import { FirewallRule, GatewayPlan } from "@mimic/model";
import { decideEgress, Nat, type NatDecision, type NatFlow, PolicyKeeper } from "@mimic/network";
import { hostUplink, watchHostAddresses } from "@mimic/network/node";
import { Endpoint, IpAddress } from "@mimic/tcpip";
import { nodeScheduler } from "@mimic/tcpip/node";
import { dialFrames, type FrameServer, serveFrames } from "@mimic/testkit/node";
import { macText } from "@mimic/wire";

const OWN = { address: "10.0.2.2", prefix: 24, mac: new Uint8Array([0x52, 0x54, 0, 0, 2, 2]) } as const;
const NATIVE_VLAN = 1;

const [how, path = "", opened = ""] = process.argv.slice(2);
const NO_NEIGHBOURS: [] = [];
const policies = new PolicyKeeper({ hostAddresses: watchHostAddresses(), neighbours: () => NO_NEIGHBOURS, isNamed: () => false });
policies.apply(
  GatewayPlan.parse({
    mac: macText(OWN.mac),
    segments: [{ vlan: NATIVE_VLAN, v4: { address: OWN.address, prefix: OWN.prefix } }],
    domain: "bench.mimic",
    dns: { forward: false },
    uplink: "internet",
    rules: [FirewallRule.parse({ id: `rul_${"0".repeat(26)}`, action: "accept", target: { to: "range", range: opened } })],
  }),
);
let frames: FrameServer | undefined;
const endpoint: Endpoint = new Endpoint({
  mac: OWN.mac,
  addresses: [{ address: IpAddress.of(OWN.address), prefixLength: OWN.prefix }],
  answersFor: "every",
  scheduler: nodeScheduler,
  random: { bytes: (count) => randomBytes(count) },
  transmit: (run, giveBack) => frames?.transmit(run, giveBack),
});
new Nat({ endpoint, host: hostUplink, decide });
frames = await (how === "dial" ? dialFrames : serveFrames)(path, endpoint);
process.stdout.write("ready\n");
// It ends with whoever started it.
process.stdin.resume().on("end", () => process.exit());
process.on("SIGTERM", () => process.exit());
process.on("SIGUSR2", () => {
  process.stderr.write(
    `${JSON.stringify({ tcp: endpoint.tcp.counters, size: endpoint.tcp.size, lost: frames?.counts.lost, memory: endpoint.memoryBytes })}\n`,
  );
});

/** As the gateway's way out asks and does it; the services at its own addresses are not here. */
function decide({ protocol, source, destination, destinationPort: port, mac }: NatFlow): NatDecision {
  const question = { mac: macText(mac), machine: undefined, vlan: NATIVE_VLAN, from: source.bytes, to: destination.bytes, protocol, port };
  const decision = decideEgress(policies.policy, question);
  if (decision.verdict !== "accept") return decision.verdict === "drop" ? { verdict: "drop" } : { verdict: "reject", how: "prohibited" };
  if (decision.way !== "uplink") return { verdict: "reject", how: "noRoute" };
  return { verdict: "allow", dial: { address: destination.text, port } };
}
