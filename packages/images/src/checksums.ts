// Publishers' checksum lists: GNU lines (“<hex>  name”, “<hex> *name”), BSD lines (“SHA256 (name) = <hex>”),
// or a file with one checksum alone.

const HEX = { sha256: 64, sha512: 128 } as const;

/** The one checksum that the list gives for this file; undefined when there is none, or several that differ. */
export function findChecksum(list: string, algorithm: "sha256" | "sha512", fileName: string): string | undefined {
  const hex = `[0-9a-fA-F]{${HEX[algorithm]}}`;
  const gnu = new RegExp(`^(${hex})\\s+\\*?(?:\\./)?(\\S+)$`);
  const bsd = new RegExp(`^${algorithm.toUpperCase()} \\((.+)\\) = (${hex})$`);
  const alone = new RegExp(`^(${hex})$`);
  const found = new Set<string>();
  const lines = list.split("\n").map((line) => line.trim());
  for (const line of lines) {
    const [first, second] = [gnu.exec(line), bsd.exec(line)];
    if (first?.[1] && first[2] === fileName) found.add(first[1].toLowerCase());
    if (second?.[2] && second[1] === fileName) found.add(second[2].toLowerCase());
  }
  const content = lines.filter((line) => line !== "");
  if (found.size === 0 && content.length === 1) {
    const only = alone.exec(content[0] ?? "")?.[1];
    if (only) found.add(only.toLowerCase());
  }
  return found.size === 1 ? [...found][0] : undefined;
}

/** Addresses to try. A person's own mirror stands alone: the file under its host and path there, or just under its name. */
export function addressesFor(url: string, mirror: string | undefined): readonly string[] {
  if (!mirror) return [url];
  const { host, pathname } = new URL(url);
  const base = mirror.replace(/\/+$/, "");
  return [`${base}/${host}${pathname}`, `${base}/${pathname.split("/").at(-1) ?? ""}`];
}
