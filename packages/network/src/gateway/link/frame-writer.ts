// Gathers the frames that the gateway sends into one run, so that the switch takes a batch at once. VLAN 1 is untagged at the
// gateway's port, all others carry their tag.
import { ETHERNET_HEADER, TAG_LENGTH, TPID_CUSTOMER, writeTag, writeU16 } from "@mimic/wire";
import { RECORD_HEAD, writeRecordHead } from "../../switch/ports.ts";

export const NATIVE_VLAN = 1;
const FIRST_SIZE = 64 * 1024;
const MOST_SIZE = 1024 * 1024;

export class FrameWriter {
  readonly #source: () => Uint8Array;
  readonly #full: () => void;
  #run = new Uint8Array(FIRST_SIZE);
  #used = 0;

  /** `full`: called when the run is to be taken before more fits. */
  constructor(source: () => Uint8Array, full: () => void) {
    this.#source = source;
    this.#full = full;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Adds a frame from the gateway's own MAC. */
  add(vlan: number, destination: Uint8Array, etherType: number, payload: Uint8Array): void {
    const head = ETHERNET_HEADER + (vlan === NATIVE_VLAN ? 0 : TAG_LENGTH);
    this.#makeRoom(RECORD_HEAD + head + payload.length);
    const run = this.#run;
    let at = this.#used;
    writeRecordHead(run, at, head + payload.length);
    at += RECORD_HEAD;
    run.set(destination.subarray(0, 6), at);
    run.set(this.#source().subarray(0, 6), at + 6);
    if (vlan !== NATIVE_VLAN) writeTag(run, at + 12, { tpid: TPID_CUSTOMER, priority: 0, dropEligible: false, vlan });
    writeU16(run, at + head - 2, etherType);
    run.set(payload, at + head);
    this.#used = at + head + payload.length;
  }

  /** The run so far, valid until the next `add`. */
  take(): Uint8Array {
    const run = this.#run.subarray(0, this.#used);
    this.#used = 0;
    return run;
  }

  #makeRoom(size: number): void {
    if (this.#used + size <= this.#run.length) return;
    if (this.#used + size > MOST_SIZE) this.#full();
    if (this.#used + size <= this.#run.length) return;
    const bigger = new Uint8Array(Math.max(this.#run.length * 2, this.#used + size));
    bigger.set(this.#run.subarray(0, this.#used));
    this.#run = bigger;
  }
}
