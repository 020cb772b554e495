// The browsable description of the API: three small files of our own, public because they hold no secret;
// what they show is fetched through the gate. They are text here so that the daemon needs no files beside it.
import { API_PREFIX } from "@mimic/api/routes";

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Mimic: the API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/api/v1/docs/page.css">
    <script type="module" src="/api/v1/docs/page.js"></script>
  </head>
  <body>
    <header><h1>Mimic: the API</h1></header>
    <main>
      <p id="state" role="status">Reading the description…</p>
      <nav id="areas" aria-label="Areas" hidden></nav>
      <div id="routes"></div>
    </main>
  </body>
</html>
`;

const CSS = `:root {
  color-scheme: light dark;
  --line: light-dark(#767676, #8a8a8a);
  --soft: light-dark(#f2f4f7, #1d2127);
  --ink: light-dark(#16191d, #e8eaed);
  --ground: light-dark(#ffffff, #121519);
  --link: light-dark(#0b5394, #8ab8f0);
}
body {
  margin: 0 auto;
  max-width: 62rem;
  padding: 0 1rem 4rem;
  font:
    16px / 1.5 system-ui,
    sans-serif;
  color: var(--ink);
  background: var(--ground);
}
a {
  color: var(--link);
}
nav ul {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1.25rem;
  padding: 0;
  list-style: none;
}
details {
  border: 1px solid var(--line);
  border-radius: 6px;
  margin: 0.5rem 0;
  background: var(--soft);
}
summary {
  padding: 0.5rem 0.75rem;
  cursor: pointer;
  overflow-wrap: anywhere;
}
summary:focus-visible,
a:focus-visible {
  outline: 3px solid var(--link);
  outline-offset: 2px;
}
.inside {
  padding: 0 0.75rem 0.75rem;
}
pre {
  overflow: auto;
  max-height: 28rem;
  padding: 0.5rem;
  border: 1px solid var(--line);
  border-radius: 4px;
  background: var(--ground);
}
`;

const SCRIPT = `// The page that shows the API's description. Everything is put in as text, never as HTML.
const state = document.getElementById("state");
const $ = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

async function read() {
  const renewal = await fetch("/api/v1/sessions/renewal", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const session = await renewal.json();
  if (!renewal.ok) throw new Error([session.message, session.hint].join(" "));
  const answer = await fetch("/api/v1/openapi.json", { headers: { "x-mimic-csrf": session.csrf } });
  const description = await answer.json();
  if (!answer.ok) throw new Error([description.message, description.hint].join(" "));
  return description;
}

function block(title, value) {
  if (value === undefined) return [];
  const pre = $("pre", { tabIndex: 0 }, JSON.stringify(value, undefined, 2));
  pre.setAttribute("aria-label", title);
  pre.setAttribute("role", "group");
  return [$("h3", {}, title), pre];
}

function routeDetails(path, method, operation, prefix) {
  const good = Object.entries(operation.responses).find(([status]) => status !== "default");
  return $(
    "details",
    {},
    $("summary", {}, $("code", {}, method.toUpperCase() + " " + prefix + path), " " + (operation.summary ?? "")),
    $(
      "div",
      { className: "inside" },
      ...(operation["x-mimic-only"] ? [$("p", {}, "Only over the " + operation["x-mimic-only"] + ".")] : []),
      ...block("Parameters", operation.parameters?.length ? operation.parameters : undefined),
      ...block("Body", operation.requestBody?.content),
      ...block("Answer " + (good?.[0] ?? ""), good?.[1].content),
    ),
  );
}

function show(description) {
  const areas = new Map();
  const prefix = description.servers[0].url;
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const area = operation.tags?.[0] ?? "other";
      if (!areas.has(area)) areas.set(area, []);
      areas.get(area).push(routeDetails(path, method, operation, prefix));
    }
  }
  const nav = document.getElementById("areas");
  nav.append($("ul", {}, ...[...areas.keys()].map((area) => $("li", {}, $("a", { href: "#" + area }, area)))));
  nav.hidden = false;
  document.getElementById("routes").append(...[...areas].map(([area, routes]) => $("section", {}, $("h2", { id: area }, area), ...routes)));
  state.textContent = description.info.description;
}

read().then(show, (error) => {
  state.setAttribute("role", "alert");
  state.textContent = error.message;
});
`;

export interface DocsFile {
  readonly bytes: Uint8Array;
  readonly type: string;
}

const FILES: ReadonlyMap<string, DocsFile> = new Map([
  [`${API_PREFIX}/docs`, { bytes: Buffer.from(HTML), type: "text/html; charset=utf-8" }],
  [`${API_PREFIX}/docs/page.css`, { bytes: Buffer.from(CSS), type: "text/css; charset=utf-8" }],
  [`${API_PREFIX}/docs/page.js`, { bytes: Buffer.from(SCRIPT), type: "text/javascript; charset=utf-8" }],
]);

export const docsFile = (path: string): DocsFile | undefined => FILES.get(path);
