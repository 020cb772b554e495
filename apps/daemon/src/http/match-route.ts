// From a request's path to its route. A literal segment wins over a parameter; nothing is normalised:
// “..”, “//” and “%2e” are ordinary text that fits no route.
import type { DoorRoute } from "./door-routes.ts";

export interface Found {
  readonly route: DoorRoute;
  readonly parameters: Readonly<Record<string, string>>;
}
/** `methods`: what the path would answer to. Empty = there is no such path. */
export interface Missed {
  readonly route: undefined;
  readonly methods: readonly string[];
}
export type Match = (method: string, path: string) => Found | Missed;

interface Compiled {
  readonly route: DoorRoute;
  readonly segments: readonly string[];
}

export function createMatcher(routes: readonly DoorRoute[]): Match {
  const bySize = new Map<number, Compiled[]>();
  for (const route of routes) {
    const segments = route.path.split("/");
    const list = bySize.get(segments.length) ?? [];
    list.push({ route, segments });
    bySize.set(segments.length, list);
  }
  for (const list of bySize.values()) list.sort((a, b) => parameterCount(a) - parameterCount(b));
  return (method, path) => {
    const segments = path.split("/", 32);
    const methods: string[] = [];
    for (const candidate of bySize.get(segments.length) ?? []) {
      const parameters = fit(candidate.segments, segments);
      if (parameters === undefined) continue;
      if (candidate.route.method === method) return { route: candidate.route, parameters };
      methods.push(candidate.route.method);
    }
    return { route: undefined, methods };
  };
}

const parameterCount = (compiled: Compiled): number => compiled.segments.filter((segment) => segment.startsWith("{")).length;

function fit(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [at, wanted] of pattern.entries()) {
    const given = segments[at] ?? "";
    if (!wanted.startsWith("{")) {
      if (wanted !== given) return undefined;
      continue;
    }
    const text = decode(given);
    if (text === undefined || text === "") return undefined;
    parameters[wanted.slice(1, -1)] = text;
  }
  return parameters;
}

/** undefined when the percent-encoding is broken. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
