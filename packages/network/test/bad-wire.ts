// An endpoint of ours and a Linux network stack, and between them a wire that is as bad as a test wants it, both ways.
import { randomBytes } from "node:crypto";
import { Endpoint, IpAddress } from "@mimic/tcpip";
import { nodeScheduler } from "@mimic/tcpip/node";
import { HostileWire, type WireQuality } from "@mimic/testkit";
import { type FrameServer, type NamespaceGuest, openNamespaceGuest, serveFrames } from "@mimic/testkit/node";
import { runOf } from "../src/switch/ports.ts";
import { BOX, GUEST } from "./nat-box.ts";

export const LINUX = { v4: "10.0.2.15", v6: "fd00:2::15" } as const;

export interface BadWire extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly guest: NamespaceGuest;
  /** To Linux, and from it. */
  readonly wires: readonly HostileWire[];
}

const bytesOf = (mac: string): Uint8Array => Uint8Array.from(mac.split(":"), (part) => Number.parseInt(part, 16));

/** `path`: of the socket that the frames go through. */
export async function openBadWire(path: string, quality: WireQuality): Promise<BadWire> {
  await using scope = new AsyncDisposableStack();
  let frames: FrameServer | undefined;
  const toGuest = new HostileWire({ quality, seed: 11, scheduler: nodeScheduler }, (some) => void frames?.transmit(runOf(some)));
  const toUs: HostileWire = new HostileWire({ quality, seed: 12, scheduler: nodeScheduler }, (some) => {
    for (const frame of some) endpoint.input(frame);
    endpoint.flush();
  });
  const endpoint: Endpoint = new Endpoint({
    mac: bytesOf(BOX.mac),
    addresses: [
      { address: IpAddress.of(BOX.v4), prefixLength: 24 },
      { address: IpAddress.of(BOX.v6), prefixLength: 64 },
    ],
    answersFor: "own",
    scheduler: nodeScheduler,
    random: { bytes: (count) => randomBytes(count) },
    transmit: (run) => {
      toGuest.sendRun(run);
      return true;
    },
  });
  scope.defer(() => endpoint.close());
  frames = scope.use(await serveFrames(path, { input: (bytes, at, end) => toUs.send(bytes.subarray(at, end)), flush: () => {} }));
  const guest = scope.use(await openNamespaceGuest({ dial: path, ...GUEST }));
  // ARP has no checksum: a corrupted answer would be believed, on either side.
  await guest.must("ip", ["neigh", "replace", BOX.v4, "lladdr", BOX.mac, "dev", "eth0", "nud", "permanent"]);
  await guest.must("ip", ["-6", "neigh", "replace", BOX.v6, "lladdr", BOX.mac, "dev", "eth0", "nud", "permanent"]);
  for (const address of [LINUX.v4, LINUX.v6]) endpoint.neighbours.learn(IpAddress.of(address), bytesOf(GUEST.mac));
  const owned = scope.move();
  return { endpoint, guest, wires: [toGuest, toUs], [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
