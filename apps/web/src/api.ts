// The API as this page uses it: the shared typed client over fetch, with the CSRF value on every request,
// one renewal when the daemon forgot the session, and the same kind of error for everything that fails.
import { ApiError, createClient, type Send, toApiError } from "@mimic/api/client";
import { API_PREFIX, fillPath } from "@mimic/api/routes";
import { currentSession, renewSession } from "./session.ts";

export { ApiError };

export function unreachable(): ApiError {
  return new ApiError(0, {
    code: "browser.no_answer",
    message: "Mimic does not answer.",
    hint: "It may have been stopped. Start it in a terminal: mimic up",
  });
}

const csrf = (): string => {
  const session = currentSession();
  return session.state === "open" ? session.csrf : "";
};
export const csrfValue = csrf;

/** fetch within the API; renews the session once when it was forgotten. Throws ApiError only for “no answer”. */
export async function apiFetch(path: string, init: RequestInit = {}): Promise<Response> {
  const attempt = () => fetch(path, { ...init, credentials: "same-origin", headers: { ...init.headers, "x-mimic-csrf": csrf() } });
  try {
    const response = await attempt();
    if (response.status !== 401) return response;
    return (await renewSession()) === undefined ? response : await attempt();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

const send: Send = async ({ method, path, body, signal }) => {
  const init: RequestInit = { method };
  if (signal) init.signal = signal;
  if (method !== "GET") init.headers = { "content-type": "application/json" };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await apiFetch(path, init);
  const text = await response.text();
  let parsed: unknown;
  try {
    parsed = text === "" ? {} : JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  return { status: response.status, body: parsed };
};

export const api = createClient(send);

/** Bytes of a raw route (a picture), or ApiError. */
export async function apiBlob(path: string, parameters: Record<string, string>, signal?: AbortSignal): Promise<Blob> {
  const response = await apiFetch(API_PREFIX + fillPath(path, parameters), signal ? { signal } : {});
  if (!response.ok) throw toApiError({ status: response.status, body: await response.json().catch(() => undefined) });
  return response.blob();
}

/** Anything that was thrown, as the four things that are shown of it. */
export function problemOf(error: unknown): { code: string; message: string; hint: string; detail?: string | undefined } {
  if (error instanceof ApiError) return { code: error.code, message: error.message, hint: error.hint, detail: error.detail };
  return {
    code: "browser.unexpected",
    message: "Something in this page failed.",
    hint: "Load the page again. If it comes back, the detail below helps to find out why.",
    detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
}
