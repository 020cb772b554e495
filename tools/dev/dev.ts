// `./mimic dev`: the daemon from its sources, started again on every save, and the browser interface with hot
// reload before it. It has a home of its own (.mimic/dev) unless MIMIC_HOME says otherwise, so a person's machines
// are not in the way of half-written code. MIMIC_PORT and MIMIC_WEB_PORT are for a second one beside it.
import { type ChildProcess, spawn } from "node:child_process";
import type { ClientRequest, IncomingMessage } from "node:http";
import { createClient, type Send } from "@mimic/api/client";
import { createServer, type ProxyOptions } from "vite";
import { leanRequest } from "../../apps/cli/src/lean-http.ts";
import { findPaths } from "../../apps/cli/src/paths.ts";
import { at, root, state } from "../setup/places.ts";

const DEV_PORT = process.env.MIMIC_PORT ?? "7719";
const WEB_PORT = Number(process.env.MIMIC_WEB_PORT ?? "7718");

export async function dev(_args: readonly string[]): Promise<number> {
  const home = process.env.MIMIC_HOME ?? state("dev");
  const env = { ...process.env, MIMIC_HOME: home, MIMIC_PORT: DEV_PORT };
  const daemon = spawn(process.execPath, ["--watch", "--watch-preserve-output", at("apps/daemon/src/main.ts")], {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    // A Ctrl-C is for this process, which ends the rest in order.
    detached: true,
  });
  process.env.MIMIC_PORT = DEV_PORT;
  const web = await createServer({
    root: at("apps/web"),
    configFile: at("apps/web/vite.config.ts"),
    server: {
      host: "127.0.0.1",
      port: WEB_PORT,
      strictPort: true,
      proxy: { "/api": { target: `http://127.0.0.1:${DEV_PORT}`, ws: true, changeOrigin: true, configure: passAsOwn } },
    },
  });
  await web.listen();
  process.stdout.write(
    [
      "",
      `Browser interface with hot reload: http://127.0.0.1:${WEB_PORT}`,
      `Daemon from source, home ${home}`,
      `The command line beside it: MIMIC_HOME=${home} ./mimic …   (“open” gives a one-time code for the browser)`,
      "Ctrl-C ends both; machines that run go on.",
      "",
    ].join("\n"),
  );
  const code = await untilEnd(daemon, () => endSwitchOfNobody(env));
  await web.close();
  return code;
}

/**
 * The daemon takes requests from pages of its own origin only. Requests of the page that Vite serves are passed on
 * as its own; what comes from any other page keeps its Origin, and the daemon refuses it as always.
 */
const passAsOwn: ProxyOptions["configure"] = (proxy) => {
  const own = [`http://127.0.0.1:${WEB_PORT}`, `http://localhost:${WEB_PORT}`];
  const pass = (outgoing: ClientRequest, incoming: IncomingMessage): void => {
    if (own.includes(incoming.headers.origin ?? "")) outgoing.setHeader("origin", `http://127.0.0.1:${DEV_PORT}`);
  };
  proxy.on("proxyReq", pass);
  proxy.on("proxyReqWs", pass);
};

/** A switch outlives daemons, for the machines that run. Where none does it would be left for nobody, so it ends with its daemon. */
async function endSwitchOfNobody(env: NodeJS.ProcessEnv): Promise<void> {
  const { socket } = findPaths(env, process.getuid?.() ?? 0);
  const signal = AbortSignal.timeout(5000);
  const send: Send = async ({ method, path, body }) => {
    const { status, text } = await leanRequest({
      socket,
      method,
      path,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status, body: text === "" ? undefined : JSON.parse(text) };
  };
  const { machines, daemon } = createClient(send);
  const some = (await machines.list({})).machines.some(({ power }) => power !== "stopped" && power !== "failed");
  if (!some) await daemon.shutdown({ machines: true });
}

function untilEnd(daemon: ChildProcess, before: () => Promise<void>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let wasAsked = false;
  daemon.on("close", (code) => resolve(wasAsked ? 0 : (code ?? 1)));
  const end = async (): Promise<void> => {
    wasAsked = true;
    // A daemon that is being written may not answer: then it is ended all the same.
    await before().catch(() => {});
    daemon.kill("SIGTERM");
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.removeAllListeners(signal);
    process.once(signal, () => void end());
  }
  return promise;
}
