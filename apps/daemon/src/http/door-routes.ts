// Every path that the doors answer, as one list with what the gate needs to know of each. The server, the
// OpenAPI document and the security tests all read this list, so a new route cannot slip past any of them.
import { contract } from "@mimic/api";
import { API_PREFIX, liveRoutes, type Method, rawRoutes, routes } from "@mimic/api/routes";

/**
 * token: a token, or a session with its CSRF value, or the unix socket · code: the one-time code in the body is
 * the proof · renewal: a session's cookie and a same-origin fetch · unix: only the unix socket ·
 * public: the files of the web interface, which hold no secret.
 */
export type Access = "token" | "code" | "renewal" | "unix" | "public";
export type BodyKind = "none" | "json" | "bytes";

export interface DoorRoute {
  /** “machines.start”, “raw.events”, “live.display”. */
  readonly id: string;
  readonly kind: "verb" | "raw" | "live";
  readonly method: Method;
  /** With the prefix; parameters as {name}. */
  readonly path: string;
  readonly access: Access;
  readonly body: BodyKind;
}

const ACCESS: Readonly<Record<string, Access>> = {
  "sessions.code": "unix",
  "sessions.open": "code",
  "sessions.renew": "renewal",
  "images.import": "unix",
  "storages.add": "unix",
  "daemon.shutdown": "unix",
};
const BYTES: ReadonlySet<string> = new Set(["raw.writeFile", "raw.upload"]);

function doorRoute(id: string, kind: DoorRoute["kind"], method: Method, path: string): DoorRoute {
  const body: BodyKind = BYTES.has(id) ? "bytes" : method === "POST" || method === "PATCH" ? "json" : "none";
  return { id, kind, method, path: API_PREFIX + path, access: ACCESS[id] ?? "token", body };
}

/** All of them, in the order of the contract. */
export function doorRoutes(): readonly DoorRoute[] {
  const verbs = Object.entries(contract).flatMap(([area, byVerb]) =>
    Object.entries(byVerb).map(([verb, procedure]) => {
      const { method, path } = procedure["~orpc"].route;
      return doorRoute(`${area}.${verb}`, "verb", method as Method, String(path));
    }),
  );
  const raw = Object.entries(rawRoutes).map(([name, { method, path }]) => doorRoute(`raw.${name}`, "raw", method, path));
  const live = Object.entries(liveRoutes).map(([name, path]) => doorRoute(`live.${name}`, "live", "GET", path));
  return [...verbs, ...raw, ...live];
}

/** The plain table of routes again, for comparing it with the contract. */
export function plainRouteIds(): readonly string[] {
  return Object.entries(routes).flatMap(([area, verbs]) => Object.keys(verbs).map((verb) => `${area}.${verb}`));
}
