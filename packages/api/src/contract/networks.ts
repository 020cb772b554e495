// Networks and network cards: inputs, outputs and words of their routes.
import {
  DnsRecord,
  DropView,
  FirewallRule,
  Forward,
  InterfaceName,
  Lease,
  LinkProfile,
  MacAddress,
  MachineView,
  NetworkKind,
  NetworkView,
  NicModel,
  PortCounters,
  PortGuards,
  PortMode,
  TraceStepView,
  TwoWayQuality,
  VlanId,
} from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, machine, Nothing, route } from "./common.ts";
import { eachOptional } from "./each-optional.ts";

const network = z.string().min(1).max(100).describe("name, id, or an unambiguous beginning of the name");
const nic = z.string().min(1).max(100).describe("id, MAC address, its number from 1, or the network that it is on");
const port = z.string().min(1).max(100).describe("id, its own name, or the name of the machine there");
const OfNetwork = z.strictObject({ network });

const guards = z.strictObject(eachOptional(PortGuards.shape));
/** What can be changed at any port; what is left out stays. */
const portWish = {
  mode: PortMode.optional(),
  isUp: z.boolean().optional().describe("false = pull the cable"),
  guards: guards.optional(),
  quality: TwoWayQuality.optional(),
  profile: LinkProfile.optional().describe(
    "a link by name: a quality in place of `quality` with the cable in, or “unplugged”, the cable out",
  ),
};

export const nicContract = {
  addNic: route(routes.machines.addNic, "machines", "Give it a network card; a running machine finds it at once")
    .input(
      z.strictObject({
        machine,
        network: network.nullable().optional().describe("where its cable leads; null = nowhere; left out = “home”"),
        model: NicModel.optional(),
        mac: MacAddress.optional(),
        ...portWish,
      }),
    )
    .output(MachineView),
  changeNic: route(routes.machines.changeNic, "machines", "Plug its cable somewhere else, pull it, or change how the link is")
    .input(
      z.strictObject({
        machine,
        nic,
        network: network.nullable().optional(),
        model: NicModel.optional(),
        mac: MacAddress.optional(),
        ...portWish,
      }),
    )
    .output(MachineView),
  removeNic: route(routes.machines.removeNic, "machines", "Take a network card out")
    .input(z.strictObject({ machine, nic }))
    .output(MachineView),
};

const n = "networks";
/** “10.77.0.0/24”: the gateway is its first address. */
const subnet = z.cidrv4().optional().describe("chosen by Mimic when left out");
const rule = FirewallRule.omit({ id: true });

export const networkContract = {
  list: route(routes.networks.list, n, "All networks")
    .input(Nothing)
    .output(z.object({ networks: z.array(NetworkView) })),
  create: route(routes.networks.create, n, "Make a network")
    .input(
      z.strictObject({
        name: z.string().max(200),
        kind: NetworkKind.optional().describe("nat when left out"),
        subnet,
        mtu: z.int().min(576).max(65_500).optional(),
        note: z.string().max(2000).optional(),
        to: InterfaceName.optional().describe("of a bridged network: the bridge of this computer; the usual one when left out"),
      }),
    )
    .output(NetworkView),
  show: route(routes.networks.show, n, "One network, with its ports and what is observed there").input(OfNetwork).output(NetworkView),
  change: route(routes.networks.change, n, "Rename it, or change how it works")
    .input(
      z.strictObject({
        network,
        name: z.string().max(200).optional(),
        note: z.string().max(2000).optional(),
        mtu: z.int().min(576).max(65_500).optional(),
        snooping: z.boolean().optional(),
        spanningTree: z.boolean().optional(),
        automaticForwards: z.boolean().optional(),
        dnsRecords: z.array(DnsRecord).max(1000).optional().describe("all of them, in place of what is there"),
      }),
    )
    .output(NetworkView),
  remove: route(routes.networks.remove, n, "Remove it; refused while something is plugged in").input(OfNetwork).output(Done),

  setVlan: route(routes.networks.setVlan, n, "Make a VLAN, or change one")
    .input(
      z.strictObject({
        network,
        vlan: VlanId,
        name: z.string().max(63).optional(),
        gateway: z.boolean().optional().describe("whether the gateway has a foot in it (addresses, names, the way out)"),
        subnet,
      }),
    )
    .output(NetworkView),
  removeVlan: route(routes.networks.removeVlan, n, "Remove a VLAN; refused while a port uses it")
    .input(z.strictObject({ network, vlan: z.coerce.number().int().min(1).max(4094) }))
    .output(NetworkView),

  addPort: route(routes.networks.addPort, n, "A port that is no machine's: a link to another network, a socket, a tunnel, a mirror")
    .input(
      z.strictObject({
        network,
        name: z.string().max(63).optional(),
        leads: z.discriminatedUnion("to", [
          z.strictObject({ to: z.literal("network"), network, mode: PortMode.optional().describe("of the port at the other end") }),
          z.strictObject({ to: z.literal("socket") }),
          z.strictObject({
            to: z.literal("tunnel"),
            listen: z.string().max(100).optional().describe("address:port to wait at"),
            dial: z.string().max(260).optional().describe("host:port to call"),
            key: z
              .string()
              .regex(/^[0-9a-f]{64}$/)
              .optional()
              .describe("32 bytes in hex, the same at both ends; made when left out"),
          }),
          z.strictObject({ to: z.literal("mirror"), of: z.array(port).max(64) }),
        ]),
        ...portWish,
      }),
    )
    .output(NetworkView),
  changePort: route(routes.networks.changePort, n, "Change a port: its VLANs, its cable, its guards, how good the link is")
    .input(z.strictObject({ network, port, name: z.string().max(63).optional(), ...portWish }))
    .output(NetworkView),
  removePort: route(routes.networks.removePort, n, "Remove a port that is no machine's (a link goes at both ends)")
    .input(z.strictObject({ network, port }))
    .output(NetworkView),

  addForward: route(routes.networks.addForward, n, "From a port of this computer to a machine")
    .input(
      z.strictObject({
        network,
        machine,
        guestPort: z.int().min(1).max(65_535),
        hostPort: z.int().min(0).max(65_535).optional().describe("any free one when left out"),
        hostAddress: Forward.shape.hostAddress.unwrap().optional().describe("127.0.0.1 when left out"),
        protocol: z.enum(["tcp", "udp"]).optional(),
      }),
    )
    .output(NetworkView),
  removeForward: route(routes.networks.removeForward, n, "Take a forward away")
    .input(z.strictObject({ network, forward: z.string().min(1).max(60) }))
    .output(NetworkView),

  addRule: route(routes.networks.addRule, n, "A rule of the firewall; the first that fits decides")
    .input(
      z.strictObject({
        network,
        rule: rule.extend({
          from: FirewallRule.shape.from,
          note: z.string().max(200).optional(),
          protocol: z.enum(["any", "tcp", "udp", "icmp"]).optional(),
        }),
        at: z.int().min(0).optional().describe("its place, from 0; last when left out"),
      }),
    )
    .output(NetworkView),
  moveRule: route(routes.networks.moveRule, n, "Give a rule another place")
    .input(z.strictObject({ network, rule: z.string().min(1).max(60), at: z.int().min(0) }))
    .output(NetworkView),
  removeRule: route(routes.networks.removeRule, n, "Take a rule away")
    .input(z.strictObject({ network, rule: z.string().min(1).max(60) }))
    .output(NetworkView),

  leases: route(routes.networks.leases, n, "Who has which address")
    .input(OfNetwork)
    .output(z.object({ leases: z.array(Lease) })),
  releaseLease: route(routes.networks.releaseLease, n, "Forget a lease: the address is free again")
    .input(z.strictObject({ network, mac: MacAddress }))
    .output(Done),
  reserve: route(routes.networks.reserve, n, "Always the same address for a card")
    .input(z.strictObject({ network, mac: MacAddress, address: z.ipv4() }))
    .output(NetworkView),
  unreserve: route(routes.networks.unreserve, n, "Any address again")
    .input(z.strictObject({ network, mac: MacAddress }))
    .output(NetworkView),

  counters: route(routes.networks.counters, n, "What passed each port, and what was dropped; cheap, to be asked every second")
    .input(OfNetwork)
    .output(z.object({ at: z.iso.datetime(), ports: z.array(PortCounters) })),
  drops: route(routes.networks.drops, n, "The frames dropped last, each with its reason and the way to change it; newest last")
    .input(z.strictObject({ network, port: port.optional() }))
    .output(z.object({ drops: z.array(DropView) })),
  trace: route(routes.networks.trace, n, "What would become of a frame from here to there?")
    .input(
      z.strictObject({
        network,
        from: port,
        to: z.string().min(1).max(253).describe("an address, or a name"),
        protocol: z.enum(["icmp", "tcp", "udp"]).optional(),
        toPort: z.int().min(1).max(65_535).optional(),
      }),
    )
    .output(z.object({ steps: z.array(TraceStepView) })),
  layout: route(routes.networks.layout, n, "Remember where things stand on the canvas; null = where Mimic would put it")
    .input(z.strictObject({ network, places: z.record(z.string().max(40), z.strictObject({ x: z.number(), y: z.number() }).nullable()) }))
    .output(Done),
};
