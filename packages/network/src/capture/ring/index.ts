export { CaptureRing, type CaptureRingOptions, type RingStep } from "./capture-ring.ts";
