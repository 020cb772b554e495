// A capture over the control socket: pcap-ng bytes until the reader goes.
import type { Socket } from "node:net";
import { MimicError } from "@mimic/base";
import type { CaptureWish } from "@mimic/workbench/ports";
import type { NetworkHost } from "./network-host.ts";

export function serveCapture(_socket: Socket, _network: NetworkHost, _wish: CaptureWish, _welcome: () => void): void {
  throw new MimicError("network.switch_failed", "Captures are not there yet.", { hint: "Update Mimic." });
}
