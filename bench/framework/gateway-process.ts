// A process that is nothing but a port, an endpoint and a NAT, as `gateway-nat` measures it: `node gateway-process.ts (listen | dial) SOCKET`.
// Whatever a guest wants is dialled: it lives in a namespace of its own, with nothing else in it.
import { randomBytes } from "node:crypto";
import { Nat } from "@mimic/network";
import { hostUplink } from "@mimic/network/node";
import { Endpoint, IpAddress } from "@mimic/tcpip";
import { nodeScheduler } from "@mimic/tcpip/node";
import { dialFrames, type FrameServer, serveFrames } from "@mimic/testkit/node";

const [how, path = ""] = process.argv.slice(2);
let frames: FrameServer | undefined;
const endpoint: Endpoint = new Endpoint({
  mac: new Uint8Array([0x52, 0x54, 0, 0, 2, 2]),
  addresses: [{ address: IpAddress.of("10.0.2.2"), prefixLength: 24 }],
  answersFor: "every",
  scheduler: nodeScheduler,
  random: { bytes: (count) => randomBytes(count) },
  transmit: (run, giveBack) => frames?.transmit(run, giveBack),
});
new Nat({
  endpoint,
  host: hostUplink,
  decide: ({ destination, destinationPort: port }) => ({ verdict: "allow", dial: { address: destination.text, port } }),
});
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
