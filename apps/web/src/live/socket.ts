// One WebSocket of a machine (display, sound, serial, shell) or of a network (packets). The first message is the CSRF value: cookie and Origin
// alone open nothing. Binary messages are payload, text messages are JSON. Has the shape that noVNC asks of a channel.

import { API_PREFIX, fillPath, liveRoutes } from "@mimic/api/routes";
import type { Problem } from "@mimic/model";
import { csrfValue } from "../api.ts";

/** A batch of decoded packets, or one with all its bytes and layers, fits; more is not read. */
const LONGEST_TEXT = 1_048_576;

export type LiveDoor = keyof typeof liveRoutes;

/** `of`: the machine's or network's id. */
export function liveAddress(door: LiveDoor, of: string, options: Readonly<Record<string, string>>, origin: string): string {
  const query = new URLSearchParams(options).toString();
  return `${origin.replace(/^http/, "ws")}${API_PREFIX}${fillPath(liveRoutes[door], { machine: of, network: of })}${query ? `?${query}` : ""}`;
}

export class LiveSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: unknown) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  /** JSON text messages, parsed. */
  ontext: ((message: Record<string, unknown>) => void) | null = null;
  /** The daemon said no; it closes afterwards. */
  problem: Problem | undefined;
  readonly protocol = "";
  readonly #socket: WebSocket;

  constructor(door: LiveDoor, of: string, options: Readonly<Record<string, string>> = {}) {
    this.#socket = new WebSocket(liveAddress(door, of, options, window.location.origin));
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => {
      this.#socket.send(JSON.stringify({ csrf: csrfValue() }));
      this.onopen?.();
    };
    this.#socket.onmessage = (event: MessageEvent<unknown>) => {
      if (event.data instanceof ArrayBuffer) this.onmessage?.({ data: event.data });
      else if (typeof event.data === "string") this.#text(event.data);
    };
    this.#socket.onclose = (event) => this.onclose?.(event);
    this.#socket.onerror = (event) => this.onerror?.(event);
  }

  get binaryType(): string {
    return this.#socket.binaryType;
  }
  set binaryType(_value: string) {
    // Always arraybuffer; noVNC sets it too.
  }
  get readyState(): number {
    return this.#socket.readyState;
  }

  send(data: ArrayBufferView | ArrayBuffer): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data as ArrayBuffer);
  }
  sendText(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
  close(): void {
    this.#socket.close();
  }

  #text(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text.slice(0, LONGEST_TEXT));
    } catch {
      return;
    }
    if (typeof message !== "object" || message === null) return;
    const { problem } = message as { problem?: Problem };
    if (problem && typeof problem.message === "string") this.problem = problem;
    this.ontext?.(message as Record<string, unknown>);
  }
}
