// Keeps the other end of one port there: dials again when it went away, or listens and takes one peer at a time.
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { messageOf } from "@mimic/base";
import type { BufferPool } from "../../switch/run-buffer.ts";
import type { Switch } from "../../switch/switch.ts";
import type { SwitchPort } from "../../switch/switch-port.ts";
import { StreamLink } from "./stream-link.ts";

export interface AttachmentPlace {
  readonly lan: Switch;
  readonly port: SwitchPort;
  readonly pool: BufferPool;
  readonly peer: (isThere: boolean) => void;
  readonly problem: (words: string) => void;
}

export interface PortAttachment extends Disposable {
  /** Look for the peer at once, in place of when it is due. */
  hurry(): void;
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 500;

/** Somebody listens at `path` now or later (QEMU with `server=on`). */
export function dialAttachment(path: string, place: AttachmentPlace): PortAttachment {
  let link: StreamLink | undefined;
  let timer: NodeJS.Timeout | undefined;
  let waitMs = FIRST_WAIT_MS;
  let isClosed = false;
  let isThere = false;

  const later = (): void => {
    if (isClosed) return;
    timer = setTimeout(dial, waitMs);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  };
  const dial = (): void => {
    timer = undefined;
    const safe = openSocketPath(path);
    if (safe === undefined) {
      later();
      return;
    }
    link = StreamLink.dial(
      safe.path,
      {
        ...place,
        ended: () => {
          safe[Symbol.dispose]();
          link = undefined;
          if (isThere) place.peer(false);
          isThere = false;
          later();
        },
      },
      () => {
        safe[Symbol.dispose]();
        waitMs = FIRST_WAIT_MS;
        isThere = true;
        place.peer(true);
      },
    );
  };
  dial();
  return {
    hurry: () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      waitMs = FIRST_WAIT_MS;
      dial();
    },
    [Symbol.dispose]: () => {
      isClosed = true;
      clearTimeout(timer);
      link?.[Symbol.dispose]();
    },
  };
}

/** We listen at `path`; a second peer is turned away while one is there. */
export function listenAttachment(path: string, place: AttachmentPlace): PortAttachment {
  let link: StreamLink | undefined;
  let isClosed = false;
  const server: Server = createServer({ pauseOnConnect: true }, (socket) => {
    if (link !== undefined || isClosed) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    link = StreamLink.accept(socket, {
      ...place,
      ended: () => {
        link = undefined;
        place.peer(false);
      },
    });
    place.peer(true);
  });
  server.on("error", (error) => place.problem(error.message));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    removeStaleSocket(path);
    server.listen(path);
  } catch (error) {
    place.problem(messageOf(error));
  }
  return {
    hurry: () => {},
    [Symbol.dispose]: () => {
      isClosed = true;
      server.close();
      link?.[Symbol.dispose]();
    },
  };
}

const O_PATH = 0o10_000_000;

/**
 * A path under which exactly the socket that was looked at can be dialled: whoever owns the folder may put something else
 * in its place at any moment (a link to another machine's socket), but not behind an open descriptor. Undefined = no socket.
 */
function openSocketPath(path: string): ({ readonly path: string } & Disposable) | undefined {
  try {
    if (process.platform !== "linux") return lstatSync(path).isSocket() ? { path, [Symbol.dispose]: () => {} } : undefined;
    const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
    if (fstatSync(fd).isSocket()) {
      let isOpen = true;
      return {
        path: `/proc/self/fd/${fd}`,
        [Symbol.dispose]: () => {
          if (isOpen) closeSync(fd);
          isOpen = false;
        },
      };
    }
    closeSync(fd);
    return undefined;
  } catch {
    return undefined;
  }
}

/** A socket that a process before us left behind; anything else at that path stays, and listening then fails. */
function removeStaleSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) rmSync(path);
  } catch {
    // Nothing is there.
  }
}
