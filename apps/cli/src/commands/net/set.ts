// `mimic net set NETWORK …`: how a network works, or one port of it.
import type { InputOf } from "@mimic/api/client";
import { quoted } from "@mimic/base";
import { NETWORK, readCount, readSwitch } from "../../arguments.ts";
import type { CommandSpec, Given } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { LINK_ABOUT, LINK_OPTIONS, readPort } from "../../net-options.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "net set",
  group: "Networks",
  summary: "Change how a network, or one port of it, works",
  about: `With --port it is about one port: its cable, how good its link is, and what its owner may not do.\n${LINK_ABOUT}`,
  args: [NETWORK],
  options: [
    { flags: "--mtu <bytes>", about: "the largest packet", completes: ["1500", "9000"] },
    { flags: "--snooping <on|off>", about: "multicast only to those who asked for it (IGMP, MLD)", completes: ["on", "off"] },
    { flags: "--spanning-tree <on|off>", about: "find loops of cables and stop them", completes: ["on", "off"] },
    { flags: "--auto-forward <on|off>", about: "ports that a guest opens appear on this computer by themselves", completes: ["on", "off"] },
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
    { flags: "--port <port>", about: "the machine there, the port's own name, or its id", completes: "machine" },
    ...LINK_OPTIONS,
  ],
  examples: [
    { line: "mimic net set home --port hello --quality 3g", does: "as over a mobile phone of 2010" },
    {
      line: "mimic net set home --port hello --delay 40 --jitter 5 --loss up=2%",
      does: "late both ways, and what it sends is lost at times",
    },
    { line: "mimic net set home --port hello --cable out", does: "pulls its cable; --cable in puts it back" },
    { line: "mimic net set lab --port router --guard mac=off --guard ip=off", does: "lets a machine pass on what others send" },
    { line: "mimic net set lab --mtu 9000", does: "jumbo frames" },
  ],
  run: async ({ io, client }, given) => {
    const network = given.arg("network");
    const port = given.text("port");
    const ofPort = readPort(given);
    const ofNetwork = networkWish(given);
    const isEmpty = (wish: object) => Object.keys(wish).length === 0;
    if (port === undefined && !isEmpty(ofPort))
      throw new UsageError("cli.usage", "That is about one port: say which.", {
        hint: `For example: mimic net set ${network} --port MACHINE --cable out`,
      });
    if (isEmpty(ofPort) && isEmpty(ofNetwork))
      throw new UsageError("cli.usage", "Nothing to change was named.", { hint: `See what there is: mimic net show ${network}` });
    let view = isEmpty(ofNetwork) ? undefined : await client.networks.change({ network, ...ofNetwork });
    if (port !== undefined) view = await client.networks.changePort({ network, port, ...ofPort });
    if (given.json) printJson(io, view);
    else line(io, port === undefined ? `${quoted(network)} is changed.` : `The port of ${quoted(port)} on ${quoted(network)} is changed.`);
    return 0;
  },
};

function networkWish(given: Given): Omit<InputOf<"networks", "change">, "network"> {
  const [mtu, snooping, tree, forwards, note] = ["mtu", "snooping", "spanningTree", "autoForward", "note"].map((name) => given.text(name));
  return {
    ...(mtu !== undefined && { mtu: readCount("--mtu", mtu) }),
    ...(snooping !== undefined && { snooping: readSwitch("--snooping", snooping) }),
    ...(tree !== undefined && { spanningTree: readSwitch("--spanning-tree", tree) }),
    ...(forwards !== undefined && { automaticForwards: readSwitch("--auto-forward", forwards) }),
    ...(note !== undefined && { note }),
  };
}
