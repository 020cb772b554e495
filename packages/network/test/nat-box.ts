// A gateway that is nothing but an endpoint and a NAT, at one unix socket: for tests and benches of the two.

import { randomBytes } from "node:crypto";
import { Nat, type NatDecision, type NatFlow } from "@mimic/network";
import { hostUplink } from "@mimic/network/node";
import { Endpoint, IpAddress } from "@mimic/tcpip";
import { nodeScheduler } from "@mimic/tcpip/node";
import { type FrameServer, serveFrames } from "@mimic/testkit/node";

export const BOX = { v4: "10.0.2.2", v6: "fd00:2::2", mac: "52:54:00:00:02:02" } as const;
export const GUEST = {
  addresses: ["10.0.2.15/24", "fd00:2::15/64"],
  gateways: ["10.0.2.2", "fd00:2::2"],
  mac: "52:54:00:12:34:56",
} as const;

export interface NatBox extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly nat: Nat;
  readonly frames: FrameServer;
}

/** Throws what `decide` throws away: each flow is asked for. */
export async function openNatBox(path: string, decide: (flow: NatFlow) => NatDecision): Promise<NatBox> {
  let frames: FrameServer | undefined;
  const endpoint: Endpoint = new Endpoint({
    mac: Uint8Array.from(BOX.mac.split(":"), (part) => Number.parseInt(part, 16)),
    addresses: [
      { address: IpAddress.of(BOX.v4), prefixLength: 24 },
      { address: IpAddress.of(BOX.v6), prefixLength: 64 },
    ],
    answersFor: "every",
    scheduler: nodeScheduler,
    random: { bytes: (count) => randomBytes(count) },
    transmit: (run, giveBack) => frames?.transmit(run, giveBack),
  });
  const nat = new Nat({ endpoint, host: hostUplink, decide });
  frames = await serveFrames(path, endpoint);
  return {
    endpoint,
    nat,
    frames,
    async [Symbol.asyncDispose]() {
      nat.close();
      endpoint.close();
      await frames?.[Symbol.asyncDispose]();
    },
  };
}

/** Everything goes to this computer's loopback, at the same port: what an open gateway must never do, and tests may. */
export const toLoopback = (flow: NatFlow): NatDecision => ({
  verdict: "allow",
  dial: { address: flow.destination.version === 4 ? "127.0.0.1" : "::1", port: flow.destinationPort },
});
