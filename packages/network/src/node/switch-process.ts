// The whole of mimic-switch: networks, their control socket, and an orderly end. apps/switch calls it; tests run it in process.
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
  const server = await openControlServer(join(options.netFolder, CONTROL_SOCKET), () => host, resolve);
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await host.close();
    },
  };
}
