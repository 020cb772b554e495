export { decodeFrame, describeFrame } from "./decode-frame.ts";
export type { DecodedField, DecodedFrame, DecodedLayer } from "./decoding.ts";
