// Plays a machine's sound: 16-bit stereo pieces come by message, wait in a ring, and leave in blocks of 128 frames.
// Starts when a tenth of a second is there; when the guest is faster than the speakers the oldest sound is dropped.
const SECONDS_HELD = 1;
const SECONDS_BEFORE_START = 0.1;

class SoundRing extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frames = Math.ceil(sampleRate * SECONDS_HELD);
    this.ring = new Float32Array(this.frames * 2);
    this.head = 0;
    this.held = 0;
    this.playing = false;
    this.port.onmessage = (event) => this.take(event.data);
  }

  take(buffer) {
    const samples = new Int16Array(buffer, 0, (buffer.byteLength >> 2) * 2);
    for (let at = 0; at + 1 < samples.length; at += 2) {
      const to = ((this.head + this.held) % this.frames) * 2;
      this.ring[to] = samples[at] / 32768;
      this.ring[to + 1] = samples[at + 1] / 32768;
      if (this.held < this.frames) this.held++;
      else this.head = (this.head + 1) % this.frames;
    }
  }

  process(_inputs, outputs) {
    const [left, right = left] = outputs[0];
    if (!this.playing && this.held >= sampleRate * SECONDS_BEFORE_START) this.playing = true;
    for (let at = 0; at < left.length; at++) {
      if (!this.playing || this.held === 0) {
        this.playing = false;
        left[at] = right[at] = 0;
        continue;
      }
      left[at] = this.ring[this.head * 2];
      right[at] = this.ring[this.head * 2 + 1];
      this.head = (this.head + 1) % this.frames;
      this.held--;
    }
    return true;
  }
}

registerProcessor("sound-ring", SoundRing);
