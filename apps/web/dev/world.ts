// A world that does not exist, for looking at the interface: machines in every state, images, jobs, findings.
// Typed by the model, so that it cannot say what the daemon could not.
import type { Event } from "@mimic/model";
import { hostile } from "./world/hostile.ts";
import { beginAnew, type World } from "./world/parts.ts";
import { crowd, many, usual } from "./world/usual.ts";

export type { World };
export type Kind = "usual" | "empty" | "many" | "hostile" | "crowd";

export function makeWorld(kind: Kind): World {
  beginAnew();
  switch (kind) {
    case "empty":
      return { ...usual(), machines: [], networks: [], images: [], jobs: [], trash: [] };
    case "crowd":
      return crowd();
    case "many":
      return many();
    case "hostile":
      return hostile();
    case "usual":
      return usual();
  }
}

export const eventOf = (world: World, fact: Event["fact"]): Event => ({ seq: ++world.seq, at: new Date().toISOString(), fact });
