// The routes whose answer is no JSON, or whose input is none: events, pictures, captures, files that are sent.
import type { IncomingMessage, ServerResponse } from "node:http";
import { rawRoutes } from "@mimic/api/routes";
import type { JobView } from "@mimic/model";
import { png, screenPixel } from "../png.ts";
import { makeWorld } from "../world.ts";
import type { MockDaemon } from "./daemon.ts";
import { json, pattern, readAll } from "./http.ts";

export class RawRoutes {
  readonly #daemon: MockDaemon;
  readonly #pictures = new Map<number, Buffer>();

  constructor(daemon: MockDaemon) {
    this.#daemon = daemon;
  }

  /** False = the path is none of these. */
  async answer(path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (path === rawRoutes.events.path) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": listening\n\n");
      this.#daemon.followers.add(response);
      response.on("close", () => this.#daemon.followers.delete(response));
      return true;
    }
    const shot = pattern(rawRoutes.screenshot.path).exec(path);
    if (shot && request.method === "GET") {
      const look = Number.parseInt(this.#daemon.machine(shot.groups?.["machine"]).id.slice(-2), 32) || 0;
      const key = look % 9;
      if (!this.#pictures.has(key)) this.#pictures.set(key, png(640, 400, screenPixel(key, 0)));
      response.writeHead(200, { "content-type": "image/png" }).end(this.#pictures.get(key));
      return true;
    }
    if (pattern(rawRoutes.capture.path).test(path)) {
      response.writeHead(200, { "content-type": "application/x-pcapng" });
      const timer = setInterval(() => response.write(Buffer.alloc(4_096, 7)), 100);
      response.on("close", () => clearInterval(timer));
      return true;
    }
    if (path === rawRoutes.upload.path) {
      json(response, 200, this.#upload(await readAll(request), query));
      return true;
    }
    return false;
  }

  /** A file that begins with “bad” is refused after it was looked at. */
  #upload(bytes: Buffer, query: URLSearchParams): { job: JobView } {
    const name = query.get("name") ?? "";
    const digest = "ab".repeat(32);
    return this.#daemon.job("image.import", `Bring in “${name}”`, [], "Checking what is in it", () => {
      if (bytes.toString("latin1").startsWith("bad")) return { state: "failed", problem: refusal(name) };
      const [, , image] = makeWorld("usual").images;
      if (image === undefined) throw new Error("a world without a third image");
      const kind = query.get("kind") === "cd" ? "cd" : "disk";
      this.#daemon.world.images.push({ ...image, digest, name, kind, sizeBytes: bytes.length, usedBy: [] });
      this.#daemon.tell({ kind: "image.added", digest, name });
      return { result: { digest } };
    });
  }
}

const refusal = (name: string) => ({
  code: "image.refused",
  message: `“${name}” was not brought in: it names another file as its base.`,
  hint: "Flatten it where it was made (qemu-img convert), then bring that.",
  detail: "backing file at offset 0x68",
});
