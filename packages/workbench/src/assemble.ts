// Puts the verbs onto the ports, brings back what an earlier daemon left, and hands out the workbench.
import { isRefusal } from "@mimic/base";
import type { HostView } from "@mimic/model";
import { type Context, findRunning, nowIso, type Ports } from "./context.ts";
import { compactDisk } from "./disks/compact-disk.ts";
import { flattenDisk } from "./disks/flatten-disk.ts";
import { moveDisk } from "./disks/move-disk.ts";
import { cutOffMoves } from "./disks/settle-moves.ts";
import { Pool } from "./disposables/pool.ts";
import { discardDisposable, keepDisposable, runDisposable } from "./disposables/run-disposable.ts";
import { EventLog } from "./events.ts";
import * as images from "./images/image-verbs.ts";
import { JobBoard } from "./jobs/job-board.ts";
import { changeMachine } from "./machines/change-machine.ts";
import { changeMedium } from "./machines/change-medium.ts";
import { cloneMachine } from "./machines/clone-machine.ts";
import { createMachine, newActor } from "./machines/create-machine.ts";
import { hostUsb, lendUsb, takeBackUsb } from "./machines/lend-usb.ts";
import * as machines from "./machines/machine-verbs.ts";
import { bringDown, powerVerb, restartMachine, startMachine, stopMachine } from "./machines/power-verbs.ts";
import { runTimetable } from "./machines/run-timetable.ts";
import * as trash from "./machines/trash-verbs.ts";
import { tryOut } from "./machines/try-out.ts";
import { afterAbsence } from "./moments/after-absence.ts";
import { compareMoments } from "./moments/compare-moments.ts";
import { letGoAfterAbsence } from "./moments/hold-still.ts";
import { LayerWork } from "./moments/layer-work.ts";
import { sweepLayers } from "./moments/layers.ts";
import { listMoments, momentPicture } from "./moments/moment-board.ts";
import * as moments from "./moments/moment-verbs.ts";
import { restoreMoment } from "./moments/restore-moment.ts";
import { RoutineKeeper } from "./moments/routine-keeper.ts";
import { changeRoutine } from "./moments/routine-verbs.ts";
import { settleRestore } from "./moments/settle-restore.ts";
import { takeMoment } from "./moments/take-moment.ts";
import { undoTogether } from "./moments/take-together.ts";
import { restoreTogether, takeTogether } from "./moments/together-verbs.ts";
import { networkVerbs } from "./networks/assemble-networks.ts";
import { lanView } from "./networks/lan.ts";
import { NetworkBook } from "./networks/network-book.ts";
import { addNic, changeNic, removeNic } from "./networks/nic-verbs.ts";
import { bringNetworksBack, pluggedMachines } from "./networks/plug-in.ts";
import { addStorage, listStorages, removeStorage, tidyStorages } from "./storages/storage-verbs.ts";
import { createFromTemplate } from "./templates/create-from-template.ts";
import { renewMachine } from "./templates/follow.ts";
import { makeTemplate } from "./templates/make-template.ts";
import { templateVerification } from "./templates/template-seals.ts";
import * as templates from "./templates/template-verbs.ts";
import { verifyTemplate } from "./templates/verify-template.ts";
import { fellBackInWords, findingOfStart, findingsOfRecords } from "./unreadable.ts";
import type { Workbench } from "./workbench.ts";

/** Names of additions that clients can test for. */
const FEATURES = [
  "templates",
  "disposables",
  "moments",
  "machines",
  "images",
  "systems",
  "jobs",
  "events",
  "trash",
  "networks",
  "storages",
  "lan",
  "display",
  "sound",
  "serial",
  "shell",
  "exec",
  "files",
];

const ENGINE_PATIENCE_MS = 300;

export interface AssembledWorkbench extends Workbench {
  /** Finds the machines that went on without us. Serve nothing before it has resolved. */
  bringBack(options: { signal: AbortSignal; recovered: readonly string[] }): Promise<void>;
}

export function createWorkbench(ports: Ports): AssembledWorkbench {
  const events = new EventLog(ports.clock);
  const jobs = new JobBoard({ ...ports, events });
  const actors: Context["actors"] = new Map();
  const networks = new NetworkBook({ ...ports, store: ports.networks, events, machines: () => pluggedMachines(actors) });
  const pool = new Pool();
  const routines = new RoutineKeeper();
  const context: Context = {
    ports,
    events,
    jobs,
    actors,
    networks,
    reserved: new Set(),
    acquiring: new Map(),
    templates: new Map(),
    making: new Map(),
    pool,
    routines,
    wakeFrom: new Map(),
    layerWork: new LayerWork(),
    unread: [],
    recovered: [],
    makingTemplates: 0,
    templateTurn: Promise.resolve(),
    closing: false,
  };
  pool.attach(context);
  routines.attach(context);
  return {
    host: {
      show: () => showHost(context),
      diagnose: () => diagnose(context),
      lan: async () => lanView(await ports.lans.look()),
      usb: () => hostUsb(context),
    },
    machines: {
      list: () => machines.listMachines(context),
      create: async (input) =>
        input.template === undefined ? createMachine(context, input) : createFromTemplate(context, { ...input, template: input.template }),
      show: (input) => machines.showMachine(context, input),
      change: (input) => changeMachine(context, input),
      remove: (input) => trash.removeMachine(context, input),
      clone: async (input) => cloneMachine(context, input),
      renew: async (input) => renewMachine(context, input),
      start: (input) => startMachine(context, input),
      stop: (input) => stopMachine(context, input),
      restart: (input) => restartMachine(context, input),
      kill: (input) => powerVerb(context, "kill", input),
      pause: (input) => powerVerb(context, "pause", input),
      resume: (input) => powerVerb(context, "resume", input),
      reset: (input) => powerVerb(context, "reset", input),
      press: (input) => machines.pressKeys(context, input),
      type: (input) => machines.typeText(context, input),
      changeMedium: (input) => changeMedium(context, input),
      lendUsb: (input) => lendUsb(context, input),
      takeBackUsb: (input) => takeBackUsb(context, input),
      tryOut: (input) => tryOut(context, input),
      compactDisk: (input) => compactDisk(context, input),
      moveDisk: (input) => moveDisk(context, input),
      flattenDisk: (input) => flattenDisk(context, input),
      timetable: async (input) => runTimetable(context, input),
      explain: (input) => machines.explainMachine(context, input),
      hardware: async (input) => machines.machineHardware(context, input),
      story: (input) => machines.machineStory(context, input),
      log: (input) => machines.machineLog(context, input),
      load: async (input) => machines.machineLoad(context, input),
      guest: (input) => machines.describeGuest(context, input),
      ping: (input) => machines.pingGuest(context, input),
      addNic: (input) => addNic(context, input),
      changeNic: (input) => changeNic(context, input),
      removeNic: (input) => removeNic(context, input),
    },
    networks: networkVerbs(context),
    templates: {
      list: () => templates.listTemplates(context),
      show: (input) => templates.showTemplate(context, input),
      make: async (input) => makeTemplate(context, input),
      change: (input) => templates.changeTemplate(context, input),
      remove: (input) => templates.removeTemplate(context, input),
      verify: async (input) => verifyTemplate(context, input),
      verification: (input) => templateVerification(context, input),
      removeGeneration: (input) => templates.removeGeneration(context, input),
    },
    moments: {
      list: (input) => listMoments(context, input),
      take: async (input) => takeMoment(context, input),
      restore: (input) => restoreMoment(context, input),
      change: (input) => moments.changeMoment(context, input),
      remove: (input) => moments.removeMoment(context, input),
      compare: (input) => compareMoments(context, input),
      routine: (input) => changeRoutine(context, input),
      takeTogether: async (input) => takeTogether(context, input),
      restoreTogether: (input) => restoreTogether(context, input),
      suspend: async (input) => moments.suspendMachine(context, input),
      picture: (input) => momentPicture(context, input),
    },
    disposables: {
      run: async ({ withinMs, ...wish }) => {
        const started = await runDisposable(context, wish);
        if (isRefusal(started) || !withinMs) return started;
        const job = await jobs.wait(started.job.id, withinMs);
        return isRefusal(job) ? job : { job };
      },
      keep: (input) => keepDisposable(context, input),
      discard: async (input) => discardDisposable(context, input),
    },
    storages: {
      list: () => listStorages(context),
      add: (input) => addStorage(context, input),
      remove: (input) => removeStorage(context, input),
    },
    images: {
      list: () => images.listImages(context),
      show: (input) => images.showImage(context, input),
      pull: (input) => images.pullImage(context, input),
      import: async (input) => images.importImage(context, input),
      upload: async (input) => images.uploadImage(context, input),
      verify: async (input) => images.verifyImage(context, input),
      remove: (input) => images.removeImage(context, input),
    },
    systems: {
      list: async () => images.listSystems(context),
      show: async (input) => images.showSystem(context, input),
    },
    jobs: {
      list: async () => ({ jobs: jobs.list() }),
      show: async ({ job }) => jobs.get(job),
      wait: ({ job, withinMs }) => jobs.wait(job, withinMs),
      cancel: ({ job }) => jobs.cancel(job),
    },
    trash: {
      list: () => trash.listTrash(context),
      restore: (input) => trash.restoreMachine(context, input),
      remove: (input) => trash.forgetMachine(context, input),
      empty: () => trash.emptyTrash(context),
    },
    events,
    running: (machine) => findRunning(context, machine),
    bringBack: (options) => bringBack(context, options),
    close: (options) => close(context, options),
  };
}

async function bringBack(context: Context, { signal, recovered }: { signal: AbortSignal; recovered: readonly string[] }): Promise<void> {
  const { ports, events } = context;
  const { machines: stored, unreadable } = await ports.machines.load();
  const lostNetworks = await context.networks.load();
  const kept = await ports.templates.load();
  for (const template of kept.templates) context.templates.set(template.id, template);
  context.unread = [
    ...unreadable.map((one) => ({ ...one, noun: "machine" as const })),
    ...kept.unreadable.map((one) => ({ ...one, noun: "template" as const })),
    ...lostNetworks.map((one) => ({ ...one, noun: "network" as const })),
  ];
  context.recovered = recovered;
  // A folder that cannot be read may be that of a machine which runs: then nobody may be taken for a stray.
  if (unreadable.length === 0) await ports.hypervisor.sweep(new Set(stored.flatMap(({ run }) => (run ? [run.cookie] : []))), { signal });
  const moves = cutOffMoves(await ports.journal.open());
  await Promise.all(
    stored.map(async ({ record, run, lastPower, fellBack }) => {
      if (fellBack) await ports.machines.tell(record.id, nowIso(context), fellBackInWords(fellBack));
      const actor = newActor(context, record, lastPower);
      if (run) await actor.adopt(run, { signal, bootId: ports.bootId });
      await afterAbsence(context, actor, { signal, moves });
    }),
  );
  await bringNetworksBack(context, { signal, isWhole: lostNetworks.length === 0 });
  for (const words of recovered) events.publish({ kind: "host.noticed", words });
  for (const { noun, folder, why } of context.unread) {
    ports.log.error("record cannot be read", { noun, folder, why });
    events.publish({ kind: "host.noticed", words: `A ${noun}’s folder cannot be read and was left alone: ${folder} (${why}).` });
  }
  for (const { id, entry } of await ports.journal.open()) {
    const parts = entry.op === "moment.take" ? [entry] : entry.op === "moment.together" ? entry.moments : [];
    for (const { machineId, ran } of parts) await letGoAfterAbsence(context, machineId, ran === true, { signal });
    if (entry.op === "moment.together") await undoTogether(context, entry.moments);
    if (entry.op === "moment.restore") await settleRestore(context, entry);
    await ports.journal.close(id);
  }
  await tidyStorages(context);
  await sweepLayers(context);
  context.pool.fill();
  context.routines.look();
}

async function close(
  context: Context,
  { machines: stopThem, signal }: { machines: boolean; signal: AbortSignal },
): Promise<{ stoppedMachines: string[] }> {
  const stoppedMachines: string[] = [];
  context.closing = true;
  context.layerWork.close();
  const routinesEnd = context.routines.close();
  await context.jobs.close();
  await routinesEnd;
  await context.pool.close();
  if (stopThem) {
    await Promise.all(
      [...context.actors.values()]
        .filter((actor) => actor.running)
        .map(async (actor) => {
          // Everybody is asked; who does not listen for half a minute is ended, as the person asked for all.
          const down = await bringDown(actor, { graceMs: 30_000, thenKill: true }, { signal, report: () => {} });
          if (!isRefusal(down)) stoppedMachines.push(actor.record.name);
        }),
    );
  }
  context.networks.close();
  await Promise.all([...context.actors.values()].map((actor) => actor.release()));
  await context.ports.lans.close({ end: stopThem });
  await context.ports.fabric.close({ end: stopThem });
  return { stoppedMachines };
}

async function showHost(context: Context): Promise<HostView> {
  const { ports, events } = context;
  // Measuring the engine takes seconds the first time; who asks about this computer does not wait for it.
  const late = new AbortController();
  const engineSoon = Promise.race([
    ports.hypervisor.facts({ signal: AbortSignal.timeout(20_000) }).catch(() => undefined),
    ports.clock.sleep(ENGINE_PATIENCE_MS, { signal: late.signal }).then(
      () => undefined,
      () => undefined,
    ),
  ]);
  const [room, engine] = await Promise.all([ports.survey.survey(), engineSoon]);
  late.abort();
  return {
    version: ports.about.version,
    build: ports.about.build,
    features: FEATURES,
    hostname: room.hostname,
    cpus: room.cpus,
    memoryBytes: room.memoryBytes,
    memoryFreeBytes: room.memoryFreeBytes,
    diskFreeBytes: room.diskFreeBytes,
    load1: room.load1,
    qemuVersion: engine?.version,
    accelerator: engine?.accelerator,
    browserAddress: ports.about.browserAddress(),
    dataDirectory: ports.about.dataDirectory,
    startedAt: ports.about.startedAt,
    eventSeq: events.seq,
  };
}

async function diagnose(context: Context) {
  const { ports } = context;
  const options = { signal: AbortSignal.timeout(60_000) };
  const findings = [
    ...(await ports.hypervisor.diagnose(options)),
    await ports.fabric.diagnose(options),
    ...findingsOfRecords(context.unread),
    ...findingOfStart(context.recovered),
  ];
  const facts = await ports.hypervisor.facts(options).catch(() => undefined);
  const bestGrade = !facts
    ? "D"
    : facts.accelerator === "tcg"
      ? facts.confinement.works
        ? "C"
        : "D"
      : facts.confinement.works
        ? "A"
        : "B";
  return { checkedAt: new Date(ports.clock.nowMs()).toISOString(), bestGrade: bestGrade as "A" | "B" | "C" | "D", findings };
}
