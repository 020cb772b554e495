// Cables from networks to this computer's own LAN. The switch has no right to make one, so the daemon does: each is a tap
// at a bridge of this computer, and a process without any right that carries its frames to a socket which the switch dials.
// Implemented by packages/qemu (Linux) and packages/memory.
import type { HostLinkKind } from "@mimic/model";

export interface HostLink {
  readonly name: string;
  readonly kind: HostLinkKind;
  readonly mtu: number;
  /** The bridge that it is plugged into. */
  readonly bridge?: string | undefined;
  /** Of a bridge: what is plugged into it, without Mimic's own taps. */
  readonly members: readonly string[];
}

export interface LanLook {
  /** What this daemon lacks to make such a cable; undefined = nothing. */
  readonly lacks?: { readonly why: string; readonly hint: string } | undefined;
  readonly links: readonly HostLink[];
}

export interface LanCable {
  /** `prt_…` */
  readonly port: string;
  readonly bridge: string;
}

/** Without words = it leads where it shall again. */
export interface LanNews {
  readonly port: string;
  readonly words?: string | undefined;
}

export interface LanBridges {
  look(): Promise<LanLook>;
  /** The cable is there from now on, and is mended when it breaks; harmless when it is there already. What does not work is news. */
  attach(cable: LanCable): Promise<void>;
  /** Pulls it; nothing of it is left. Harmless when it is not there. */
  detach(port: string): Promise<void>;
  /** Pulls all others that this installation has: what a crash left. */
  keepOnly(ports: ReadonlySet<string>): Promise<void>;
  listen(heard: (news: LanNews) => void): Disposable;
  /** Lets go; cables stay unless `end`. */
  close(options: { readonly end: boolean }): Promise<void>;
}
