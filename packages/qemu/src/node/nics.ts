// Network cards of a running QEMU: added, taken out, their cables pulled and put back.
import { onAbort, type Waiting } from "@mimic/base";
import { foreignBoard, type HardwareSpec, type NicSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import { netdevOptions, nicDevice, nicNetdev, nicOptions, nicPlace } from "../argv/nics.ts";
import { nicStays } from "../errors.ts";

/** An ISA bus has no way of telling that something came or went. */
export const canComeAndGo = ({ model }: Pick<NicSpec, "model">): boolean => model !== "ne2k_isa";
export const hasCarrier = ({ isUp, network }: Pick<NicSpec, "isUp" | "network">): boolean => isUp && network !== null;

export interface Plugging {
  readonly board: HardwareSpec["board"];
  readonly nic: NicSpec;
  /** As QEMU sees it. */
  readonly netFolder: string;
}

/** False = this board cannot take such a card while it runs. */
export async function plugNic(session: QmpSession, { board, nic, netFolder }: Plugging, options: Waiting): Promise<boolean> {
  const place = nicPlace(board, nic);
  if (place === undefined || !canComeAndGo(nic)) return false;
  await session.execute("netdev_add", netdevOptions(nic.id, netFolder), options);
  try {
    await pullTillPlugged(session, nic.id, options);
    await session.execute("device_add", nicOptions(nic, place, undefined), options);
  } catch (error) {
    await session.execute("netdev_del", { id: nicNetdev(nic.id) }, options).catch(() => {});
    throw error;
  }
  if (!hasCarrier(nic)) await setLink(session, nicDevice(nic.id), false, options);
  return true;
}

/**
 * For a netdev whose socket nobody has connected to yet. QEMU makes that socket listen in a thread, and until it heard of that
 * it takes the cable for plugged in: a frame then goes to a connection that is not there, and QEMU crashes (net/stream.c,
 * net_stream_server_listening, seen in 7.2). A connection puts the cable in by itself.
 */
async function pullTillPlugged(session: QmpSession, nicId: string, options: Waiting): Promise<void> {
  await session.execute("set_link", { name: nicNetdev(nicId), up: false }, options);
}

/** For cards that QEMU was started with: before its guest, or a state that it wakes up from, can send anything. */
export async function pullAllTillPlugged(session: QmpSession, hardware: HardwareSpec, options: Waiting): Promise<void> {
  for (const { id } of hardware.nics) {
    await pullTillPlugged(session, id, options);
    // Its card was told too, and is not told when the connection comes.
    await setLink(session, cardName(hardware, id), true, options);
  }
}

/** How long a guest may take to let go of a card. */
const LETS_GO_WITHIN_MS = 8000;

/** Waits for this card's own DEVICE_DELETED: late events of other devices come too. Throws `nic.cannot_unplug`. */
export async function unplugNic(session: QmpSession, nic: NicSpec, options: Waiting): Promise<void> {
  const id = nicDevice(nic.id);
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(LETS_GO_WITHIN_MS)]);
  using events = session.listen(["DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR"]);
  using _ = onAbort(signal, () => events[Symbol.dispose]());
  await session.execute("device_del", { id }, options);
  let isGone = false;
  for await (const event of events) {
    if (event.kind !== "event" || event.data.device !== id) continue;
    isGone = event.event === "DEVICE_DELETED";
    break;
  }
  options.signal.throwIfAborted();
  if (!isGone) throw nicStays("this machine");
  await session.execute("netdev_del", { id: nicNetdev(nic.id) }, options);
}

/** The guest sees its carrier go and come (qapi/net.json, set_link). `card`: of `cardName`. */
export async function setLink(session: QmpSession, card: string, up: boolean, options: Waiting): Promise<void> {
  await session.execute("set_link", { name: card, up }, options);
}

/** What QEMU calls the card: a soldered one it names itself. */
export function cardName(hardware: Pick<HardwareSpec, "architecture" | "board">, nicId: string): string {
  const ownCard = foreignBoard(hardware)?.ownCard;
  return ownCard === undefined ? nicDevice(nicId) : `${ownCard}.0`;
}
