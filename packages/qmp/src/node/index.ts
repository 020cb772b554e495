export * from "./unix-socket.ts";
