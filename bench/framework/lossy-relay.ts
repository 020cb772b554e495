// A bad wire between two unix sockets, both listened at: `node lossy-relay.ts A B LOSS DELAY_MS SEED`. Loss for each direction,
// the delay one way. This kernel may have no netem; and it is the same wire for everybody.

import { nodeScheduler } from "@mimic/tcpip/node";
import { HostileWire } from "@mimic/testkit";
import { type FrameServer, serveFrames } from "@mimic/testkit/node";

const [a = "", b = "", loss = "0", delayMs = "0", seed = "1"] = process.argv.slice(2);

const servers: FrameServer[] = [];

function wireTo(end: number): HostileWire {
  const given = { quality: { loss: Number(loss), delayMs: Number(delayMs) }, seed: Number(seed) + end, scheduler: nodeScheduler };
  return new HostileWire(given, (frames) => {
    const run = new Uint8Array(frames.reduce((sum, frame) => sum + 4 + frame.length, 0));
    const view = new DataView(run.buffer);
    let at = 0;
    for (const frame of frames) {
      view.setUint32(at, frame.length);
      run.set(frame, at + 4);
      at += 4 + frame.length;
    }
    servers[end]?.transmit(run);
  });
}

const wires = [wireTo(0), wireTo(1)] as const;
const taker = (wire: HostileWire): { input(bytes: Uint8Array, at: number, end: number): void; flush(): void } => ({
  // A copy: the wire keeps it for as long as it is late, and the buffer is filled again at once.
  input: (bytes, at, end) => wire.send(Uint8Array.from(bytes.subarray(at, end))),
  flush: () => {},
});
servers[0] = await serveFrames(a, taker(wires[1]));
servers[1] = await serveFrames(b, taker(wires[0]));
process.stdout.write("ready\n");
process.stdin.resume().on("end", () => process.exit());
