export * from "./netns/index.ts";
