// The way out of gateways on this computer: our endpoint, its sockets, its clock.
import { randomFillSync } from "node:crypto";
import { nodeScheduler } from "@mimic/tcpip/node";
import { uplinkMaker } from "../../nat/index.ts";
import { hostUplink } from "./host-uplink.ts";

const POOL_BYTES = 4096;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** Four bytes are wanted for each connection: the system is asked for a thousand of them at once. */
function randomBytes(count: number): Uint8Array {
  if (count > POOL_BYTES) return randomFillSync(new Uint8Array(count));
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.slice(used - count, used);
}

export const nodeUplink = uplinkMaker({ host: hostUplink, scheduler: nodeScheduler, random: { bytes: randomBytes } });
