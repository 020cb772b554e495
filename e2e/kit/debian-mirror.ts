// A Debian mirror on this computer: whatever is asked below /debian comes from the mirror that Mimic itself would use.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { findMirrors } from "../../packages/images/src/node/debian-archive.ts";

export class DebianMirror implements Disposable {
  /** What was there and went out whole. */
  readonly given: string[] = [];
  readonly #base: string;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  private constructor(base: string) {
    this.#base = base;
  }

  static async open(): Promise<DebianMirror> {
    const [base = ""] = (await findMirrors(process.env)).main;
    const mirror = new DebianMirror(base);
    await new Promise<void>((resolve) => mirror.#server.listen(0, "127.0.0.1", resolve));
    return mirror;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const found = path.startsWith("/debian/")
      ? await fetch(`${this.#base}${path.slice("/debian".length)}`).catch(() => undefined)
      : undefined;
    response.statusCode = found?.status ?? 404;
    const length = found?.headers.get("content-length");
    if (length) response.setHeader("content-length", length);
    if (found?.ok) response.on("finish", () => this.given.push(path));
    if (found?.body)
      Readable.fromWeb(found.body)
        .on("error", () => response.destroy())
        .pipe(response);
    else response.end();
  }

  [Symbol.dispose](): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
