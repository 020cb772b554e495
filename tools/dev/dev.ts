// `./mimic dev`: the daemon from its sources, started again on every save, and the browser interface with hot
// reload before it. It has a home of its own (.mimic/dev) unless MIMIC_HOME says otherwise, so a person's machines
// are not in the way of half-written code.
import { type ChildProcess, spawn } from "node:child_process";
import type { ClientRequest, IncomingMessage } from "node:http";
import { createServer, type ProxyOptions } from "vite";
import { at, root, state } from "../setup/places.ts";

const DEV_PORT = process.env.MIMIC_PORT ?? "7719";
const WEB_PORT = 7718;

export async function dev(_args: readonly string[]): Promise<number> {
  const home = process.env.MIMIC_HOME ?? state("dev");
  const env = { ...process.env, MIMIC_HOME: home, MIMIC_PORT: DEV_PORT };
  const daemon = spawn(process.execPath, ["--watch", "--watch-preserve-output", at("apps/daemon/src/main.ts")], {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
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
      "Ctrl-C ends both.",
      "",
    ].join("\n"),
  );
  const code = await untilEnd(daemon);
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

function untilEnd(daemon: ChildProcess): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  daemon.on("close", (code) => resolve(code ?? 1));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.removeAllListeners(signal);
    process.once(signal, () => {
      daemon.kill("SIGTERM");
      resolve(0);
    });
  }
  return promise;
}
