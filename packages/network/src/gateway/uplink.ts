// The way out as the gateway sees it: it is handed frames of guests that lead out, or to TCP and UDP at the gateway's own
// addresses, and puts frames for guests on the switch by itself. It asks `decide` once for each flow that somebody begins.
// Implemented in ../nat over the TCP/IP endpoint.
import type { Forward } from "@mimic/model";
import type { FabricConnection, ForwardState } from "@mimic/workbench/ports";
import type { EgressDecision } from "./filter/decide-egress.ts";

export interface UplinkFlow {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly vlan: number;
  /** 4 or 16 bytes. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** 0 for ICMP. */
  readonly toPort: number;
}

/** A byte stream between a guest and a service of the gateway: DNS over TCP. */
export interface ServedStream {
  readonly readable: AsyncIterable<Uint8Array>;
  /** Resolves when more may be written; rejects when the connection is gone. */
  write(bytes: Uint8Array): Promise<void>;
  end(): void;
  destroy(): void;
}

export interface UplinkSurroundings {
  readonly mtu: number;
  /** Frames for guests, tagged as the gateway's port has them; the run is valid during the call. */
  readonly transmit: (run: Uint8Array) => void;
  readonly decide: (flow: UplinkFlow) => EgressDecision;
  /** This computer has no way to ping for a guest; the packet's start, valid during the call. */
  readonly cannotPing: (packet: Uint8Array, from: { readonly mac: Uint8Array; readonly vlan: number }) => void;
  /** Somebody connected to the gateway's own TCP port 53. */
  readonly serveDns: (stream: ServedStream, from: Uint8Array) => void;
  /** A forward came to be, or could not. */
  readonly told: (state: ForwardState) => void;
}

/** Where the gateway stands in a VLAN. */
export interface UplinkFoot {
  readonly vlan: number;
  readonly mac: Uint8Array;
  readonly addresses: readonly { readonly address: Uint8Array; readonly prefixLength: number }[];
}

/** A forward with the address that its NIC has now; undefined while it has none. */
export interface ResolvedForward {
  readonly forward: Forward;
  readonly guest: Uint8Array | undefined;
}

export interface Uplink {
  /** Takes a guest's frame; the bytes are valid during the call only. */
  receive(frame: Uint8Array, vlan: number): void;
  /**
   * Takes the frame in [at, end) when it belongs to a TCP connection that is there already: nothing is to be decided about it any
   * more, and nearly all frames are such. False = it is not, and nothing has happened.
   */
  receiveKnown(bytes: Uint8Array, at: number, end: number): boolean;
  /** A batch of frames is over. */
  flush(): void;
  setFeet(feet: readonly UplinkFoot[]): void;
  setForwards(forwards: readonly ResolvedForward[]): void;
  forwards(): readonly ForwardState[];
  connect(
    to: { readonly address: Uint8Array; readonly port: number },
    options: { readonly signal: AbortSignal },
  ): Promise<FabricConnection>;
  /** Rules changed: flows that `decide` no longer accepts are ended. */
  review(): void;
  close(): Promise<void>;
}

export type MakeUplink = (surroundings: UplinkSurroundings) => Uplink;
