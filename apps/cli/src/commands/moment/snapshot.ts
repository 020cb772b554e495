// `mimic snapshot NAME [MOMENT]`.
import type { CommandSpec } from "../../command.ts";
import { takesMoment } from "./take.ts";

export const command: CommandSpec = takesMoment("snapshot", {
  summary: "Keep a machine's disks as they are now, to go back to",
  about: "While it runs it goes on without noticing; what its programs had not written yet is not in it. With memory: mimic checkpoint.",
  examples: [
    { line: "mimic snapshot web before-upgrade", does: "a moment of its disks" },
    { line: "mimic restore web before-upgrade", does: "back to it" },
  ],
});
