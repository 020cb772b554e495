// `mimic doctor`: what works on this computer, what does not, why, and how to mend it.
import { plain } from "@mimic/base";
import type { Finding } from "@mimic/model";
import type { CommandSpec } from "../../command.ts";
import { aside, hasColour, type Io, printJson } from "../../io.ts";
import { type Tone, tinted, wrap } from "../../table.ts";

const MARK: Readonly<Record<Finding["state"], { readonly mark: string; readonly tone: Tone }>> = {
  good: { mark: "good   ", tone: "good" },
  limited: { mark: "limited", tone: "busy" },
  bad: { mark: "bad    ", tone: "bad" },
  unknown: { mark: "unknown", tone: "faint" },
};

export const command: CommandSpec = {
  path: "doctor",
  group: "Begin",
  summary: "Find out what works on this computer, and how to mend what does not",
  about: "Ends with 1 when something is bad.",
  examples: [{ line: "mimic doctor", does: "acceleration, firmware, walls, room on the disk, each with what to do" }],
  run: async ({ io, client }, given) => {
    if (!given.json && io.err.isTerminal)
      aside(io, "Looking at this computer: acceleration, walls, room… (up to a minute the first time)", "faint");
    const diagnosis = await client.host.diagnose({});
    if (given.json) printJson(io, diagnosis);
    else {
      for (const finding of diagnosis.findings) sayFinding(io, finding);
      io.out.write(`\nMachines here can have isolation grade ${diagnosis.bestGrade} at best.\n`);
    }
    return diagnosis.findings.some((finding) => finding.state === "bad") ? 1 : 0;
  },
};

const INDENT = 9;

function sayFinding(io: Io, finding: Finding): void {
  const colour = hasColour(io);
  const { mark, tone } = MARK[finding.state];
  const title = plain(finding.title, 200);
  const wrapped = wrap(`${title}: ${plain(finding.found, 1000)}`, INDENT, io.out.columns).replace(title, tinted(title, "strong", colour));
  const more = (text: string, faint = false) => {
    if (text)
      io.out.write(
        `${" ".repeat(INDENT)}${tinted(wrap(plain(text, 1000), INDENT, io.out.columns), faint ? "faint" : undefined, colour)}\n`,
      );
  };
  io.out.write(`${tinted(mark, tone, colour)}  ${wrapped}\n`);
  more(finding.mend);
  if (finding.code) more(`(${finding.code})`, true);
  if (finding.state !== "good") more(finding.detail ?? "", true);
}
