// What people call things: lower-case slugs, unique per kind, changeable.
import { type Refusal, refusal } from "@mimic/base";
import { z } from "zod";

/** Lower-case letters, digits and hyphens, starts with a letter or digit, ends without a hyphen, at most 63. */
export const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "a name has lower-case letters, digits and hyphens, at most 63")
  .brand<"Name">();
export type Name = z.infer<typeof Name>;

/** Reads a name from a person, or refuses with one that would do. */
export function readName(text: string): Name | Refusal {
  const parsed = Name.safeParse(text);
  if (parsed.success) return parsed.data;
  const better = slug(text);
  return refusal(
    "name.invalid",
    `“${text.slice(0, 80).replace(/[^\p{L}\p{N}\p{P} ]/gu, "\ufffd")}” cannot be a name: names have lower-case letters, digits and hyphens, and at most 63 of them.`,
    better ? `Try “${better}”.` : "Try something like “my-machine”.",
  );
}

/** The nearest valid name, or "" when nothing is left. */
export function slug(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
}

export type Found<T> = { readonly kind: "found"; readonly item: T } | Refusal;

/** Finds by id, by whole name, or by a beginning that fits only one. `noun` is “machine”, “image”… */
export function findByName<T extends { readonly id: string; readonly name: string }>(
  items: Iterable<T>,
  wanted: string,
  noun: string,
): Found<T> {
  const all = [...items];
  const exact = all.find((item) => item.id === wanted || item.name === wanted);
  if (exact) return { kind: "found", item: exact };
  const near = wanted === "" ? [] : all.filter((item) => item.name.startsWith(wanted));
  const [only, ...more] = near;
  if (only && more.length === 0) return { kind: "found", item: only };
  const shown = wanted.slice(0, 80);
  if (near.length > 1) {
    const some = near
      .slice(0, 5)
      .map((item) => item.name)
      .join(", ");
    return refusal(
      `${noun}.ambiguous`,
      `“${shown}” could be ${near.length} of your ${noun}s: ${some}${near.length > 5 ? ", …" : ""}.`,
      "Write more of the name.",
    );
  }
  return refusal(`${noun}.unknown`, `There is no ${noun} called “${shown}”.`, LIST_HINT[noun] ?? "Look at the list for the right name.");
}

const LIST_HINT: Readonly<Record<string, string>> = {
  machine: "See what there is: mimic ls",
  image: "See what there is: mimic image ls",
  network: "See what there is: mimic net ls",
  system: "See what there is: mimic os ls",
  job: "See what there is: mimic jobs",
};
