// Why a frame went no further, in a sentence, and what a person can do about it. Here and not beside the switch, because
// all three doors say it.
import type { DropReason } from "./counters.ts";

export interface DropWords {
  readonly words: string;
  /** The next action; NETWORK stands for the network's name. */
  readonly hint: string;
}

const GUARD =
  "A guard of the port; when the machine is a router or a test of your own, take it away: mimic net set NETWORK --port PORT --guard";

export const DROP_WORDS: Readonly<Record<DropReason, DropWords>> = {
  portDown: { words: "the cable of the port is pulled", hint: "Put it back: mimic net set NETWORK --port PORT --cable in" },
  noPeer: { words: "nobody is at the other end of the cable", hint: "Start the machine there." },
  queueFull: {
    words: "the other end reads too slowly and its queue was full",
    hint: "Give that machine more time of the processor, or send less.",
  },
  tooShort: { words: "the frame is shorter than an Ethernet header", hint: "Look at who sends it: mimic net capture NETWORK" },
  tooLong: {
    words: "the frame is longer than the network's MTU allows",
    hint: "Make the guest's MTU smaller, or the network's larger: mimic net set NETWORK --mtu 9000",
  },
  malformed: { words: "the frame breaks the rules of its own protocol", hint: "Look at who sends it: mimic net capture NETWORK" },
  tagNotAllowed: {
    words: "the port takes no frames with a VLAN tag",
    hint: "Make it a trunk when it shall carry several VLANs: mimic net vlan NETWORK --port PORT --trunk all",
  },
  vlanNotAllowed: {
    words: "the frame's VLAN is not allowed on the port",
    hint: "Allow it: mimic net vlan NETWORK --port PORT --trunk 10,20",
  },
  untaggedNotAllowed: {
    words: "the trunk has no native VLAN, so frames without a tag have no place",
    hint: "Give it one: mimic net vlan NETWORK --port PORT --trunk all --native 1",
  },
  doubleTag: {
    words: "the frame carries two VLAN tags where one, or none, is allowed",
    hint: "This is how VLANs are hopped; look at who sends it: mimic net capture NETWORK",
  },
  privateVlan: {
    words: "a private VLAN keeps these two ports apart",
    hint: "Change a port's role: mimic net vlan NETWORK --port PORT --private promiscuous",
  },
  macSpoofed: { words: "the sender's MAC address is not that of its card", hint: `${GUARD} mac=off` },
  ipSpoofed: { words: "the sender's IP address is not one that its card has", hint: `${GUARD} ip=off` },
  arpSpoofed: { words: "an ARP message claims an address that its card does not have", hint: `${GUARD} ip=off` },
  rogueDhcp: { words: "a DHCP answer came from a machine, and only the gateway may give addresses out", hint: `${GUARD} dhcp=off` },
  rogueRouterAdvertisement: {
    words: "a router advertisement came from a machine, and only the gateway may send them",
    hint: `${GUARD} routerAdvertisements=off`,
  },
  broadcastLimit: { words: "more broadcasts a second than the port may send", hint: `${GUARD} broadcastPerSecond=5000` },
  rateLimit: { words: "more frames a second than the port may send", hint: `${GUARD} framesPerSecond=0` },
  macLimit: { words: "more addresses behind the port than the switch will learn there", hint: `${GUARD} macLimit=1024` },
  mirrorMaySendNothing: { words: "a mirror only listens", hint: "Use a machine of its own to send." },
  sameSegment: { words: "the receiver is behind the port that the frame came from", hint: "Nothing to do: it was there already." },
  loopBlocked: {
    words: "the port is blocked because it would close a loop of cables",
    hint: "Take one of the cables of the loop away: mimic net show NETWORK",
  },
  reservedAddress: {
    words: "the receiver's address is reserved for talk between switches",
    hint: "Nothing to do: a switch never passes these on.",
  },
  linkLoss: {
    words: "the link is set to lose frames, and this was one",
    hint: "Make it good again: mimic net set NETWORK --port PORT --quality perfect",
  },
  linkQueueFull: {
    words: "the link is set to be slow, and its queue was full",
    hint: "Send slower, or make it faster: mimic net set NETWORK --port PORT --quality perfect",
  },
  firewall: { words: "a rule of the network's firewall said no, or none said yes", hint: "See the rules: mimic net rule NETWORK" },
  destinationFiltered: {
    words: "guests may not reach this computer, its neighbours or special addresses",
    hint: "Open just what is needed: mimic net rule NETWORK --accept host:8080",
  },
  noRoute: {
    words: "the gateway knows no way to that address",
    hint: "Link the networks, or use one that reaches the Internet: mimic net show NETWORK",
  },
  ttlExpired: { words: "it had passed as many routers as it may", hint: "A routing loop, or a traceroute at work." },
  unknownProtocol: {
    words: "the gateway carries TCP, UDP and ICMP only",
    hint: "Put both machines on one network: a switch carries everything.",
  },
};
