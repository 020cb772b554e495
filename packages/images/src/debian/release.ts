// A suite's Release file: who it is and the digests of its indexes. Trusted only after its signature was checked.
import { parseStanza } from "./control.ts";

export interface Release {
  readonly codename: string;
  readonly suite: string;
  readonly version: string;
  /** Milliseconds since 1970; undefined = for ever. */
  readonly validUntilMs: number | undefined;
  readonly files: ReadonlyMap<string, { readonly sha256: string; readonly sizeBytes: number }>;
}

export function parseRelease(text: string): Release {
  const stanza = parseStanza(text);
  const files = new Map<string, { sha256: string; sizeBytes: number }>();
  for (const line of (stanza.get("sha256") ?? "").split("\n")) {
    const match = /^([0-9a-f]{64})\s+(\d{1,12})\s+(\S{1,300})$/.exec(line.trim());
    if (match?.[1] && match[3]) files.set(match[3], { sha256: match[1], sizeBytes: Number(match[2]) });
  }
  const until = Date.parse(stanza.get("valid-until") ?? "");
  return {
    codename: stanza.get("codename") ?? "",
    suite: stanza.get("suite") ?? "",
    version: stanza.get("version") ?? "",
    validUntilMs: Number.isNaN(until) ? undefined : until,
    files,
  };
}
