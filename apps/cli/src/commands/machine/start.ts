// `mimic start NAME…`: returns when the machine is usable, and says by which sign.
import { MACHINES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { eachMachine, followOrLeave, next, readyWords } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "start",
  group: "Machines",
  summary: "Start a machine and wait until it is usable",
  about: "Usable means that its guest agent answers or, for systems without one, that its own sign was seen.",
  args: [MACHINES],
  options: [
    { flags: "--running", about: "wait only until it is switched on, not until it is usable" },
    { flags: "--no-wait", about: "do not wait at all" },
  ],
  examples: [
    { line: "mimic start hello", does: "start “hello” and wait until it is usable" },
    { line: "mimic start web db", does: "two machines, one after the other" },
    { line: "mimic start hello --no-wait", does: "begin, and come back at once" },
  ],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const { job } = await context.client.machines.start({ machine: name, wait: given.flag("running") ? "running" : "usable" });
      await followOrLeave(context, given, job, async () => {
        const machine = await context.client.machines.show({ machine: name });
        next(context, machine.usableBy ? `Go in: mimic shell ${machine.name}   Its screen: mimic open` : "Its screen: mimic open");
        return readyWords(machine);
      });
    }),
};
