// A machine's sound in this browser: WebSocket → ring buffer in an AudioWorklet → volume → speakers.
// Browsers let sound begin only after a click, so this is opened from one.
import { SOUND_RATE } from "@mimic/api/live";
import { LiveSocket } from "./socket.ts";

export interface Sound extends Disposable {
  setVolume(zeroToOne: number): void;
  /** The machine's own words when it could not be opened. */
  onended: ((why: string | undefined) => void) | null;
}

export async function openSound(machine: string, volume: number): Promise<Sound> {
  const context = new AudioContext({ sampleRate: SOUND_RATE, latencyHint: "interactive" });
  await context.audioWorklet.addModule("/sound-ring.js");
  const ring = new AudioWorkletNode(context, "sound-ring", { outputChannelCount: [2] });
  const gain = new GainNode(context, { gain: volume });
  ring.connect(gain).connect(context.destination);
  await context.resume();
  const socket = new LiveSocket("sound", machine);
  let closed = false;
  const sound: Sound = {
    onended: null,
    setVolume: (value) => gain.gain.setTargetAtTime(value, context.currentTime, 0.02),
    [Symbol.dispose]() {
      closed = true;
      socket.close();
      void context.close().catch(() => undefined);
    },
  };
  socket.onmessage = ({ data }) => ring.port.postMessage(data, [data]);
  socket.onclose = () => {
    if (!closed) sound.onended?.(socket.problem?.message);
  };
  return sound;
}
