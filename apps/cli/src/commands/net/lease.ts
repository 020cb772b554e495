// `mimic net lease NETWORK`: who has which address.
import { quoted } from "@mimic/base";
import type { Lease } from "@mimic/model";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec, Context } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { UsageError } from "../../say.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "net lease",
  group: "Networks",
  summary: "See who has which address, and keep one for somebody",
  args: [NETWORK],
  options: [
    {
      flags: "--keep <who=address>",
      about: "always this address: a machine's name or a card's MAC address, and the address",
      completes: "nothing",
    },
    { flags: "--unkeep <who>", about: "any address again", completes: "machine" },
    { flags: "--release <who>", about: "forget a lease: the address is free again", completes: "machine" },
  ],
  examples: [
    { line: "mimic net lease home", does: "addresses, names and how long they last" },
    { line: "mimic net lease home --keep hello=10.77.0.50", does: "“hello” has this address from its next request on" },
  ],
  run: async (context, given) => {
    const { io, client } = context;
    const network = given.arg("network");
    const [keep, unkeep, release] = [given.text("keep"), given.text("unkeep"), given.text("release")];
    if (keep !== undefined) {
      const [who = "", address = ""] = keep.split("=", 2);
      if (!/^\d+(\.\d+){3}$/.test(address))
        throw new UsageError("cli.usage", "--keep takes WHO=ADDRESS.", { hint: `For example: --keep hello=10.77.0.50` });
      const view = await client.networks.reserve({ network, mac: await macOf(context, network, who), address });
      if (given.json) printJson(io, view);
      else line(io, `${address} is kept for ${quoted(who)}.`);
    } else if (unkeep !== undefined) {
      const view = await client.networks.unreserve({ network, mac: await macOf(context, network, unkeep) });
      if (given.json) printJson(io, view);
      else line(io, `No address is kept for ${quoted(unkeep)} any more.`);
    } else if (release !== undefined) {
      const answer = await client.networks.releaseLease({ network, mac: await macOf(context, network, release) });
      if (given.json) printJson(io, answer);
      else line(io, `The lease of ${quoted(release)} is forgotten.`);
    } else {
      const listed = await client.networks.leases({ network });
      if (given.json) printJson(io, listed);
      else await list(context, network, listed.leases);
    }
    return 0;
  },
};

/** A MAC address as it is, or that of the machine's card on the network. */
async function macOf({ client }: Context, network: string, who: string): Promise<string> {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(who)) return who.toLowerCase();
  const { ports } = await client.networks.show({ network });
  const mac = ports.find(({ label, machine }) => machine !== undefined && label === who)?.mac;
  if (mac !== undefined) return mac;
  throw new UsageError("cli.usage", `${quoted(who)} is no machine on ${quoted(network)}, and no MAC address.`, {
    hint: `See who is there: mimic net show ${network}`,
  });
}

async function list({ io, client }: Context, network: string, leases: readonly Lease[]): Promise<void> {
  if (leases.length === 0) return void line(io, `Nobody has an address on ${quoted(network)} yet.`);
  const { ports } = await client.networks.show({ network });
  printTable(
    io,
    ["ADDRESS", "MACHINE", "CALLS ITSELF", "MAC", "VLAN", "UNTIL"],
    leases.map((lease) => [
      { text: lease.address, tone: "strong" },
      { text: ports.find(({ mac }) => mac === lease.mac)?.label ?? "—" },
      { text: lease.hostName ?? "—", tone: "faint" },
      { text: lease.mac, tone: "faint" },
      { text: String(lease.vlan) },
      { text: lease.isReserved ? "kept for it" : lease.expiresAt ? relative(lease.expiresAt, io.nowMs()) : "—" },
    ]),
  );
}
