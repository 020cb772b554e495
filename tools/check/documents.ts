// Holds the documents to the sources: error codes both ways, glossary, links, paths, symbols and commands. The
// comparing is in documents-of.ts (pure); this reads the tree.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { root } from "../setup/places.ts";
import {
  anchorsOf,
  codesInDocument,
  codesInSource,
  commandsIn,
  compareBothWays,
  glossaryTerms,
  linksIn,
  openFactsIn,
  pathsAndSymbolsIn,
  type SourceText,
  termsInPage,
  verbsInRegistry,
  wordsThatAreNoCodes,
} from "./documents-of.ts";

const SKIPPED = new Set(["node_modules", "dist", "dist.new", ".git", ".mimic", "testing", "test", "golden"]);
const LAUNCHER_VERBS = ["test", "dev", "check", "bench", "setup"];

function* files(folder: string, ending: RegExp): Generator<SourceText> {
  if (!existsSync(join(root, folder))) return;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = normalize(join(folder, entry.name));
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* files(path, ending);
    } else if (ending.test(entry.name)) yield { path, text: readFileSync(join(root, path), "utf8") };
  }
}

const read = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "");

function errorCodes(): string[] {
  const sources = [...files("apps", /\.tsx?$/), ...files("packages", /\.tsx?$/)].filter(
    ({ path }) => !/\.(test|e2e)\.tsx?$|^packages\/testkit\/|^apps\/web\/dev\//.test(path),
  );
  const notCodes = wordsThatAreNoCodes(sources);
  const inSources = new Map(sources.flatMap((source) => codesInSource(source, notCodes)));
  const openFacts = sources.flatMap(({ text }) => openFactsIn(text));
  return compareBothWays(inSources, codesInDocument(read("docs/errors.md")), openFacts);
}

function glossary(): string[] {
  const { terms, findings } = glossaryTerms(read("docs/glossary.md"));
  const missing = termsInPage(read("apps/web/src/data/glossary.ts")).filter((term) => !terms.has(term));
  return [...findings, ...missing.map((term) => `docs/glossary.md: the browser explains “${term}”, and the glossary does not have it.`)];
}

function linksAndPaths(document: SourceText): string[] {
  const findings: string[] = [];
  for (const { target, line } of linksIn(document.text)) {
    const [path = "", anchor] = target.split("#");
    const full = path === "" ? document.path : normalize(join(dirname(document.path), path));
    if (!existsSync(join(root, full))) findings.push(`${document.path}:${line}: there is no ${target}.`);
    else if (anchor && full.endsWith(".md") && !anchorsOf(read(full)).has(anchor)) {
      findings.push(`${document.path}:${line}: ${full} has no heading #${anchor}.`);
    }
  }
  for (const { paths, symbols, line } of pathsAndSymbolsIn(document.text)) {
    for (const path of paths) if (!existsSync(join(root, path))) findings.push(`${document.path}:${line}: there is no ${path}.`);
    const text = paths.map((path) => (/\.\w+$/.test(path) ? read(path) : "")).join("\n");
    // Only tours promise that the names beside a path stand in that file.
    if (!document.path.startsWith("docs/tours/") || text.trim() === "") continue;
    for (const symbol of symbols) {
      if (!new RegExp(`\\b${symbol.replace(/\$/g, "\\$")}\\b`).test(text)) {
        findings.push(`${document.path}:${line}: ${symbol} is not in ${paths.join(" nor ")}.`);
      }
    }
  }
  return findings;
}

function commands(document: SourceText): string[] {
  const verbs = new Set([...verbsInRegistry(read("apps/cli/src/registry.ts")), ...LAUNCHER_VERBS]);
  return commandsIn(document.text)
    .filter(({ verb }) => !verbs.has(verb))
    .map(({ verb, line }) => `${document.path}:${line}: mimic has no verb “${verb}”.`);
}

const documents = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((path) => ({ path, text: read(path) })),
  ...files("docs", /\.md$/),
];
const findings = [
  ...errorCodes(),
  ...glossary(),
  ...documents.flatMap(linksAndPaths),
  ...documents.flatMap(commands),
  ...documents.filter(({ text }) => text === "").map(({ path }) => `${path}: is missing or empty.`),
];
for (const finding of findings) process.stdout.write(`${finding}\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
