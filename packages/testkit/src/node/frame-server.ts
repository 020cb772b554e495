// The simplest switch there is: one peer at a unix stream socket, whose frames go to a taker and back, without a copy where it
// can be. For tests and benches of what stands behind a switch.
import { createServer, Socket } from "node:net";

export interface FrameTaker {
  input(bytes: Uint8Array, at: number, end: number): void;
  flush(): void;
}

export interface FrameServer extends AsyncDisposable {
  /** Sends whole records. False = the memory is needed until `giveBack` is called. What a slow peer does not take is lost. */
  transmit(run: Uint8Array, giveBack?: () => void): boolean;
  /** Runs that were lost. */
  readonly counts: { readonly lost: number };
}

const READ_BYTES = 1 << 18;
const MOST_QUEUED_BYTES = 1 << 22;

/** The same, dialling: resolves once it is connected. */
export async function dialFrames(path: string, taker: FrameTaker): Promise<FrameServer> {
  const peer = new Socket({ onread: reading(taker) } as unknown as ConstructorParameters<typeof Socket>[0]);
  await new Promise<void>((resolve, reject) => peer.once("error", reject).connect(path, resolve));
  peer.on("error", () => {});
  const sender = sendingTo(() => peer);
  return Object.assign(sender, { [Symbol.asyncDispose]: async () => void peer.destroy() });
}

/** Resolves once it listens; one peer at a time. */
export async function serveFrames(path: string, taker: FrameTaker): Promise<FrameServer> {
  let peer: Socket | undefined;
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    // net.Server cannot read into a given buffer; a socket made anew around the same handle can.
    const held = accepted as unknown as { _handle: unknown };
    const handle = held._handle;
    held._handle = null;
    peer?.destroy();
    peer = new Socket({ handle, onread: reading(taker) } as unknown as ConstructorParameters<typeof Socket>[0]);
    peer.on("error", () => {});
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  return Object.assign(
    sendingTo(() => peer),
    {
      async [Symbol.asyncDispose]() {
        peer?.destroy();
        // Not waited for: the socket whose handle was taken counts as open for ever.
        server.close();
      },
    },
  );
}

function sendingTo(peerNow: () => Socket | undefined): Pick<FrameServer, "transmit" | "counts"> {
  const counts = { lost: 0 };
  return {
    counts,
    transmit(run, giveBack = () => {}) {
      const peer = peerNow();
      if (peer === undefined || peer.destroyed) return true;
      if (peer.writableLength > MOST_QUEUED_BYTES) {
        counts.lost++;
        return true;
      }
      let isKept = false;
      peer.write(run, () => isKept && giveBack());
      isKept = peer.writableLength > 0;
      return !isKept;
    },
  };
}

function reading(taker: FrameTaker): { buffer: () => Uint8Array; callback: (count: number) => boolean } {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  let have = 0;
  return {
    buffer: () => buffer.subarray(have),
    callback(count) {
      const end = have + count;
      let at = 0;
      while (end - at >= 4) {
        const length = buffer.readUInt32BE(at);
        if (end - at < 4 + length) break;
        taker.input(buffer, at + 4, at + 4 + length);
        at += 4 + length;
      }
      taker.flush();
      buffer.copyWithin(0, at, end);
      have = end - at;
      return true;
    },
  };
}
