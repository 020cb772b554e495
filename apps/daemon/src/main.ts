// mimicd: the whole wiring, read top to bottom. It owns one installation's data directory, runs machines
// through QEMU, and answers at its doors. It may be killed at any moment: machines go on, and the next
// daemon finds them again.
import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { IdMaker, MimicError, messageOf } from "@mimic/base";
import { reseedProgram, runnerProgram } from "@mimic/images";
import { assembleApart, createImageSources, serveAssembly, serveComparison } from "@mimic/images/node";
import { createQemu, type DiskReader, environmentOf, SysfsUsb } from "@mimic/qemu/node";
import { directoriesFor, layoutOf } from "@mimic/store";
import { openStore, readBootId } from "@mimic/store/node";
import { createWorkbench } from "@mimic/workbench";
import { crashPoints } from "./host/crash-points.ts";
import { findRoot } from "./host/find-root.ts";
import { keepRights } from "./host/keep-rights.ts";
import { openSwitch } from "./host/open-switch.ts";
import { ensureSshKey } from "./host/ssh-key.ts";
import { systemClock as clock, createLog, createSurvey, systemRandom as random } from "./host/system-ports.ts";
import { startDoors } from "./http/doors.ts";
import { VERSION } from "./version.ts";

const DEFAULT_PORT = 7717;
/** With this word the same program is the daemon's helper: it puts one image together and ends. */
const ASSEMBLE = "assemble";
/** With this one it reads the file systems of two disks, in a cage, and ends. */
const COMPARE = "compare";

async function main(): Promise<void> {
  process.umask(0o077);
  keepRights();
  const { env } = process;
  const log = createLog(env.MIMIC_LOG);
  const root = findRoot(env, import.meta.dirname);
  const uid = process.getuid?.() ?? 0;
  const layout = layoutOf(
    directoriesFor({ env, home: homedir(), uid, sha256Hex: (text) => createHash("sha256").update(text).digest("hex") }),
  );
  const ids = new IdMaker(clock, random);
  const startedAt = new Date(clock.nowMs()).toISOString();
  const life = new AbortController();

  const store = await openStore({ layout, uid, clock, ids, log, step: crashPoints(env) });
  const { hypervisor, diskTool, launch, openLanBridges } = createQemu({
    stateDirectory: layout.engineState,
    log,
    clock,
    random,
    environment: environmentOf(env),
    reader: diskReader(root),
    runner: { machine: "x86_64", program: runnerProgram },
  });
  const sources = createImageSources({
    quarantine: () => store.images.quarantine(),
    cacheDirectory: layout.cache,
    contentDirectory: `${root}/content`,
    diskTool,
    log,
    clock,
    environment: env,
    assemble: assembleApart({ program: import.meta.filename, args: [ASSEMBLE], log }),
    installing: { hypervisor, diskTool, ids, runDirectory: (name) => layout.machineRun(name) },
  });
  let browserAddress: string | undefined;
  const fabric = openSwitch({ layout, root, log, launch });
  const workbench = createWorkbench({
    hypervisor,
    diskTool,
    sources,
    images: store.images,
    machines: store.machines,
    networks: store.networks,
    fabric,
    // Another root is for tests: a tree that looks like /sys and /dev.
    hostUsb: new SysfsUsb({ root: env.MIMIC_USB_ROOT ?? "/" }),
    lans: openLanBridges({ folderOf: (port) => layout.machineNet(port), logPath: layout.lanLog }),
    journal: store.journal,
    layers: store.layers,
    moments: store.moments,
    templates: store.templates,
    storages: store.storages,
    random,
    reseedProgram: reseedProgram(),
    survey: createSurvey(layout.data),
    clock,
    ids,
    log,
    authorizedKeys: [await ensureSshKey(`${layout.data}/ssh`, store.files)],
    bootId: await readBootId(),
    about: { version: VERSION, build: await readBuild(root), dataDirectory: layout.data, startedAt, browserAddress: () => browserAddress },
  });
  await workbench.bringBack({ signal: life.signal, recovered: store.recovered });

  const webDirectory = `${root}/apps/web/dist`;
  let ending: Promise<{ stoppedMachines: string[] }> | undefined;
  const end = (options: { machines: boolean }) => {
    ending ??= finish(options);
    return ending;
  };
  const doors = await startDoors({
    workbench,
    log,
    clock,
    random,
    runDirectory: layout.run,
    dataDirectory: layout.data,
    webDirectory: existsSync(`${webDirectory}/index.html`) ? webDirectory : undefined,
    port: readPort(env.MIMIC_PORT),
    version: VERSION,
    shutdown: end,
  });
  browserAddress = doors.address;
  log.info("daemon serves", { address: doors.address, data: layout.data });

  async function finish({ machines }: { machines: boolean }): Promise<{ stoppedMachines: string[] }> {
    const stopped = await workbench.close({ machines, signal: life.signal });
    // The answer to whoever asked goes out first.
    setTimeout(() => void leave(), 50);
    return stopped;
  }
  async function leave(): Promise<void> {
    await doors.close();
    life.abort();
    await store.close();
    log.info("daemon ended");
    process.exit(0);
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end({ machines: false }));
  // The daemon must outlive the terminal that started it.
  process.on("SIGHUP", () => {});
}

/** The built program, because its cage shows it that folder alone. */
const diskReader = (root: string): DiskReader => ({
  argv: [realpathSync(process.execPath), "--max-old-space-size=512", `${root}/.mimic/build/daemon/main.js`, COMPARE],
  reads: [`${root}/.mimic/build/daemon`],
});

/** The launcher's mark on what it built; a newer one beside a running daemon means that it is out of date. */
const readBuild = (root: string): Promise<string | undefined> =>
  readFile(`${root}/.mimic/build/daemon.hash`, "utf8").catch(() => undefined);

function readPort(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new MimicError("daemon.bad_port", `MIMIC_PORT is “${text}”, which is no port number.`, {
    hint: "Use a number from 1024 to 65535, or 0 for any free one.",
  });
}

// A bug in one corner must not take every console and job down with it; it is written down and the daemon goes on.
process.on("unhandledRejection", (error) => {
  process.stderr.write(
    `${JSON.stringify({ level: 50, msg: "unhandled rejection", error: error instanceof Error ? error.stack : String(error) })}\n`,
  );
});

if (process.argv[2] === ASSEMBLE) serveAssembly(clock);
else if (process.argv[2] === COMPARE) await serveComparison(process.argv[3]);
else main().catch(failToStart);

function failToStart(error: unknown): never {
  const problem =
    error instanceof MimicError
      ? { code: error.code, message: error.message, hint: error.hint, detail: error.detail }
      : {
          code: "daemon.bug",
          message: messageOf(error),
          hint: "Please report it.",
          detail: error instanceof Error ? error.stack : undefined,
        };
  // One line that the command line shows to whoever waited for the daemon.
  process.stderr.write(`${JSON.stringify({ level: 60, msg: "daemon could not start", ...problem })}\n`);
  process.exit(1);
}
