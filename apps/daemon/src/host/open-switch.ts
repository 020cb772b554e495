// The switch process of this installation: started in a cage when it is first needed, found again by the next daemon.
import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "@mimic/base";
import { createSwitchFabric } from "@mimic/network/node";
import type { Helper } from "@mimic/qemu/node";
import type { Layout } from "@mimic/store";
import type { SwitchFabric } from "@mimic/workbench";

export interface SwitchNeeds {
  readonly layout: Layout;
  readonly root: string;
  readonly log: Log;
  readonly launch: (helper: Helper) => Promise<number>;
}

/** How this computer finds names; the gateway's DNS asks in the same way. */
const RESOLVER = ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"];

export function openSwitch({ layout, root, log, launch }: SwitchNeeds): SwitchFabric {
  const main = `${root}/.mimic/build/switch/main.js`;
  return createSwitchFabric({
    netFolder: layout.net,
    stateFolder: layout.switchState,
    recordPath: layout.switchRecord,
    main,
    nodePath: realpathSync(process.execPath),
    log,
    launch: async ({ argv, netFolder, stateFolder }) =>
      await launch({
        argv: ({ folder, state }) => argv({ net: folder, state }),
        folder: netFolder,
        state: stateFolder,
        // A resolver file is often a link into another folder.
        reads: [dirname(main), ...RESOLVER.filter((path) => existsSync(path)).map((path) => path)],
        logPath: layout.switchLog,
      }),
  });
}
