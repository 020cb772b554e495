// The switch and the gateway on real sockets, the daemon's way to them, and captures in files.
export * from "./gateway/index.ts";
export { createSwitchFabric, type SwitchFabricOptions, type SwitchProgram } from "./switch-fabric.ts";
export { CONTROL_SOCKET, runSwitch } from "./switch-process.ts";
export { hostUplink } from "./uplink/host-uplink.ts";
export { nodeUplink } from "./uplink/node-uplink.ts";
