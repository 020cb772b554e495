export type * from "./guest-agent.ts";
export type * from "./host-survey.ts";
export type * from "./hypervisor.ts";
export type * from "./images.ts";
export type * from "./live-hardware.ts";
export type * from "./networks.ts";
export type * from "./store.ts";
export type * from "./switch-fabric.ts";
