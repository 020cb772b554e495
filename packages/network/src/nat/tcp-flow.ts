// One translated TCP connection: a guest's connection and a stream of the host's, joined. Each side is read only as fast as the
// other takes it; ends, resets and failures pass from one to the other as what they are.
import type { TcpClosing, TcpConnection, TcpEvents, TcpOpening, TcpRefusal } from "@mimic/tcpip";
import type { NatFlow } from "./flow.ts";
import type { DialFailure, HostStream, HostStreamEvents } from "./host-side.ts";

/** As long as Linux keeps trying: a paused machine finds its connections again. */
const USER_TIMEOUT_MS = 900_000;
const KEEP_ALIVE_MS = 900_000;

/** A timeout is told as the silence that it was. */
const REFUSALS: Readonly<Record<DialFailure, TcpRefusal>> = {
  refused: "refused",
  hostUnreachable: "hostUnreachable",
  networkUnreachable: "networkUnreachable",
  prohibited: "prohibited",
  timeout: "silence",
  unknown: "hostUnreachable",
};

export class TcpFlow {
  readonly about: NatFlow;
  readonly #gone: () => void;
  #connection: TcpConnection | undefined;
  #stream: HostStream | undefined;
  /** Bytes given to the host's side that it still reads from. */
  #lent = 0;
  #isHostEnded = false;
  #isGone = false;

  constructor(about: NatFlow, gone: () => void) {
    this.about = about;
    this.#gone = gone;
  }

  /** The guest asked: dials, then answers it. */
  dial(opening: TcpOpening, dial: (events: HostStreamEvents) => HostStream): void {
    opening.onAbandoned = () => {
      this.#stream?.reset();
      this.#finish();
    };
    this.#stream = dial({
      ...this.#hostEvents(),
      connected: () => {
        opening.onAbandoned = undefined;
        this.#connection = this.#prepare(opening.accept(this.#guestEvents()));
      },
      failed: (why) => {
        opening.onAbandoned = undefined;
        opening.refuse(REFUSALS[why]);
        this.#finish();
      },
    });
  }

  /** Somebody outside came: the guest is asked, and only then is the stream read. */
  forward(stream: (events: HostStreamEvents) => HostStream, connect: (events: TcpEvents) => TcpConnection | undefined): void {
    this.#stream = stream({ ...this.#hostEvents(), connected: () => {}, failed: () => {} });
    const connection = connect({ ...this.#guestEvents(), opened: () => this.#stream?.resume() });
    if (connection) this.#connection = this.#prepare(connection);
    else this.reset();
  }

  reset(): void {
    this.#connection?.reset();
    this.#stream?.reset();
    this.#finish();
  }

  #prepare(connection: TcpConnection): TcpConnection {
    connection.keepAliveMs = KEEP_ALIVE_MS;
    connection.userTimeoutMs = USER_TIMEOUT_MS;
    return connection;
  }

  #hostEvents(): Omit<HostStreamEvents, "connected" | "failed"> {
    return {
      data: (bytes) => {
        const connection = this.#connection;
        if (connection === undefined) return false;
        if (connection.write(bytes) < bytes.length) {
          // No memory: better a broken connection than one with a hole in it.
          if (!connection.isClosed) this.reset();
          return false;
        }
        return connection.room > 0;
      },
      drained: () => {
        this.#connection?.consume(this.#lent);
        this.#lent = 0;
        this.#pump();
      },
      ended: () => {
        this.#isHostEnded = true;
        this.#connection?.end();
      },
      closed: (isReset) => {
        this.#stream = undefined;
        if (isReset) this.#connection?.resetWhenSent();
        else if (!this.#isHostEnded) this.#connection?.end();
        if (isReset || this.#connection?.isClosed) this.#finish();
      },
    };
  }

  #guestEvents(): TcpEvents {
    return {
      readable: () => this.#pump(),
      writable: () => this.#stream?.resume(),
      closed: (why) => this.#guestClosed(why),
    };
  }

  /** From the guest to the host's side. */
  #pump(): void {
    const connection = this.#connection;
    const stream = this.#stream;
    if (connection === undefined || stream === undefined || this.#lent > 0) return;
    for (let view = connection.read(); view.length > 0; view = connection.read()) {
      if (!stream.write(view)) {
        // What has come together is written at once; more waits until it is gone.
        this.#lent = view.length;
        return;
      }
      connection.consume(view.length);
    }
    if (connection.hasEnded) stream.end();
  }

  #guestClosed(why: TcpClosing): void {
    if (why === "done") {
      this.#pump();
      if (this.#stream === undefined) this.#finish();
      return;
    }
    this.#stream?.reset();
    this.#finish();
  }

  #finish(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#gone();
  }
}
