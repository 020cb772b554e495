// What a person is asked in a dialog of the network pages, and by whom it was opened.
import type { MachineView, NetworkView } from "@mimic/model";
import type { CableThing } from "./changes.ts";
import type { NicThing } from "./things.ts";

export type Ask =
  | { readonly what: "plug"; readonly machine: MachineView; readonly nic: NicThing | undefined }
  | { readonly what: "mode" | "quality" | "guards"; readonly thing: CableThing }
  | { readonly what: "newNetwork" }
  | { readonly what: "vlan"; readonly network: NetworkView; readonly vlan?: number | undefined }
  | { readonly what: "link" | "mirror" | "tunnel" | "socket" | "rename" | "remove" | "record"; readonly network: NetworkView }
  | { readonly what: "forward" | "rule"; readonly network: NetworkView; readonly machine?: string | undefined };

export type AskFor = (ask: Ask) => void;
