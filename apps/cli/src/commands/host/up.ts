// `mimic up`: after it there is a daemon, a first machine that is usable, and an address to go to.
// (What the computer itself lacks was brought by the launcher.) Run again, it changes nothing and says so.
import { readFile } from "node:fs/promises";
import { quoted } from "@mimic/base";
import type { JobView, MachineView } from "@mimic/model";
import { YES } from "../../arguments.ts";
import { browserAddress } from "../../browser-address.ts";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { aside, hasColour, line, printJson } from "../../io.ts";
import { readyWords } from "../../outcome.ts";
import { tinted } from "../../table.ts";
import { waitJob } from "../../wait-job.ts";
import { untilGone } from "./until-gone.ts";

const FIRST = { name: "hello", system: "tiny-linux" } as const;

export const command: CommandSpec = {
  path: "up",
  group: "Begin",
  summary: "Set Mimic up, start it, and have a first machine running",
  about: `Brings what this computer lacks (asking once before system packages are installed), starts Mimic, and makes and
starts a tiny Linux machine called “${FIRST.name}”. Run again, it changes nothing and says so.`,
  options: [YES, { flags: "--no-machine", about: "without the first machine" }],
  examples: [
    { line: "mimic up", does: "from a fresh computer to a machine in the browser" },
    { line: "mimic up --yes", does: "without a question" },
  ],
  run: async (context, given) => {
    await context.door.ensure();
    const renewed = !context.door.started && (await renewDaemon(context));
    const begun = context.door.started || renewed;
    const first = !given.off("machine") ? await haveFirst(context, given) : undefined;
    const address = await browserAddress(context.client);
    if (given.json) printJson(context.io, { changed: begun || first?.changed === true, address, machine: first?.machine });
    else sayWelcome(context, { begun, first, address });
    return 0;
  },
};

/** After a new version was fetched and built, the daemon that still runs is the old one. Machines go on meanwhile. */
async function renewDaemon(context: Context): Promise<boolean> {
  const { build } = await context.client.host.show({});
  const built = await readFile(`${process.env.MIMIC_ROOT ?? ""}/.mimic/build/daemon.hash`, "utf8").catch(() => undefined);
  if (build === undefined || built === undefined || build === built) return false;
  aside(context.io, "Mimic was renewed: its daemon starts anew, machines go on…");
  await context.client.daemon.shutdown({ machines: false });
  await untilGone(context);
  await context.door.ensure();
  return true;
}

interface First {
  readonly machine: MachineView;
  readonly changed: boolean;
}

async function haveFirst({ client, io, door }: Context, given: Given): Promise<First> {
  const { machines } = await client.machines.list({});
  const there = machines.find(({ name }) => name === FIRST.name);
  // Paused is a wish of a person (or a full disk): `up` does not undo it.
  if (there?.power === "paused" || (there?.power === "running" && there.usableBy)) return { machine: there, changed: false };
  let job: JobView;
  if (there) ({ job } = await client.machines.start({ machine: there.id, wait: "usable" }));
  else ({ job } = await client.machines.create({ ...FIRST, start: true }));
  await waitJob({ client, io, door }, job, { quiet: given.json });
  return { machine: await client.machines.show({ machine: FIRST.name }), changed: true };
}

function sayWelcome({ io }: Context, { begun, first, address }: { begun: boolean; first: First | undefined; address: string }): void {
  const strong = (text: string) => tinted(text, "strong", hasColour(io));
  if (begun || first?.changed) line(io, `Mimic runs.${first ? ` ${readyWords(first.machine)}` : ""}`);
  else line(io, `Mimic already runs${first ? `, and ${readyWords(first.machine)}` : "."} Nothing was changed.`);
  if (first?.machine.power === "paused") line(io, `Let ${quoted(FIRST.name)} go on: mimic resume ${FIRST.name}`);
  line(io, `\nIn the browser (good once, for a minute; “mimic open” makes a new one):\n  ${strong(address)}\n\nIn the terminal:`);
  const tries = first
    ? [
        [`mimic exec ${FIRST.name} -- uname -a`, "run a command in the machine"],
        [`mimic shell ${FIRST.name}`, "go in; “exit” comes back"],
        ["mimic os ls", "what else machines can be made from"],
      ]
    : [
        ["mimic os ls", "what machines can be made from"],
        [`mimic new ${FIRST.name} --os ${FIRST.system} --start`, "make one"],
        ["mimic ls", "see your machines"],
      ];
  for (const [command = "", does = ""] of tries) line(io, `  ${strong(command)}${" ".repeat(Math.max(2, 36 - command.length))}${does}`);
}
