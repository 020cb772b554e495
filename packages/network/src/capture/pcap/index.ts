export { type CapturedInterface, type CapturedPacket, type CaptureItem, CaptureReader, readCapture } from "./capture-reader.ts";
export { type CaptureCounters, CaptureStream, type CaptureStreamOptions } from "./capture-stream.ts";
export * from "./pcapng-blocks.ts";
