// Recording into a file: the daemon's pcap-ng stream is gathered here, up to a limit, and handed to the browser as a
// download when the person ends it.

import { toApiError } from "@mimic/api/client";
import { formatSize } from "@mimic/base";
import { useEffect, useRef, useState } from "react";
import { apiFetch } from "../../../api.ts";
import { say, showProblem } from "../../../notices.ts";

/** More than this does not stay in a page's memory; the command line records without limit. */
const MOST_BYTES = 128 * 1024 ** 2;

export interface CaptureFile {
  readonly recording: boolean;
  readonly size: string;
  readonly start: () => void;
  readonly stop: () => void;
}

function handOver(pieces: readonly Uint8Array<ArrayBuffer>[], name: string): void {
  const address = URL.createObjectURL(new Blob([...pieces], { type: "application/x-pcapng" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function useCaptureFile(path: string, name: string): CaptureFile {
  const [bytes, setBytes] = useState<number>();
  const ended = useRef<AbortController>(undefined);
  useEffect(() => () => ended.current?.abort(), []);
  const record = async (signal: AbortSignal) => {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    let told = 0;
    try {
      const response = await apiFetch(path, { signal });
      if (!response.ok || !response.body) throw toApiError({ status: response.status, body: await response.json().catch(() => undefined) });
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        pieces.push(value);
        size += value.length;
        if (performance.now() - told > 300) {
          told = performance.now();
          setBytes(size);
        }
        if (size > MOST_BYTES) {
          say(`The recording ended at ${formatSize(MOST_BYTES)}. In a terminal there is no such limit.`);
          break;
        }
      }
    } catch (error) {
      if (!signal.aborted) showProblem(error);
    }
    ended.current?.abort();
    setBytes(undefined);
    if (size > 0) handOver(pieces, name);
  };
  return {
    recording: bytes !== undefined,
    size: formatSize(bytes ?? 0),
    start: () => {
      ended.current = new AbortController();
      setBytes(0);
      void record(ended.current.signal);
    },
    stop: () => ended.current?.abort(),
  };
}
