// A file of the person's own, sent to the daemon. XMLHttpRequest because fetch does not tell how much has gone.
import { ApiError, toApiError } from "@mimic/api/client";
import { API_PREFIX, rawRoutes } from "@mimic/api/routes";
import type { ImageKind, JobView } from "@mimic/model";
import { csrfValue, unreachable } from "../api.ts";

export interface Upload {
  readonly file: Blob;
  readonly fileName: string;
  readonly name: string;
  readonly kind: ImageKind;
  /** “files” = the file is a zip, and what is in it becomes a disk or a floppy. */
  readonly format?: "files" | undefined;
  readonly signal: AbortSignal;
  readonly sent: (bytes: number) => void;
}

/** Resolves to the job that checks and keeps the file. Throws ApiError; aborting ends the transfer. */
export function uploadImage({ file, fileName, name, kind, format, signal, sent }: Upload): Promise<JobView> {
  const query = new URLSearchParams({ name, kind, fileName: fileName.slice(0, 255), ...(format && { format }) });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${API_PREFIX}${rawRoutes.upload.path}?${query}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-mimic-csrf", csrfValue());
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onload = () => {
      let body: unknown;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        body = undefined;
      }
      const job = (body as { job?: JobView } | undefined)?.job;
      if (request.status < 400 && job) resolve(job);
      else reject(toApiError({ status: request.status, body }));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () =>
      reject(
        new ApiError(0, {
          code: "browser.upload_cancelled",
          message: `Sending “${name}” was cancelled.`,
          hint: "Nothing was kept. Choose the file again to start over.",
        }),
      );
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
