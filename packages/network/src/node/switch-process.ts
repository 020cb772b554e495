// The whole of mimic-switch: networks, their control socket, and an orderly end. apps/switch calls it; tests run it in process.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { GatewayMaker } from "../switch/gateway-port.ts";
import { openControlServer } from "./host/control-server.ts";
import { SwitchHost } from "./host/switch-host.ts";

export interface SwitchProcessOptions {
  /** As this process sees it: sockets of machines in folders, and the control socket. */
  readonly netFolder: string;
  readonly makeGateway?: GatewayMaker | undefined;
  readonly warn: (words: string, facts: Readonly<Record<string, unknown>>) => void;
}

const LOOK_MS = 5000;

export const CONTROL_SOCKET = "control.sock";

/** Resolves when somebody told it to end; disposing the host ends it too. */
export async function runSwitch(options: SwitchProcessOptions): Promise<{ readonly ended: Promise<void> } & AsyncDisposable> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const host: SwitchHost = new SwitchHost({
    netFolder: options.netFolder,
    makeGateway: options.makeGateway,
    warn: options.warn,
    tell: (news) => server?.tell(news),
  });
  const path = join(options.netFolder, CONTROL_SOCKET);
  const server = await openControlServer(path, () => host, resolve);
  // An installation that was deleted leaves nobody who could end us.
  const look = setInterval(() => {
    if (!existsSync(path)) resolve();
  }, LOOK_MS);
  look.unref();
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      clearInterval(look);
      await server[Symbol.asyncDispose]();
      await host.close();
    },
  };
}
