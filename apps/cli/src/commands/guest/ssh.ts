// `mimic ssh NAME`: this computer's own ssh, joined to the machine through Mimic's gateway, with the key that Mimic seeded.
import { MACHINE, readCount } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { sshInto } from "../../ssh.ts";

export const command: CommandSpec = {
  path: "ssh",
  group: "Inside a machine",
  summary: "Log in to a machine by SSH",
  about:
    "Needs no forward and no address: it goes through the daemon and the network's gateway, with the key that Mimic put into\nthe machine. What follows the name runs there; without it you get a shell. For scp and others: mimic ssh NAME --config.",
  args: [MACHINE],
  options: [
    { flags: "-l, --login <user>", about: "as whom; the system's own user when left out", completes: "nothing" },
    { flags: "-p, --port <port>", about: "where its SSH server listens; 22 when left out", completes: "nothing" },
    { flags: "--config", about: "print lines for ~/.ssh/config instead" },
  ],
  passesRest: true,
  isConversation: true,
  examples: [
    { line: "mimic ssh web", does: "a shell in “web”" },
    { line: "mimic ssh web -- sudo systemctl status nginx", does: "runs that there" },
    { line: "mimic ssh web --config >> ~/.ssh/config", does: "from then on: scp file mimic-web:" },
  ],
  run: async (context, given) => {
    const [login, port] = [given.text("login"), given.text("port")];
    return await sshInto(context, {
      machine: await context.client.machines.show({ machine: given.arg("name") }),
      login,
      port: port === undefined ? 22 : readCount("--port", port),
      words: given.rest,
      printsConfig: given.flag("config"),
    });
  },
};
