// The switch on real sockets, and the daemon's way to it.
export * from "./gateway/index.ts";
export { createSwitchFabric, type SwitchFabricOptions, type SwitchProgram } from "./switch-fabric.ts";
export { CONTROL_SOCKET, runSwitch } from "./switch-process.ts";
