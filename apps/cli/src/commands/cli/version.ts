// `mimic version`: of the daemon too, when it runs. Starts nothing.
import type { HostView } from "@mimic/model";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { VERSION } from "../../version.ts";

export const command: CommandSpec = {
  path: "version",
  group: "This program",
  summary: "Show the versions of Mimic and of its engine",
  examples: [{ line: "mimic version --json", does: "for a report of something that went wrong" }],
  run: async ({ io, door, client }, given) => {
    const host: HostView | undefined = (await door.runs()) ? await client.host.show({}) : undefined;
    const versions = { mimic: VERSION, daemon: host?.version, qemu: host?.qemuVersion, node: process.versions.node };
    if (given.json) printJson(io, versions);
    else {
      line(io, `mimic   ${VERSION}`);
      line(io, `daemon  ${host?.version ?? "does not run"}`);
      if (host?.qemuVersion) line(io, `qemu    ${host.qemuVersion}`);
      line(io, `node    ${process.versions.node}`);
    }
    return 0;
  },
};
