// `mimic checkpoint NAME [MOMENT]`.
import type { CommandSpec } from "../../command.ts";
import { takesMoment } from "./take.ts";

export const command: CommandSpec = takesMoment("checkpoint", {
  summary: "Keep a running machine whole: disks, memory and devices, to go on from",
  about: "It goes on meanwhile and stands still for a moment that nobody notices.",
  examples: [
    { line: "mimic checkpoint game level-3", does: "the game as it is now" },
    { line: "mimic restore game level-3", does: "and back to it, in the middle of the level" },
  ],
});
