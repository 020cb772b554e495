// `mimic ping NAME…`: does anybody answer in there?
import { quoted } from "@mimic/base";
import { MACHINES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { eachMachine } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "ping",
  group: "Inside a machine",
  summary: "Ask a machine's guest agent whether it answers, and how quickly",
  about: "The agent is asked itself, not the network: it answers where there is no network, and when the system is alive.",
  args: [MACHINES],
  examples: [{ line: "mimic ping hello", does: "“hello” answers within 3 ms" }],
  run: (context, given) =>
    eachMachine(given, async (name) => {
      const { answeredInMs } = await context.client.machines.ping({ machine: name });
      if (given.json) printJson(context.io, { machine: name, answeredInMs });
      else line(context.io, `${quoted(name)} answers within ${Math.max(1, Math.round(answeredInMs))} ms.`);
    }),
};
