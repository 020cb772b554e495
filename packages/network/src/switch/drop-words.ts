// Each reason for dropping a frame in a sentence, and how to change it when one wants to. Used by “mimic net why”.
import type { DropReason } from "@mimic/model";

export interface DropWords {
  /** What happened, in the present tense. */
  readonly words: string;
  /** What to do when the frame should pass. */
  readonly change: string;
}

export const DROP_WORDS: Readonly<Record<DropReason, DropWords>> = {
  portDown: { words: "The cable is pulled at that port.", change: "Plug it in: mimic net link MACHINE --up." },
  noPeer: { words: "Nobody is at the other end of that port.", change: "Start the machine, or whatever should be there." },
  queueFull: {
    words: "Whoever is behind that port takes frames too slowly, so its own queue is full.",
    change: "Look whether the machine is paused or overloaded; nobody else loses frames by it.",
  },
  tooShort: { words: "It is shorter than an Ethernet header.", change: "Its sender is broken; nothing can be set for this." },
  tooLong: {
    words: "It is longer than the network's MTU allows.",
    change: "Raise the network's MTU (9000 for jumbo frames), or lower the guest's.",
  },
  malformed: {
    words: "Its headers contradict themselves.",
    change: "Record it with “mimic net capture” and look at it; its sender is broken or hostile.",
  },
  tagNotAllowed: {
    words: "It bears a VLAN tag, and that port takes none.",
    change: "Make the port a trunk (mimic net vlan MACHINE --trunk), if the guest should speak in VLANs itself.",
  },
  vlanNotAllowed: {
    words: "That port does not belong to the frame's VLAN.",
    change: "Add the VLAN to the port: mimic net vlan MACHINE --allow VLAN.",
  },
  untaggedNotAllowed: {
    words: "It has no VLAN tag, and that trunk has no native VLAN.",
    change: "Give the trunk a native VLAN, or let the guest tag its frames.",
  },
  doubleTag: {
    words: "Without its outer tag it would show a second one, which is how a VLAN is left unseen.",
    change: "Use a QinQ port where a customer's own tags should travel.",
  },
  privateVlan: {
    words: "The private VLAN keeps these two ports apart.",
    change: "Put both into one community, or make one of them promiscuous.",
  },
  macSpoofed: {
    words: "Its source is not the address of the NIC at that port.",
    change: "For a guest that bridges or routes for others: switch the MAC guard of that NIC off.",
  },
  ipSpoofed: {
    words: "Its source address belongs to another machine.",
    change: "Reserve the address for this NIC (mimic net lease), or switch the IP guard of that NIC off.",
  },
  arpSpoofed: {
    words: "It claims, by ARP, an address that belongs to another machine.",
    change: "Reserve the address for this NIC (mimic net lease), or switch the IP guard of that NIC off.",
  },
  rogueDhcp: {
    words: "It answers like a DHCP server, and only the gateway may.",
    change: "For a guest that should serve DHCP: switch the DHCP guard of that NIC off, and the gateway's pool too.",
  },
  rogueRouterAdvertisement: {
    words: "It speaks like a router, and only the gateway may.",
    change: "For a guest that should be a router: switch the router guard of that NIC off.",
  },
  broadcastLimit: {
    words: "That port has sent too many broadcasts in this second.",
    change: "Raise the limit of that NIC, if the guest is meant to do this.",
  },
  rateLimit: { words: "That port has sent too many frames in this second.", change: "Raise the limit of that NIC." },
  macLimit: {
    words: "Too many different addresses have spoken at that port.",
    change: "Raise the address limit of that port, if there is a switch behind it.",
  },
  mirrorMaySendNothing: { words: "A mirror port gets copies and may send nothing.", change: "Use an ordinary port." },
  sameSegment: { words: "Its receiver is at the port that it came from.", change: "Nothing: whoever it is for has it already." },
  loopBlocked: {
    words: "That port is shut, because the cables form a circle there.",
    change: "Pull one cable of the circle; the port opens by itself.",
  },
  reservedAddress: {
    words: "It is meant for the switch itself (spanning tree, link negotiation), and switches do not pass those on.",
    change: "Nothing: it is not meant to travel.",
  },
  linkLoss: {
    words: "The link loses frames, as it was told to.",
    change: "Choose a better quality: mimic net link MACHINE --profile perfect.",
  },
  linkQueueFull: {
    words: "The link is slower than what is sent, and its queue is full.",
    change: "Choose a faster link, or a longer queue.",
  },
  firewall: { words: "A rule of the gateway drops it, or none allows it.", change: "Add a rule: mimic net rule." },
  destinationFiltered: {
    words: "It is for this computer, its neighbours, or an address that is not on the Internet.",
    change: "Open exactly what is needed with a rule: mimic net rule.",
  },
  noRoute: {
    words: "The gateway knows no way there.",
    change: "Look at the address; give the network an uplink if it should reach the Internet.",
  },
  ttlExpired: {
    words: "It has passed too many routers.",
    change: "Nothing: traceroute does this on purpose. Otherwise look for a routing circle.",
  },
  unknownProtocol: {
    words: "The gateway carries TCP, UDP and ping, and this is something else.",
    change: "Use a machine as the router, on a bridged network.",
  },
};
