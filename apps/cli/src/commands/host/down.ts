// `mimic down [--all]`: the daemon ends; machines go on unless they are shut down first.
import type { CommandSpec } from "../../command.ts";
import { aside, line, printJson } from "../../io.ts";
import { next } from "../../outcome.ts";
import { untilGone } from "./until-gone.ts";

export const command: CommandSpec = {
  path: "down",
  group: "Begin",
  summary: "End Mimic's daemon; machines go on running",
  options: [{ flags: "--all", about: "shut all machines down first" }],
  examples: [
    { line: "mimic down", does: "the daemon ends; machines go on, and are found again at “mimic up”" },
    { line: "mimic down --all", does: "machines are asked to shut down, then the daemon ends" },
  ],
  run: async (context, given) => {
    const { io, door, client } = context;
    const all = given.flag("all");
    // Machines may run though the daemon does not: to shut them down it is needed.
    if (all) await door.ensure();
    else if (!(await door.runs())) {
      if (given.json) printJson(io, { stoppedMachines: [] });
      else line(io, "Mimic does not run. Nothing was changed.");
      return 0;
    }
    if (all && !given.json) aside(io, "Asking the machines to shut down…");
    const running = all ? [] : (await client.machines.list({})).machines.filter(({ power }) => power === "running" || power === "paused");
    const answer = await client.daemon.shutdown({ machines: all });
    await untilGone(context);
    if (given.json) printJson(io, answer);
    else {
      line(io, all ? `Mimic has ended. ${shutDown(answer.stoppedMachines.length)}` : "Mimic has ended.");
      if (running.length > 0)
        next(
          context,
          `${running.length === 1 ? "One machine goes" : `${running.length} machines go`} on running. Find them again: mimic ls`,
        );
    }
    return 0;
  },
};

const shutDown = (count: number): string =>
  count === 0 ? "No machine was running." : count === 1 ? "One machine was shut down." : `${count} machines were shut down.`;
