// One small text file that is written whole or not at all: beside it, made safe on disk, then renamed over it. What changes
// often is written at most once a second; the last words are written when the process ends in order.
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type Log, messageOf } from "@mimic/base";
import type { KeptText } from "../../gateway/index.ts";

const SOON_MS = 1000;
const MOST_BYTES = 16 * 1024 * 1024;

export interface KeptFile extends KeptText {
  /** Writes now what waits. */
  flush(): void;
}

export function keptFile(path: string, log: Log): KeptFile {
  let waiting: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === undefined) return;
    const text = waiting;
    waiting = undefined;
    try {
      replaceFile(path, text);
    } catch (error) {
      log.warn("a state file could not be written", { path, error: messageOf(error) });
    }
  };
  return {
    read() {
      if (waiting !== undefined) return waiting;
      try {
        const bytes = readFileSync(path);
        return bytes.length > MOST_BYTES ? undefined : bytes.toString("utf8");
      } catch {
        return undefined;
      }
    },
    write(text) {
      waiting = text;
      timer ??= setTimeout(flush, SOON_MS);
      timer.unref();
    },
    flush,
  };
}

function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}
