// Who this page is to the daemon. The cookie is HttpOnly and set by the daemon; the CSRF value that every request
// must carry lives in this module's memory only. A one-time code comes in the fragment (never sent to any server)
// and is taken out of the address at once.
import { API_PREFIX, routes } from "@mimic/api/routes";

export type Session =
  | { readonly state: "checking" }
  | { readonly state: "open"; readonly csrf: string }
  | { readonly state: "none"; readonly why: "noSession" | "codeRefused" }
  | { readonly state: "unreachable" };

let session: Session = { state: "checking" };
const listeners = new Set<() => void>();

export const currentSession = (): Session => session;
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
export function setSession(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

/** The one-time code in a fragment like `#c=CODE`, or undefined. */
export function codeIn(fragment: string): string | undefined {
  return /^#c=([A-Za-z0-9_-]{1,100})$/.exec(fragment)?.[1];
}

async function ask(path: string, body: unknown): Promise<string | number | undefined> {
  try {
    const response = await fetch(API_PREFIX + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      credentials: "same-origin",
      body: JSON.stringify(body),
    });
    if (!response.ok) return response.status;
    const { csrf } = (await response.json()) as { csrf?: unknown };
    return typeof csrf === "string" ? csrf : response.status;
  } catch {
    return undefined;
  }
}

/** The session's CSRF value, asked for with the cookie alone; undefined when there is no session or no daemon. */
export async function renewSession(): Promise<string | undefined> {
  const answer = await ask(routes.sessions.renew.path, {});
  if (typeof answer === "string") {
    setSession({ state: "open", csrf: answer });
    return answer;
  }
  setSession(answer === undefined || answer >= 500 ? { state: "unreachable" } : { state: "none", why: "noSession" });
  return undefined;
}

/** Opens a session from the address's code, or takes up the one that the cookie names. */
export async function openSession(place: Location, past: History): Promise<void> {
  const code = codeIn(place.hash);
  if (code === undefined) {
    await renewSession();
    return;
  }
  past.replaceState(null, "", place.pathname);
  const answer = await ask(routes.sessions.open.path, { code });
  if (typeof answer === "string") return setSession({ state: "open", csrf: answer });
  // A code is good once: going back to an old address still works while the session lives.
  if ((await renewSession()) === undefined && session.state === "none") setSession({ state: "none", why: "codeRefused" });
}
