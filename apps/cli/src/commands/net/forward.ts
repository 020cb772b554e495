// `mimic net forward NETWORK …`: ports of this computer that lead to machines.
import { quoted } from "@mimic/base";
import type { ForwardView, NetworkView } from "@mimic/model";
import { NETWORK } from "../../arguments.ts";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "net forward",
  group: "Networks",
  summary: "Lead a port of this computer to a machine",
  about:
    "Only this computer can use it, unless --at names another address. Without MACHINE:PORT it lists the forwards, also those that came by themselves.",
  args: [NETWORK, { name: "to", about: "MACHINE:PORT", optional: true, completes: "remote" }],
  options: [
    { flags: "--at <port>", about: "the port here, or ADDRESS:PORT; any free one when left out", completes: "nothing" },
    { flags: "--udp", about: "UDP and not TCP" },
    { flags: "--rm <forward>", about: "take one away: its port here, or its id", completes: "nothing" },
  ],
  examples: [
    { line: "mimic net forward home web:80 --at 8080", does: "http://127.0.0.1:8080 shows what “web” serves" },
    { line: "mimic net forward home", does: "lists them" },
    { line: "mimic net forward home --rm 8080", does: "takes it away" },
  ],
  run: async (context, given) => {
    const gone = given.text("rm");
    const view = await change(context, given);
    if (given.json) printJson(context.io, view);
    else if (gone !== undefined) line(context.io, `The forward ${quoted(gone)} is gone.`);
    else if (given.maybe("to") === undefined) list(context, view);
    else {
      const made = view.forwards.at(-1);
      line(context.io, made ? `${hereOf(made)} leads to ${thereOf(made)}.${made.problem ? ` But: ${made.problem}` : ""}` : "Done.");
    }
    return 0;
  },
};

async function change({ client }: Context, given: Given): Promise<NetworkView> {
  const network = given.arg("network");
  const [to, gone, at] = [given.maybe("to"), given.text("rm"), given.text("at")];
  if (gone !== undefined) return await client.networks.removeForward({ network, forward: gone });
  if (to === undefined) return await client.networks.show({ network });
  const place = /^(.+):(\d{1,5})$/.exec(to);
  if (!place)
    throw new UsageError("cli.usage", `“${to.slice(0, 60)}” is no MACHINE:PORT.`, {
      hint: `For example: mimic net forward ${network} web:80 --at 8080`,
    });
  return await client.networks.addForward({
    network,
    machine: place[1] as string,
    guestPort: Number(place[2]),
    ...(at !== undefined && readHere(at)),
    ...(given.flag("udp") && { protocol: "udp" as const }),
  });
}

function readHere(text: string): { hostPort: number; hostAddress?: string } {
  const match = /^(?:\[?([0-9a-fA-F.:]+)\]?:)?(\d{1,5})$/.exec(text);
  if (!match)
    throw new UsageError("cli.usage", `--at takes a port or ADDRESS:PORT, and “${text.slice(0, 60)}” is none.`, {
      hint: "For example: --at 8080",
    });
  return { hostPort: Number(match[2]), ...(match[1] !== undefined && { hostAddress: match[1] }) };
}

const hereOf = (forward: ForwardView): string => `${forward.hostAddress}:${forward.takenPort ?? (forward.hostPort || "(any free port)")}`;
const thereOf = (forward: ForwardView): string => `${forward.machine?.name ?? "a machine that is gone"}:${forward.guestPort}`;

function list({ io }: Context, view: NetworkView): void {
  if (view.forwards.length === 0) {
    line(io, `No forwards on ${quoted(view.name)}.\nMake one: mimic net forward ${view.name} MACHINE:PORT --at PORT`);
    return;
  }
  printTable(
    io,
    ["HERE", "LEADS TO", "", "STATE"],
    view.forwards.map((forward) => [
      { text: hereOf(forward), tone: "strong" },
      { text: thereOf(forward) },
      { text: `${forward.protocol}${forward.isAutomatic ? ", by itself" : ""}`, tone: "faint" },
      forward.problem === undefined ? { text: "works", tone: "good" } : { text: forward.problem, tone: "busy" },
    ]),
  );
}
