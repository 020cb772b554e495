// mimic-switch: carries frames between machines, and nothing else. It knows two folders: where the machines' sockets and
// its control socket are, and where leases are kept. It goes on when the daemon ends.
import { parseArgs } from "node:util";
import type { Log } from "@mimic/base";
import { gatewayMaker } from "@mimic/network";
import { nodeGatewayEnvironment, nodeUplink, runSwitch } from "@mimic/network/node";

const { values } = parseArgs({ options: { net: { type: "string" }, state: { type: "string" } } });
if (values.net === undefined || values.state === undefined) {
  process.stderr.write("mimic-switch: it is started by the daemon, with --net FOLDER --state FOLDER.\n");
  process.exit(64);
}

const warn = (words: string, facts: Readonly<Record<string, unknown>> = {}): void => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), words, ...facts })}\n`);
};
const log = lineLog(warn);
using environment = nodeGatewayEnvironment({ stateFolder: values.state, log, makeUplink: nodeUplink });
await using running = await runSwitch({ netFolder: values.net, makeGateway: gatewayMaker(environment), warn });
// The terminal of whoever started the daemon is not ours to die with.
process.on("SIGHUP", () => {});
process.on("SIGINT", () => {});
const asked = new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
await Promise.race([running.ended, asked]);

/** What goes wrong is said on the same lines; what goes well is not. */
function lineLog(say: typeof warn): Log {
  const log: Log = {
    error: say,
    warn: say,
    info: () => {},
    debug: () => {},
    child: (facts) => lineLog((words, more) => say(words, { ...facts, ...more })),
  };
  return log;
}
