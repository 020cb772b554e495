export { type AssembledWorkbench, createWorkbench } from "./assemble.ts";
export type { Ports } from "./context.ts";
export type * from "./network-workbench.ts";
export type * from "./ports/index.ts";
export type * from "./workbench.ts";
