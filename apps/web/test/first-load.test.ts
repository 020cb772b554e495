// What the built interface brings along, and when. Quick: it looks at the build itself and needs no browser.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { beforeAll, expect, test } from "vitest";
import { FIRST_LOAD_MAX_BYTES } from "../dev/first-load.ts";

const WEB = fileURLToPath(new URL("..", import.meta.url));

/** By file name. */
const chunks = new Map<string, Rolldown.OutputChunk>();
let html = "";

beforeAll(async () => {
  const options = { root: WEB, configFile: `${WEB}vite.config.ts`, logLevel: "warn", build: { write: false } } as const;
  const { output } = (await build(options)) as Rolldown.RolldownOutput;
  for (const part of output) {
    if (part.type === "chunk") chunks.set(part.fileName, part);
    else if (part.fileName === "index.html") html = String(part.source);
  }
}, 120_000);

/** What is fetched at once when these are, each with what it imports. */
function together(names: Iterable<string>): Rolldown.OutputChunk[] {
  const all = new Set(names);
  for (const name of all) for (const other of chunks.get(name)?.imports ?? []) all.add(other);
  return [...all].map((name) => chunks.get(name) as Rolldown.OutputChunk);
}

const first = () => together([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1] as string));
const modulesOf = (parts: readonly Rolldown.OutputChunk[]): string => parts.flatMap(({ modules }) => Object.keys(modules)).join("\n");

test("the first load is small, and consoles and graphs come later", () => {
  const bytes = first().reduce((sum, { code }) => sum + gzipSync(code).length, 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(FIRST_LOAD_MAX_BYTES);
  for (const later of ["/@novnc/", "/@xterm/", "/uplot/"]) {
    expect(modulesOf(first())).not.toContain(later);
    expect(modulesOf([...chunks.values()])).toContain(later);
  }
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|style=/);
});

test("no page brings schemas along: only reading a timetable does", () => {
  const withSchemas = [...chunks.values()].filter(({ modules }) => Object.keys(modules).some((id) => id.includes("/node_modules/zod/")));
  expect(withSchemas.map(({ name }) => name)).toEqual(["read-timetable"]);
});
