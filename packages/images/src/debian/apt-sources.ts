// Which Debian mirrors the host's own apt names (sources.list(5)): the one-line form and deb822.
import { parseStanzas } from "./control.ts";

const SUITES =
  /^(?:buster|bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|oldoldstable|testing|unstable)(?:-(updates|security|backports)|\/updates)?$/;

export interface Mirror {
  /** Without a slash at the end. */
  readonly base: string;
  readonly security: boolean;
}

function mirrorsOf(uris: readonly string[], suites: readonly string[], components: readonly string[]): Mirror[] {
  if (!components.includes("main")) return [];
  const found: Mirror[] = [];
  for (const suite of suites) {
    if (!SUITES.test(suite)) continue;
    for (const uri of uris) {
      if (!/^https?:\/\/[^\s@]+$/.test(uri)) continue;
      found.push({ base: uri.replace(/\/+$/, ""), security: /-security$|\/updates$/.test(suite) });
    }
  }
  return found;
}

const words = (text: string | undefined): string[] => (text ?? "").split(/\s+/).filter((word) => word !== "");

/** `deb [options] uri suite components…` */
export function parseOneLineSources(text: string): Mirror[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    return match?.[1] && match[2] ? mirrorsOf([match[1]], [match[2]], words(match[3])) : [];
  });
}

export function parseDeb822Sources(text: string): Mirror[] {
  return parseStanzas(text).flatMap((stanza) => {
    if (stanza.get("enabled")?.toLowerCase() === "no" || !words(stanza.get("types")).includes("deb")) return [];
    return mirrorsOf(words(stanza.get("uris")), words(stanza.get("suites")), words(stanza.get("components")));
  });
}

const PUBLIC: readonly Mirror[] = [
  { base: "http://deb.debian.org/debian", security: false },
  { base: "http://ftp.debian.org/debian", security: false },
  { base: "http://deb.debian.org/debian-security", security: true },
  { base: "http://security.debian.org/debian-security", security: true },
];

export interface MirrorPlan {
  /** To be tried in this order. */
  readonly main: readonly string[];
  readonly security: readonly string[];
}

/** `override` (a person's own mirror) stands alone; else the host's mirrors, then the public ones. Everything is checked against the signed index anyway. */
export function planMirrors(options: { readonly override?: string | undefined; readonly host: readonly Mirror[] }): MirrorPlan {
  if (options.override) {
    const base = options.override.replace(/\/+$/, "");
    return { main: [base], security: [`${base}-security`] };
  }
  const all = [...options.host, ...PUBLIC];
  const pick = (security: boolean) => [...new Set(all.filter((mirror) => mirror.security === security).map((mirror) => mirror.base))];
  return { main: pick(false), security: pick(true) };
}
