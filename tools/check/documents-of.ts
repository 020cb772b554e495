// What documents and sources say of each other, read out of their text. Pure.
import { blankComments } from "./house-rules-of.ts";

export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** A string that looks like an error code: `area.fact`. */
const DOTTED = /["'`]([a-z]+\.[a-z][a-z0-9]*(?:_[a-z0-9]+)*)["'`]/g;

/** Endings that make a dotted word a file's name. */
const FILE_ENDINGS = new Set(
  "bin cfg code conf qcow2 raw gz html img iso json js list lock log md png rom sh sock svg tar toml ts txt vars wasm xz yaml yml".split(
    " ",
  ),
);

/** Words of the same form that mean something else, each with what it is. */
const OTHER_MEANINGS: Readonly<Record<string, string>> = {
  "stream.lagged": "an item of the live stream",
};

/**
 * Dotted words that are events, kinds of jobs, ids of routes or other names: found where they are declared.
 * A word that is declared as such and used as an error code as well is a mistake in itself, and is not looked for.
 */
export function wordsThatAreNoCodes(sources: readonly SourceText[]): Set<string> {
  const words = new Set(Object.keys(OTHER_MEANINGS));
  for (const { path, text } of sources) {
    if (path === "packages/model/src/event.ts") for (const [, word] of text.matchAll(DOTTED)) words.add(word ?? "");
    // A job is begun with its kind, an entry of the journal with its op; routes have ids of noun and verb, raw and live ones by those words.
    for (const [, word] of text.matchAll(/\b(?:kind|op):\s*"([a-z]+\.[a-z_]+)"/g)) words.add(word ?? "");
    for (const [, word] of text.matchAll(/"((?:raw|live|machines|images|systems|jobs|sessions|daemon)\.[a-zA-Z]+)":/g))
      words.add(word ?? "");
    if (path === "packages/api/src/routes.ts") for (const id of routeIds(text)) words.add(id);
  }
  return words;
}

/** “machines: {” … “list: get(” → machines.list */
function* routeIds(text: string): Generator<string> {
  let noun = "";
  for (const line of text.split("\n")) {
    noun = /^ {2}(\w+): \{/.exec(line)?.[1] ?? noun;
    const verb = /^ {4}(\w+): (?:get|post|patch|del)\(/.exec(line)?.[1];
    if (verb) yield `${noun}.${verb}`;
  }
}

/** The error codes that a source has, each with where it stands. */
export function codesInSource({ path, text }: SourceText, notCodes: ReadonlySet<string>): [code: string, where: string][] {
  const found: [string, string][] = [];
  blankComments(text)
    .split("\n")
    .forEach((line, index) => {
      for (const [, word = ""] of line.matchAll(DOTTED)) {
        if (!notCodes.has(word) && !FILE_ENDINGS.has(word.split(".")[1] ?? "")) found.push([word, `${path}:${index + 1}`]);
      }
    });
  return found;
}

/** `| \`area.fact\` | sentence |` */
export function codesInDocument(text: string): Map<string, string> {
  const codes = new Map<string, string>();
  for (const [, code = "", sentence = ""] of text.matchAll(/^\| `([a-z]+\.[a-z0-9_]+)` \| (.*?) \|/gm)) codes.set(code, sentence);
  return codes;
}

/** Facts of codes whose area is put in at run time: `${noun}.unknown` → unknown. */
export function openFactsIn(text: string): string[] {
  return [...blankComments(text).matchAll(/`\$\{\w+\}\.([a-z_]+)`/g)].map(([, fact = ""]) => fact);
}

export function compareBothWays(
  inSources: ReadonlyMap<string, string>,
  inDocument: ReadonlyMap<string, string>,
  openFacts: readonly string[] = [],
): string[] {
  const isOpen = (code: string): boolean => openFacts.includes(code.split(".")[1] ?? "");
  return [
    ...[...inSources].filter(([code]) => !inDocument.has(code)).map(([code, where]) => `${where}: ${code} is not in docs/errors.md.`),
    ...[...inDocument.keys()]
      .filter((code) => !inSources.has(code) && !isOpen(code))
      .map((code) => `docs/errors.md: no source has ${code}.`),
    ...[...inDocument].filter(([, words]) => words.trim().length < 10).map(([code]) => `docs/errors.md: ${code} has no sentence.`),
  ];
}

/** Terms are the bold words of the first column; each stands once. */
export function glossaryTerms(text: string): { terms: Set<string>; findings: string[] } {
  const terms = new Set<string>();
  const findings: string[] = [];
  for (const [, cell = ""] of text.matchAll(/^\| (\*\*.*?) \|/gm)) {
    for (const [, term = ""] of cell.matchAll(/\*\*(.+?)\*\*/g)) {
      if (terms.has(term)) findings.push(`docs/glossary.md: “${term}” stands twice.`);
      terms.add(term);
    }
  }
  return { terms, findings };
}

export const termsInPage = (text: string): string[] => [...text.matchAll(/\bterm: "(.+?)"/g)].map(([, term = ""]) => term);

export interface Link {
  readonly target: string;
  readonly line: number;
}

/** Links and pictures to files of this repository. */
export function linksIn(text: string): Link[] {
  return proseLines(text).flatMap(({ words, line }) =>
    [...words.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)]
      .map(([, target = ""]) => ({ target, line }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );
}

/** A heading's anchor as the usual viewers make it. */
export function anchorsOf(text: string): Set<string> {
  const slugs = proseLines(text)
    .map(({ words }) => /^#+\s+(.*)$/.exec(words)?.[1])
    .filter((heading) => heading !== undefined)
    .map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    );
  return new Set(slugs);
}

const REPOSITORY_PATH = /^(?:apps|packages|docs|tools|bench|e2e|content)\/[\w./@-]*$/;

/** For each line with a path in code marks: the paths, and the names in code marks beside them. */
export function pathsAndSymbolsIn(text: string): { paths: string[]; symbols: string[]; line: number }[] {
  return proseLines(text)
    .map(({ words, line }) => {
      const marked = [...words.matchAll(/`([^`]+)`/g)].map(([, inside = ""]) => inside);
      return {
        paths: marked.filter((inside) => REPOSITORY_PATH.test(inside)),
        symbols: marked.filter((inside) => /^[A-Za-z_$][\w$]*(\(\))?$/.test(inside)).map((symbol) => symbol.replace("()", "")),
        line,
      };
    })
    .filter(({ paths }) => paths.length > 0);
}

/** Lines outside of fenced blocks. */
function proseLines(text: string): { words: string; line: number }[] {
  let isFenced = false;
  return text.split("\n").flatMap((words, index) => {
    if (/^\s*(```|~~~)/.test(words)) {
      isFenced = !isFenced;
      return [];
    }
    return isFenced ? [] : [{ words, line: index + 1 }];
  });
}

/** First words after `mimic` in command lines: in fenced blocks at the start of a line, in prose inside code marks. */
export function commandsIn(text: string): { verb: string; line: number }[] {
  return text.split("\n").flatMap((words, index) => {
    const starts = [
      .../^\s*(?:\$ )?(?:MIMIC_\w+=\S+ )*(?:\.\/)?mimic ([a-z]+)/g[Symbol.matchAll](words),
      ...words.matchAll(/`(?:\.\/)?mimic ([a-z]+)/g),
    ];
    return starts.map(([, verb = ""]) => ({ verb, line: index + 1 }));
  });
}

/** First words of the verbs that the command line registers. */
export const verbsInRegistry = (text: string): Set<string> =>
  new Set([...text.matchAll(/^ {2}(?:"([a-z]+)[a-z ]*"|([a-z]+)): \(\) => import/gm)].map(([, quoted, bare]) => quoted ?? bare ?? ""));
