export { compileFilter, type FrameFilter } from "./compile-filter.ts";
export { type BadFilter, MAX_FILTER_LENGTH } from "./problem.ts";
