// The DHCPv4 server (RFC 2131 §4.3) as one pure function: a message, the leases and the time give an answer and changes of
// leases. It is the only server of its segment, so it says no (NAK) to addresses that it does not know to be right.
//
//   DISCOVER → OFFER (or at once ACK, RFC 4039)     REQUEST → ACK or NAK     INFORM → ACK without an address
//   DECLINE  → the address rests                    RELEASE → the address is free, and remembered for its MAC
import {
  addressOption,
  claimedHostName,
  type DhcpMessage,
  type DhcpType,
  dhcpOption,
  dhcpType,
  dhcpTypeOf,
  hexOf,
  macText,
  noIpv4Address,
  textData,
  u32Option,
} from "@mimic/wire";
import { addressBytes, addressNumber, type DhcpLease, isHeld, type LeaseChange } from "./lease-table.ts";
import { optionsFor, type SegmentOffer } from "./options-for.ts";
import { chooseAddress, isOnSegment, mayHave, type Scene } from "./pool.ts";

const OFFER_MS = 60_000;
const REST_MS = 600_000;
/** Leases of one segment, those only remembered included. More are refused: a /16 is large, and each costs memory and disk. */
export const MOST_LEASES = 65_536;
const LEAST_LEASE_SECONDS = 60;

export interface DhcpScene extends Omit<Scene, "pool"> {
  readonly offer: SegmentOffer;
  /** The name that the plan gives to that MAC's machine. */
  readonly hostNameOf: (mac: string) => string | undefined;
  /** Whether messages that a relay passes on are believed; then the frame's sender is the relay. */
  readonly acceptsRelays: boolean;
}

/** Where the answer goes (RFC 2131 §4.1). `mac`: frames go there without asking by ARP, since the client has no address yet. */
export type DhcpWay =
  | { readonly to: "relay"; readonly address: Uint8Array }
  | { readonly to: "broadcast" }
  | { readonly to: "client"; readonly address: Uint8Array; readonly mac: Uint8Array };

export type DhcpSilence =
  | "not_a_request"
  | "no_type"
  | "not_ethernet"
  | "hardware_address_is_not_the_senders"
  | "for_another_server"
  | "pool_is_used_up"
  | "too_many_leases"
  | "not_its_address"
  | "no_address";

export interface DhcpDecision {
  readonly answer: { readonly message: DhcpMessage; readonly way: DhcpWay } | undefined;
  readonly changes: readonly LeaseChange[];
  /** A lease began or went on (for the news). */
  readonly granted?: { readonly lease: DhcpLease; readonly isNew: boolean };
  readonly released?: DhcpLease;
  /** Why nothing was answered. */
  readonly silence?: DhcpSilence;
}

const silent = (silence: DhcpSilence, changes: readonly LeaseChange[] = []): DhcpDecision => ({ answer: undefined, changes, silence });

interface Asked {
  readonly message: DhcpMessage;
  readonly mac: string;
  readonly scene: DhcpScene;
  readonly pooled: Scene;
  readonly lease: DhcpLease | undefined;
  /** Option 50. */
  readonly wanted: number | undefined;
}

/** `senderMac`: of the frame that brought the message. Never throws, whatever the message says. */
export function decideDhcp(scene: DhcpScene, message: DhcpMessage, senderMac: Uint8Array): DhcpDecision {
  if (message.operation !== "request") return silent("not_a_request");
  const type = dhcpTypeOf(message);
  if (type === undefined) return silent("no_type");
  if (message.hardwareType !== 1 || message.clientHardware.length !== 6) return silent("not_ethernet");
  const mac = macText(message.clientHardware);
  // Who speaks for other MACs would use up the pool with clients that do not exist.
  if (mac !== macText(senderMac) && !(scene.acceptsRelays && addressNumber(message.relayAddress) !== 0)) {
    return silent("hardware_address_is_not_the_senders");
  }
  const wantedBytes = addressOption(message, dhcpOption.requestedAddress);
  const asked: Asked = {
    message,
    mac,
    scene,
    pooled: { ...scene, pool: scene.offer.pool },
    lease: scene.table.byMac.get(mac),
    wanted: wantedBytes && addressNumber(wantedBytes),
  };
  return decideByType(type, asked);
}

function decideByType(type: DhcpType, asked: Asked): DhcpDecision {
  switch (type) {
    case dhcpType.discover:
      return discover(asked);
    case dhcpType.request:
      return request(asked);
    case dhcpType.decline:
      return decline(asked);
    case dhcpType.release:
      return release(asked);
    case dhcpType.inform:
      return inform(asked);
    default:
      return silent("not_a_request");
  }
}

function discover(asked: Asked): DhcpDecision {
  const { scene, pooled, mac, lease } = asked;
  const address = chooseAddress(pooled, mac, asked.wanted);
  if (address === undefined) return silent("pool_is_used_up");
  if (!lease && scene.table.byMac.size >= MOST_LEASES) return silent("too_many_leases");
  if (asked.message.options.has(dhcpOption.rapidCommit)) return grant(asked, address, { isRapid: true });
  // A lease in use stays as it is until the client asks for it: it may only look around again.
  const isInUse = lease && lease.address === address && lease.state === "bound" && isHeld(lease, scene.nowMs);
  const offered = isInUse ? lease : leaseOf(asked, address, { state: "offered", expiresAtMs: scene.nowMs + OFFER_MS });
  const options = optionsFor(scene.offer, asked.message, { leaseSeconds: secondsFor(asked), hostName: scene.hostNameOf(mac) });
  return { answer: answerTo(asked, { type: dhcpType.offer, address, options }), changes: isInUse ? [] : [{ kind: "put", lease: offered }] };
}

/** RFC 2131 §4.3.2: SELECTING has a server, INIT-REBOOT only the wanted address, RENEWING and REBINDING their own address. */
function request(asked: Asked): DhcpDecision {
  const { message, scene, pooled, mac, lease } = asked;
  const server = addressOption(message, dhcpOption.serverIdentifier);
  if (server && addressNumber(server) !== scene.offer.pool.own) {
    return silent("for_another_server", lease?.state === "offered" ? [{ kind: "forget", mac }] : []);
  }
  const own = addressNumber(message.clientAddress);
  const address = own !== 0 ? own : asked.wanted;
  if (address === undefined || address === 0) return silent("no_address");
  const isRight = mayHave(pooled, mac, address) && (lease === undefined || lease.address === address || !isHeld(lease, scene.nowMs));
  if (!isRight) return refuse(asked);
  if (!lease && scene.table.byMac.size >= MOST_LEASES) return silent("too_many_leases");
  return grant(asked, address, { isRapid: false });
}

function grant(asked: Asked, address: number, { isRapid }: { readonly isRapid: boolean }): DhcpDecision {
  const { scene, lease, message, mac } = asked;
  const leaseSeconds = secondsFor(asked);
  const granted = leaseOf(asked, address, { state: "bound", expiresAtMs: scene.nowMs + leaseSeconds * 1000 });
  const options = optionsFor(scene.offer, message, { leaseSeconds, hostName: scene.hostNameOf(mac) });
  if (isRapid) options.set(dhcpOption.rapidCommit, new Uint8Array());
  const isNew = !(lease && lease.address === address && lease.state === "bound" && isHeld(lease, scene.nowMs));
  return {
    answer: answerTo(asked, { type: dhcpType.ack, address, options }),
    changes: [{ kind: "put", lease: granted }],
    granted: { lease: granted, isNew },
  };
}

/** NAK: everybody hears it, since the client's address may be wrong for this network (RFC 2131 §4.3.2). */
function refuse(asked: Asked): DhcpDecision {
  const { scene, message } = asked;
  const options = new Map([
    [dhcpOption.messageType, Uint8Array.of(dhcpType.nak)],
    [dhcpOption.serverIdentifier, addressBytes(scene.offer.pool.own)],
    [dhcpOption.message, textData("this address is not yours here")],
  ] as [number, Uint8Array][]);
  const isRelayed = addressNumber(message.relayAddress) !== 0;
  return {
    answer: {
      message: { ...replyTo(message), wantsBroadcast: message.wantsBroadcast || isRelayed, options },
      way: isRelayed ? { to: "relay", address: message.relayAddress } : { to: "broadcast" },
    },
    changes: [],
  };
}

/** Somebody else uses the address (RFC 2131 §4.3.3). Only who has the lease may say so. */
function decline({ scene, lease, wanted, mac }: Asked): DhcpDecision {
  if (!lease || lease.address !== wanted) return silent("not_its_address");
  const rest: LeaseChange = { kind: "rest", address: lease.address, untilMs: scene.nowMs + REST_MS };
  return { answer: undefined, changes: [{ kind: "forget", mac }, rest], released: lease };
}

/** RFC 2131 §4.3.4. The client may come back: its address is given to others only when no fresh one is left. */
function release({ scene, lease, message }: Asked): DhcpDecision {
  if (lease?.state !== "bound" || lease.address !== addressNumber(message.clientAddress)) return silent("not_its_address");
  const freed: DhcpLease = { ...lease, state: "free", expiresAtMs: scene.nowMs };
  return { answer: undefined, changes: [{ kind: "put", lease: freed }], released: freed };
}

/** RFC 2131 §4.3.5: somebody with an address of its own wants to know the rest. */
function inform(asked: Asked): DhcpDecision {
  const { scene, message, mac } = asked;
  const address = addressNumber(message.clientAddress);
  if (!isOnSegment(scene.offer.pool, address)) return silent("no_address");
  const options = optionsFor(scene.offer, message, { leaseSeconds: undefined, hostName: scene.hostNameOf(mac) });
  return { answer: answerTo(asked, { type: dhcpType.ack, address: 0, options }), changes: [] };
}

/** A client may ask for less time, never for more. */
function secondsFor({ scene, message }: Asked): number {
  const most = scene.offer.pool.leaseSeconds;
  return Math.max(LEAST_LEASE_SECONDS, Math.min(most, u32Option(message, dhcpOption.leaseTime) ?? most));
}

function leaseOf({ message, mac }: Asked, address: number, more: Pick<DhcpLease, "state" | "expiresAtMs">): DhcpLease {
  const clientId = hexOf((message.options.get(dhcpOption.clientIdentifier) ?? new Uint8Array()).subarray(0, 64));
  return { mac, address, clientId, hostName: claimedHostName(message), ...more };
}

const replyTo = (asked: DhcpMessage): DhcpMessage => ({
  operation: "reply",
  hardwareType: asked.hardwareType,
  hops: 0,
  transactionId: asked.transactionId,
  seconds: 0,
  wantsBroadcast: asked.wantsBroadcast,
  clientAddress: noIpv4Address,
  yourAddress: noIpv4Address,
  nextServer: noIpv4Address,
  relayAddress: asked.relayAddress,
  clientHardware: asked.clientHardware,
  serverName: "",
  bootFile: "",
  options: new Map(),
});

interface Answer {
  readonly type: DhcpType;
  readonly address: number;
  readonly options: ReadonlyMap<number, Uint8Array>;
}

function answerTo({ message }: Asked, { type, address, options }: Answer): { message: DhcpMessage; way: DhcpWay } {
  const clientId = message.options.get(dhcpOption.clientIdentifier);
  const all = new Map<number, Uint8Array>([[dhcpOption.messageType, Uint8Array.of(type)], ...options]);
  // RFC 6842: the identifier comes back as it was sent.
  if (clientId) all.set(dhcpOption.clientIdentifier, clientId);
  const reply = { ...replyTo(message), clientAddress: message.clientAddress, yourAddress: addressBytes(address), options: all };
  return { message: reply, way: wayTo(message, address) };
}

function wayTo(message: DhcpMessage, address: number): DhcpWay {
  const mac = message.clientHardware;
  if (addressNumber(message.relayAddress) !== 0) return { to: "relay", address: message.relayAddress };
  if (addressNumber(message.clientAddress) !== 0) return { to: "client", address: message.clientAddress, mac };
  if (message.wantsBroadcast) return { to: "broadcast" };
  return { to: "client", address: addressBytes(address), mac };
}
