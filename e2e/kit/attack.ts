// What a web page can try against an address, run inside a real page: every route as a simple request, as a request that
// needs a preflight, as a form, an image, a frame and a WebSocket. Answers with whatever the page came to see.
import type { Page } from "playwright-core";
import { API_PREFIX, fillPath, liveRoutes, rawRoutes, routes } from "../../packages/api/src/routes.ts";

/** All routes of the product, enumerated from it, for one machine. */
export function everyRoute(machine: string): { readonly method: string; readonly path: string }[] {
  const parameters = { machine, image: "tiny-linux", system: "tiny-linux", job: "job_1", entry: "old" };
  const all = [...Object.values(routes).flatMap((group) => Object.values(group)), ...Object.values(rawRoutes)];
  return all.map(({ method, path }) => ({ method, path: API_PREFIX + fillPath(path, parameters) }));
}

export const everyLivePath = (machine: string): string[] =>
  Object.values(liveRoutes).map((path) => API_PREFIX + fillPath(path, { machine }));

/** Everything that the page could read of the answers, as one text. */
export async function attack(page: Page, base: string, machine: string): Promise<string> {
  const input = JSON.stringify({ base, routes: everyRoute(machine), live: everyLivePath(machine) });
  return (await page.evaluate(`(${attackInPage.toString()})(${input})`)) as string;
}

interface Target {
  readonly base: string;
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  readonly live: readonly string[];
}

/** Runs in the page: no name from outside may be used here. */
async function attackInPage({ base, routes, live }: Target): Promise<string> {
  // biome-ignore lint/suspicious/noExplicitAny: a browser's page, which this project's Node types do not know
  const { document, Image, WebSocket, fetch, AbortSignal } = globalThis as any;
  const seen: string[] = [];
  const see = (text: unknown) => void (text && seen.push(String(text)));
  const ask = (path: string, init: object) =>
    fetch(base + path, { credentials: "include", signal: AbortSignal.timeout(4000), ...init }).then(
      async (answer: { text(): Promise<string> }) => see(await answer.text().catch(() => "")),
      () => {},
    );
  // WebSockets first, and one after the other: a browser opens one at a time, and holds back those of a page that has
  // many waiting. So each gets its own time, and a busy computer makes the test slower, not blind.
  const openSocket = (path: string, greeting: string | undefined): Promise<void> =>
    new Promise((done) => {
      const socket = new WebSocket(base.replace("http", "ws") + path);
      socket.onopen = () => greeting && socket.send(greeting);
      socket.onmessage = async (event: { data: string | { text(): Promise<string> } }) => {
        see(typeof event.data === "string" ? event.data : await event.data.text());
        socket.close();
      };
      socket.onclose = () => done();
      setTimeout(() => socket.close(), 8000);
    });
  for (const path of live) for (const greeting of [undefined, '{"csrf":"guess"}']) await openSocket(path, greeting);
  const work: Promise<unknown>[] = [];
  for (const { method, path } of routes) {
    const body = method === "GET" ? undefined : "{}";
    work.push(ask(path, { method, body, headers: body ? { "content-type": "application/json" } : {} }));
    work.push(ask(path, { method: method === "GET" ? "GET" : "POST", mode: "no-cors", body }));
    if (method === "GET") {
      const image = new Image();
      work.push(
        new Promise((done) => {
          image.onload = () => done(see(`an image of ${image.naturalWidth} pixels`));
          image.onerror = done;
          setTimeout(done, 4000);
        }),
      );
      image.src = base + path;
    }
  }
  // Forms need no permission at all: their answers go into a frame that cannot be read, but they do arrive.
  for (const { method, path } of routes) {
    if (method === "GET") continue;
    const frame = Object.assign(document.createElement("iframe"), { name: `f${Math.random()}` });
    const form = Object.assign(document.createElement("form"), {
      method: "POST",
      action: base + path,
      enctype: "text/plain",
      target: frame.name,
    });
    document.body.append(frame, form);
    form.submit();
  }
  await Promise.all(work);
  await new Promise((done) => setTimeout(done, 500));
  return seen.join("\n");
}
