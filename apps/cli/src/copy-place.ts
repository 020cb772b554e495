// `NAME:/path` or a path here. Pure.
import { UsageError } from "./say.ts";

export type Place =
  | { readonly on: "guest"; readonly machine: string; readonly path: string }
  | { readonly on: "host"; readonly path: string };

/** A path with a colon that is meant to be here is written ./a:b. */
export function readPlace(text: string): Place {
  const match = /^([A-Za-z0-9][A-Za-z0-9_-]*):(.*)$/s.exec(text);
  if (!match) return { on: "host", path: text };
  const [, machine = "", path = ""] = match;
  if (!path.startsWith("/") && !/^[A-Za-z]:[\\/]/.test(path))
    throw new UsageError("cli.usage", `“${text.slice(0, 100)}” does not say where in the machine: its paths begin with /.`, {
      hint: `For example: ${machine}:/tmp/${path}`,
    });
  return { on: "guest", machine, path };
}

/** The last part of a path; "" for / and for “..”. */
export function lastPart(path: string): string {
  const last = path.split("/").filter(Boolean).at(-1) ?? "";
  return last === "." || last === ".." ? "" : last;
}
