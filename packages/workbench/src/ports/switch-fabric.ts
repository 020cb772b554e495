// The switch: a process of its own that carries frames and goes on when the daemon ends. The daemon tells it plans and asks
// it questions. Implemented by packages/network (the process and its control socket) and packages/memory (in the page).
import type { Waiting } from "@mimic/base";
import type { DropNote, DropReason, Finding, Lease, NetworkPlan, PortCounters, VlanCounters } from "@mimic/model";

export type CaptureOf =
  | { readonly of: "network" }
  | { readonly of: "port"; readonly port: string }
  | { readonly of: "vlan"; readonly vlan: number };

export interface CaptureWish {
  readonly what: CaptureOf;
  /** In the common filter syntax (a stated subset); "" = everything. */
  readonly filter: string;
  /** Bytes kept of each frame; 0 = all. */
  readonly snapLength: number;
  /** Dropped frames too, each with a comment that says why. */
  readonly withDrops: boolean;
}

/** A forward as it really is: which port was taken, or why none. */
export interface ForwardState {
  readonly id: string;
  readonly hostPort: number;
  readonly problem: string | undefined;
}

/** “What would become of a frame from here to there?”: each place that it passes, and what is decided there. */
export interface TraceQuestion {
  readonly fromPort: string;
  /** An address, or a name of the network's domain. */
  readonly to: string;
  readonly protocol: "icmp" | "tcp" | "udp";
  readonly toPort?: number | undefined;
}
export interface TraceStep {
  readonly at: string;
  readonly words: string;
  readonly outcome: "goesOn" | "arrives" | "dropped";
  readonly reason?: DropReason | undefined;
}

export type SwitchNews =
  | {
      readonly kind: "lease";
      readonly network: string;
      readonly lease: Lease;
      readonly change: "granted" | "renewed" | "released" | "expired";
    }
  | { readonly kind: "peer"; readonly network: string; readonly port: string; readonly isThere: boolean }
  /** Why a port does not lead where it shall; without words = it does again. */
  | { readonly kind: "trouble"; readonly network: string; readonly port: string; readonly words?: string | undefined }
  | { readonly kind: "loop"; readonly network: string; readonly port: string; readonly words: string }
  | { readonly kind: "forward"; readonly network: string; readonly forward: ForwardState }
  /** The process ended and a new one carries the frames; plans were applied again. */
  | { readonly kind: "restarted"; readonly because: string };

export interface SwitchFabric {
  /** Makes the network be as the plan says, changing only what differs. Starts the switch process when none runs. Throws `network.*`. */
  apply(plan: NetworkPlan, options: Waiting): Promise<void>;
  /** The network's ports are closed and its leases forgotten. Removing what is not there is harmless. */
  remove(network: string, options: Waiting): Promise<void>;
  counters(network: string, options: Waiting): Promise<readonly PortCounters[]>;
  vlanCounters(network: string, options: Waiting): Promise<readonly VlanCounters[]>;
  leases(network: string, options: Waiting): Promise<readonly Lease[]>;
  release(network: string, mac: string, options: Waiting): Promise<void>;
  /** The last dropped frames, newest last, at most a few hundred are kept. */
  drops(network: string, options: Waiting & { readonly port?: string | undefined }): Promise<readonly DropNote[]>;
  forwards(network: string, options: Waiting): Promise<readonly ForwardState[]>;
  trace(network: string, question: TraceQuestion, options: Waiting): Promise<readonly TraceStep[]>;
  /** pcap-ng bytes until aborted. A reader that is too slow loses frames, and the file says how many. Throws `capture.bad_filter`. */
  capture(network: string, wish: CaptureWish, options: Waiting): AsyncIterable<Uint8Array>;
  /** An open Duplex-like connection to a machine's TCP port through the gateway (for `mimic ssh`). */
  connect(network: string, to: { readonly address: string; readonly port: number }, options: Waiting): Promise<FabricConnection>;
  /** For `mimic doctor`: does it run and answer, and how is it kept apart? Starts it when it does not run. */
  diagnose(options: Waiting): Promise<Finding>;
  listen(heard: (news: SwitchNews) => void): Disposable;
  /** Lets go; the process goes on unless `end`. */
  close(options: { readonly end: boolean }): Promise<void>;
}

export interface FabricConnection extends AsyncDisposable {
  readonly readable: AsyncIterable<Uint8Array>;
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}
