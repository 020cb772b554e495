// `mimic snapshot NAME [MOMENT]`.
import type { CommandSpec } from "../../command.ts";
import { takesMoment } from "./take.ts";

export const command: CommandSpec = takesMoment("snapshot", {
  summary: "Keep a machine's disks as they are now, to go back to",
  about:
    "While it runs it goes on without noticing; its guest agent, where it has one, puts the file systems in order first. With memory: mimic checkpoint.",
  examples: [
    { line: "mimic snapshot web before-upgrade", does: "a moment of its disks" },
    { line: "mimic restore web before-upgrade", does: "back to it" },
    { line: "mimic snapshot web --with db --with cache", does: "three machines at one moment: all of them or none" },
  ],
});
