export * from "./frame-server.ts";
export * from "./netns/index.ts";
