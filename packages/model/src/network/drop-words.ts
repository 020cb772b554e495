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
  portDown: { words: "The cable is pulled at that port.", hint: "Put it back: mimic net set NETWORK --port PORT --cable in" },
  noPeer: { words: "Nobody is at the other end of that port.", hint: "Start the machine there." },
  queueFull: {
    words: "Whoever is behind that port takes frames too slowly, so its own queue is full.",
    hint: "Give that machine more time of the processor, or send less.",
  },
  tooShort: { words: "It is shorter than an Ethernet header.", hint: "Look at who sends it: mimic net capture NETWORK" },
  tooLong: {
    words: "It is longer than the network's MTU allows.",
    hint: "Make the guest's MTU smaller, or the network's larger: mimic net set NETWORK --mtu 9000",
  },
  malformed: { words: "Its headers contradict themselves.", hint: "Look at who sends it: mimic net capture NETWORK" },
  tagNotAllowed: {
    words: "It bears a VLAN tag, and that port takes none.",
    hint: "Make it a trunk when it shall carry several VLANs: mimic net vlan NETWORK --port PORT --trunk all",
  },
  vlanNotAllowed: {
    words: "That port does not belong to the frame's VLAN.",
    hint: "Allow it: mimic net vlan NETWORK --port PORT --trunk 10,20",
  },
  untaggedNotAllowed: {
    words: "It has no VLAN tag, and that trunk has no native VLAN.",
    hint: "Give it one: mimic net vlan NETWORK --port PORT --trunk all --native 1",
  },
  doubleTag: {
    words: "Without its outer tag it would show a second one, which is how a VLAN is left unseen.",
    hint: "This is how VLANs are hopped; look at who sends it: mimic net capture NETWORK",
  },
  privateVlan: {
    words: "The private VLAN keeps these two ports apart.",
    hint: "Change a port's role: mimic net vlan NETWORK --port PORT --private promiscuous",
  },
  macSpoofed: { words: "Its source is not the address of the NIC at that port.", hint: `${GUARD} mac=off` },
  ipSpoofed: { words: "Its source address belongs to another machine.", hint: `${GUARD} ip=off` },
  arpSpoofed: { words: "It claims, by ARP or neighbour discovery, an address that belongs to another machine.", hint: `${GUARD} ip=off` },
  rogueDhcp: { words: "It answers like a DHCP server, and only the gateway may.", hint: `${GUARD} dhcp=off` },
  rogueRouterAdvertisement: {
    words: "It speaks like a router, and only the gateway may.",
    hint: `${GUARD} routerAdvertisements=off`,
  },
  broadcastLimit: { words: "That port has sent too many broadcasts in this second.", hint: `${GUARD} broadcastPerSecond=5000` },
  rateLimit: { words: "That port has sent too many frames in this second.", hint: `${GUARD} framesPerSecond=0` },
  macLimit: { words: "Too many different addresses have spoken at that port.", hint: `${GUARD} macLimit=1024` },
  mirrorMaySendNothing: { words: "A mirror port gets copies and may send nothing.", hint: "Use a machine of its own to send." },
  sameSegment: { words: "Its receiver is at the port that it came from.", hint: "Nothing to do: it was there already." },
  loopBlocked: {
    words: "That port is shut, because the cables form a circle there.",
    hint: "Take one of the cables of the loop away: mimic net show NETWORK",
  },
  reservedAddress: {
    words: "It is meant for the switch itself (spanning tree, link negotiation), and switches do not pass those on.",
    hint: "Nothing to do: a switch never passes these on.",
  },
  linkLoss: {
    words: "The link loses frames, as it was told to.",
    hint: "Make it good again: mimic net set NETWORK --port PORT --quality perfect",
  },
  linkQueueFull: {
    words: "The link is slower than what is sent, and its queue is full.",
    hint: "Send slower, or make it faster: mimic net set NETWORK --port PORT --quality perfect",
  },
  firewall: { words: "A rule of the gateway drops it, or none allows it.", hint: "See the rules: mimic net rule NETWORK" },
  destinationFiltered: {
    words: "It is for this computer, its neighbours, or an address that is not on the Internet.",
    hint: "Open just what is needed: mimic net rule NETWORK --accept host:8080",
  },
  noRoute: {
    words: "The gateway knows no way there.",
    hint: "Link the networks, or use one that reaches the Internet: mimic net show NETWORK",
  },
  ttlExpired: { words: "It has passed too many routers.", hint: "A routing loop, or a traceroute at work." },
  unknownProtocol: {
    words: "The gateway carries TCP, UDP and ping, and this is something else.",
    hint: "Put both machines on one network: a switch carries everything.",
  },
  cannotPing: {
    words: "This computer cannot ping for it: its program “ping” is missing, or may not send pings.",
    hint: "Install ping (in Debian: apt install iputils-ping) and let users ping: sysctl net.ipv4.ping_group_range='0 2147483647'",
  },
};
