// `mimic net trace NETWORK FROM TO`: what would become of a frame?
import { NETWORK, readCount } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

const SIGN = { goesOn: "→", arrives: "✓", dropped: "✗" } as const;
const TONE = { goesOn: undefined, arrives: "good", dropped: "bad" } as const;

export const command: CommandSpec = {
  path: "net trace",
  group: "Networks",
  summary: "Say what would become of a frame from here to there",
  about: "Nothing is sent: each place that it would pass is asked what it would decide. Ends with 1 when it would not arrive.",
  args: [
    NETWORK,
    { name: "from", about: "the machine, or the port's own name", completes: "machine" },
    { name: "to", about: "an address, or a name" },
  ],
  options: [
    { flags: "--tcp <port>", about: "a TCP connection to this port", completes: ["22", "80", "443"] },
    { flags: "--udp <port>", about: "a UDP datagram to this port", completes: ["53"] },
  ],
  examples: [
    { line: "mimic net trace home hello web --tcp 80", does: "from “hello” to port 80 of “web”" },
    { line: "mimic net trace home hello 192.168.1.1", does: "would a ping reach the router at home?" },
  ],
  run: async ({ io, client }, given) => {
    const [tcp, udp] = [given.text("tcp"), given.text("udp")];
    const traced = await client.networks.trace({
      network: given.arg("network"),
      from: given.arg("from"),
      to: given.arg("to"),
      ...(tcp !== undefined && { protocol: "tcp" as const, toPort: readCount("--tcp", tcp) }),
      ...(udp !== undefined && { protocol: "udp" as const, toPort: readCount("--udp", udp) }),
    });
    if (given.json) printJson(io, traced);
    else for (const { at, words, outcome } of traced.steps) line(io, `${SIGN[outcome]} ${at}: ${words}`, TONE[outcome]);
    return traced.steps.at(-1)?.outcome === "arrives" ? 0 : 1;
  },
};
