// Debian's control syntax (RFC 822 with continuation lines): package indexes, Release files, deb822 sources.

export type Stanza = ReadonlyMap<string, string>;

/** One stanza. Field names are lower-cased; continuation lines are joined with line ends. Lines that are no field are ignored. */
export function parseStanza(text: string): Stanza {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    if (/^[ \t]/.test(line)) {
      if (current !== undefined) fields.set(current, `${fields.get(current)}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    current = line.slice(0, colon).toLowerCase();
    fields.set(current, line.slice(colon + 1).trim());
  }
  return fields;
}

export const parseStanzas = (text: string): Stanza[] =>
  text
    .split(/\n(?:[ \t]*\n)+/)
    .filter((part) => /\S/.test(part))
    .map(parseStanza);

/** A package as the signed index describes it. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Below the mirror's base address: checked to be relative and without "..". */
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly depends: string;
  readonly preDepends: string;
  readonly provides: string;
  readonly conflicts: string;
  readonly breaks: string;
  readonly essential: boolean;
  /** “required”, “important”, “standard”, “optional”, “extra”. */
  readonly priority: string;
}

/** Undefined when a needed field is absent or strange. */
export function packageOf(stanza: Stanza): DebianPackage | undefined {
  const name = stanza.get("package") ?? "";
  const fileName = stanza.get("filename") ?? "";
  const sha256 = stanza.get("sha256") ?? "";
  const sizeBytes = Number(stanza.get("size"));
  if (!/^[a-z0-9][a-z0-9.+-]{0,127}$/.test(name) || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  if (!/^[A-Za-z0-9._~+:/%-]{1,400}$/.test(fileName) || fileName.startsWith("/") || fileName.split("/").includes("..")) return undefined;
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) return undefined;
  return {
    name,
    version: stanza.get("version") ?? "",
    architecture: stanza.get("architecture") ?? "",
    fileName,
    sizeBytes,
    sha256,
    depends: stanza.get("depends") ?? "",
    preDepends: stanza.get("pre-depends") ?? "",
    provides: stanza.get("provides") ?? "",
    conflicts: stanza.get("conflicts") ?? "",
    breaks: stanza.get("breaks") ?? "",
    essential: stanza.get("essential") === "yes",
    priority: stanza.get("priority") ?? "",
  };
}

/** Names in a Depends field; the first of alternatives, without versions. */
export const dependencyNames = (depends: string): string[] =>
  depends
    .split(",")
    .map((part) => /^\s*([a-z0-9][a-z0-9.+-]*)/.exec(part)?.[1])
    .filter((name) => name !== undefined);

/** Reads a package index as it streams in and keeps the packages that `wanted` says yes to. The index is 50 MB: never whole in memory. */
export async function readPackageIndex(source: AsyncIterable<Uint8Array>, wanted: (name: string) => boolean): Promise<DebianPackage[]> {
  const found: DebianPackage[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  const take = (text: string): void => {
    const name = /^Package: ([^\n]*)/m.exec(text)?.[1];
    if (name === undefined || !wanted(name)) return;
    const parsed = packageOf(parseStanza(text));
    if (parsed) found.push(parsed);
  };
  for await (const chunk of source) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length < 65_536) continue;
    const stanzas = rest.split("\n\n");
    rest = stanzas.pop() ?? "";
    if (rest.length > 1_048_576) rest = "";
    for (const stanza of stanzas) take(stanza);
  }
  for (const stanza of (rest + decoder.decode()).split("\n\n")) take(stanza);
  return found;
}
