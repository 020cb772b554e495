// A QEMU that runs, as the workbench sees it. Holds one monitor session and one connection per channel;
// letting go of it (`release`) leaves QEMU and its guest undisturbed.
import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { type Clock, type Log, MimicError, messageOf, onAbort, type Waiting } from "@mimic/base";
import { type Isolation, isPc, type NicSpec, type RunRecord } from "@mimic/model";
import type { CommandArguments, QmpSession } from "@mimic/qmp";
import type {
  GuestAgent,
  LiveHardware,
  MachineFiles,
  MachineNews,
  NewLayer,
  PointerMove,
  ReadyDisks,
  RunningMachine,
  SaveWish,
  SerialPort,
} from "@mimic/workbench/ports";
import { SOCKET } from "../argv/channels.ts";
import { notesWrites } from "../capabilities.ts";
import { chordsOf, qcodeOf } from "../keys.ts";
import { exitInWords, type NewsState, quiet, stepNews } from "../news.ts";
import { pointerEvents } from "../pointer.ts";
import { looksLikeTextMode, TEXT_MEMORY, visibleText } from "../text-screen.ts";
import { dropCpuLimit } from "./cpu-limit.ts";
import { layerInNode, prepareLayers, topLayersOf } from "./disk-layers.ts";
import { openLiveHardware } from "./live-hardware.ts";
import type { MediaServers } from "./media.ts";
import { canComeAndGo, cardName, plugNic, setLink, unplugNic } from "./nics.ts";
import { isAlive, killExactly, loadOf, ownMemoryOf } from "./process.ts";
import type { QemuAgent } from "./qemu-agent.ts";
import { QemuLog } from "./qemu-log.ts";
import { takeFile } from "./run-folder.ts";
import { saveState, stopSaving } from "./saved-state.ts";
import { LARGEST_PPM, pictureOf, pngOf, type ScreenPicture } from "./screen-picture.ts";
import type { SerialHub } from "./serial-hub.ts";

export interface RunningParts {
  readonly run: RunRecord;
  readonly isolation: Isolation;
  readonly session: QmpSession;
  readonly files: MachineFiles;
  /** The run directory as QEMU sees it. */
  readonly seen: string;
  /** The machine's net folder as QEMU sees it. */
  readonly seenNet: string;
  readonly serial: readonly SerialHub[];
  readonly shell: SerialHub | undefined;
  readonly agent: QemuAgent | undefined;
  readonly media: MediaServers;
  /** Undefined for one that an earlier daemon started. */
  readonly child: ChildProcess | undefined;
  readonly paused: boolean;
  /** Size of the log when it started: last words come after. */
  readonly logFrom: number;
  readonly clock: Clock;
  readonly log: Log;
}

export class QemuMachine implements RunningMachine {
  readonly #parts: RunningParts;
  readonly live: LiveHardware;
  readonly #listeners = new Set<(news: MachineNews) => void>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #released = new AbortController();
  readonly #log: QemuLog;
  #state: NewsState = quiet;
  #paused: boolean;
  #ending = false;
  /** It stands still and goes on by our own hand, for moments that are not worth telling. */
  #saving = false;
  #seen = 0;
  /** Of its mouse, held now. */
  #buttons = 0;
  /** As it is now: parts come and go. */
  #run: RunRecord;

  constructor(parts: RunningParts) {
    this.#parts = parts;
    this.#log = new QemuLog(parts.files.logDirectory, parts.logFrom);
    this.#run = parts.run;
    this.#paused = parts.paused;
    this.live = openLiveHardware({
      session: parts.session,
      clock: parts.clock,
      displaySocket: () => this.displaySocket,
      run: () => this.#run,
      changed: (hardware, growth) => {
        this.#run = { ...this.#run, hardware, growth };
      },
    });
    void this.#followEvents();
    void this.#followProcess();
    void this.#log.bound({ clock: parts.clock, signal: this.#released.signal });
  }

  get run(): RunRecord {
    return this.#run;
  }
  get isolation(): Isolation {
    return this.#parts.isolation;
  }
  get paused(): boolean {
    return this.#paused;
  }
  get agent(): GuestAgent | undefined {
    return this.#parts.agent;
  }
  get serial(): readonly SerialPort[] {
    return this.#parts.serial;
  }
  get shell(): SerialPort | undefined {
    return this.#parts.shell;
  }
  get displaySocket(): string | undefined {
    return this.run.hardware.display === "none" ? undefined : `${this.#parts.files.runDirectory}/${SOCKET.vnc}`;
  }
  get hasSound(): boolean {
    return this.run.hardware.sound !== "none" && this.run.hardware.display !== "none";
  }

  listen(hear: (news: MachineNews) => void): Disposable {
    this.#listeners.add(hear);
    return { [Symbol.dispose]: () => void this.#listeners.delete(hear) };
  }

  async pressPowerButton(options: Waiting): Promise<void> {
    // The agent shuts down even where nobody listens to the button; the button works where no agent runs.
    this.#parts.agent?.askToShutDown();
    await this.#parts.session.execute("system_powerdown", {}, options);
  }
  async pause(options: Waiting): Promise<void> {
    await this.#parts.session.execute("stop", {}, options);
  }
  async resume(options: Waiting): Promise<void> {
    await this.#parts.session.execute("cont", {}, options);
  }
  async reset(options: Waiting): Promise<void> {
    await this.#parts.session.execute("system_reset", {}, options);
  }

  async end(options: Waiting): Promise<void> {
    this.#ending = true;
    const { session, clock, run } = this.#parts;
    // `quit` lets QEMU write its disk tables; a QEMU that does not answer is killed.
    const asked = session.execute("quit", {}, { signal: AbortSignal.any([options.signal, this.#released.signal]) }).catch(() => {});
    await Promise.race([asked, this.#gone.promise, clock.sleep(1000, options)]);
    await Promise.race([this.#gone.promise, clock.sleep(1500, options)]);
    await killExactly(run.pid, run.startTicks);
    using _ = onAbort(options.signal, () => this.#gone.reject(options.signal.reason));
    await this.#gone.promise;
  }

  async screenshot(options: Waiting): Promise<Uint8Array> {
    if (this.run.hardware.display === "none")
      throw new MimicError("screen.none", "This machine has no screen.", {
        hint: "Give it a graphics card in its hardware, then restart it.",
      });
    return await pngOf(await this.#screen(options));
  }

  async screenText(options: Waiting): Promise<string | undefined> {
    if (this.run.hardware.display === "none" || !looksLikeTextMode(await this.#screen(options))) return undefined;
    const { at, bytes } = TEXT_MEMORY;
    return visibleText(await this.#written("pmemsave", (filename) => ({ val: at, size: bytes, filename }), bytes, options));
  }

  async #screen(options: Waiting): Promise<ScreenPicture> {
    return pictureOf(await this.#written("screendump", (filename) => ({ filename, format: "ppm" }), LARGEST_PPM, options));
  }

  /** What QEMU writes to a file for us, taken away again; also what it had written when the disk got full. */
  async #written<C extends "screendump" | "pmemsave">(
    command: C,
    wish: (filename: string) => CommandArguments[C],
    maxBytes: number,
    options: Waiting,
  ): Promise<Uint8Array> {
    const { session, seen, files } = this.#parts;
    const name = `seen${this.#seen++}`;
    await session.execute(command, wish(`${seen}/${name}`), options).catch(async (error: unknown) => {
      await rm(`${files.runDirectory}/${name}`, { force: true });
      if (!/No space left/.test(messageOf(error))) throw error;
      throw new MimicError("disk.full", "This computer's disk is full, so the screen could not be read.", {
        hint: "Make room and try again.",
        cause: error,
      });
    });
    return await takeFile(`${files.runDirectory}/${name}`, maxBytes);
  }

  async press(chords: readonly (readonly string[])[], options: Waiting): Promise<void> {
    const known = chords.map((chord) => chord.map(qcodeOf));
    for (const chord of known) await this.#chord(chord, options);
  }

  async type(text: string, options: Waiting): Promise<void> {
    for (const chord of chordsOf(text)) await this.#chord(chord, options);
  }

  async point(move: PointerMove, options: Waiting): Promise<void> {
    const events = pointerEvents(move, this.#buttons);
    this.#buttons = move.buttons ?? this.#buttons;
    if (events.length > 0) await this.#parts.session.execute("input-send-event", { events }, options);
  }

  async changeMedium(slot: string, path: string | undefined, options: Waiting): Promise<void> {
    if (!this.run.hardware.drives.some((drive) => drive.slot === slot))
      throw new MimicError("machine.no_drive", `This machine has no drive “${slot}”.`, {
        hint: "Its drives are listed with its hardware.",
      });
    await this.#parts.media.change(this.#parts.session, slot, path, options);
  }

  async plugNic(nic: NicSpec, options: Waiting): Promise<"now" | "nextStart"> {
    const { session, seenNet } = this.#parts;
    const { hardware } = this.run;
    if (hardware.nics.some(({ id }) => id === nic.id)) return "now";
    if (!(await plugNic(session, { board: hardware.board, nic, netFolder: seenNet }, options))) return "nextStart";
    this.#setNics([...hardware.nics, nic]);
    return "now";
  }
  async unplugNic(nicId: string, options: Waiting): Promise<"now" | "nextStart"> {
    const nic = this.run.hardware.nics.find(({ id }) => id === nicId);
    if (nic === undefined) return "now";
    if (!canComeAndGo(nic) || !isPc(this.run.hardware)) return "nextStart";
    await unplugNic(this.#parts.session, nic, options);
    this.#setNics(this.run.hardware.nics.filter(({ id }) => id !== nicId));
    return "now";
  }
  async setLink(nicId: string, up: boolean, options: Waiting): Promise<void> {
    await setLink(this.#parts.session, cardName(this.run.hardware, nicId), up, options);
  }
  #setNics(nics: NicSpec[]): void {
    this.#run = { ...this.#run, hardware: { ...this.#run.hardware, nics } };
  }

  async usage(options: Waiting): Promise<Awaited<ReturnType<RunningMachine["usage"]>>> {
    const { session, run } = this.#parts;
    const [load, stats] = await Promise.all([loadOf(run.pid), session.execute("query-blockstats", {}, options)]);
    const sum = (key: "rd_bytes" | "wr_bytes"): number => stats.reduce((total, device) => total + device.stats[key], 0);
    return { ...load, diskReadBytes: sum("rd_bytes"), diskWriteBytes: sum("wr_bytes") };
  }

  ownMemory(): Promise<number | undefined> {
    return ownMemoryOf(this.#parts.run.pid);
  }

  async save(wish: SaveWish, options: Waiting): Promise<{ readonly pausedMs: number; readonly bytes: number }> {
    const { session, clock, run } = this.#parts;
    const layers = Promise.resolve(wish.layers).then((all) => prepareLayers(session, run.hardware, all, options));
    layers.catch(() => {});
    // A pause waits for nothing.
    if (wish.live) await layers;
    const goOn = wish.goOn && !this.#paused;
    this.#saving = goOn;
    try {
      return await saveState(session, wish.statePath, {
        ...options,
        clock,
        live: wish.live && !this.#paused && (notesWrites(run) ? "many rounds" : "one round"),
        goOn,
        whenWritten: wish.whenWritten,
        atPause: async () => {
          await wish.atPause?.();
          await (await layers).switch();
        },
      });
    } catch (error) {
      const ready = await layers.catch(() => undefined);
      await ready?.forget();
      throw error;
    } finally {
      this.#saving = false;
    }
  }

  async stopSaving({ goOn }: { readonly goOn: boolean }, options: Waiting): Promise<void> {
    await stopSaving(this.#parts.session, { ...options, clock: this.#parts.clock, goOn });
  }

  async layDisks(layers: readonly NewLayer[], options: Waiting): Promise<{ readonly pausedMs: number }> {
    const { clock } = this.#parts;
    const ready = await this.readyDisks(layers, options);
    const from = clock.monotonicMs();
    try {
      await ready.lay();
    } catch (error) {
      await ready.forget();
      throw error;
    }
    return { pausedMs: clock.monotonicMs() - from };
  }

  async readyDisks(layers: readonly NewLayer[], options: Waiting): Promise<ReadyDisks> {
    const prepared = await prepareLayers(this.#parts.session, this.run.hardware, layers, options);
    return { lay: () => prepared.switch(), forget: () => prepared.forget() };
  }

  async topLayers(options: Waiting): Promise<Readonly<Record<string, string | undefined>>> {
    return await topLayersOf(this.#parts.session, this.run.hardware, layerInNode, options);
  }

  async release(): Promise<void> {
    this.#listeners.clear();
    this.#letGo();
    this.#log[Symbol.dispose]();
    this.#parts.child?.unref();
  }

  #letGo(): void {
    this.#released.abort();
    const { session, serial, shell, agent } = this.#parts;
    session.close();
    for (const port of serial) port[Symbol.dispose]();
    shell?.[Symbol.dispose]();
    agent?.close();
  }

  #tell(news: MachineNews): void {
    for (const hear of this.#listeners) {
      try {
        hear(news);
      } catch (error) {
        this.#parts.log.error("a listener for machine news failed", { error: messageOf(error) });
      }
    }
  }

  /** Keys down in order, up in reverse; slow enough for a guest's 16-byte keyboard queue. */
  async #chord(chord: readonly string[], options: Waiting): Promise<void> {
    const { session, clock } = this.#parts;
    const events = (keys: readonly string[], down: boolean) =>
      keys.map((data) => ({ type: "key" as const, data: { down, key: { type: "qcode" as const, data } } }));
    await session.execute("input-send-event", { events: events(chord, true) }, options);
    await clock.sleep(15, options).finally(() =>
      // Whatever happens: no key stays down.
      session.execute("input-send-event", { events: events(chord.toReversed(), false) }, { signal: this.#released.signal }),
    );
    await clock.sleep(15, options);
  }

  async #followEvents(): Promise<void> {
    using events = this.#parts.session.listen(undefined, 1024);
    for await (const event of events) {
      if (event.kind !== "event") {
        this.#parts.log.warn("events of QEMU were lost", { dropped: event.dropped });
        continue;
      }
      const { next, news } = stepNews(this.#state, event);
      this.#state = next;
      if (news === undefined) continue;
      if (news.kind === "paused") this.#paused = true;
      if (news.kind === "resumed") this.#paused = false;
      if (news.kind === "reset") this.#parts.agent?.guestWasReset();
      const isOurs = this.#saving && (news.kind === "resumed" || (news.kind === "paused" && news.why === "asked"));
      if (!isOurs) this.#tell(news);
    }
  }

  async #followProcess(): Promise<void> {
    const { session, child, run, clock } = this.#parts;
    const { signal } = this.#released;
    const exited = child && new Promise<void>((resolve) => child.once("exit", () => resolve()));
    await Promise.race(exited ? [session.closed, exited] : [session.closed]);
    // The monitor closes a little before the process is gone; a wrapper that was killed does not mean QEMU was.
    for (let wait = 5; await isAlive(run.pid, run.startTicks); wait = Math.min(250, wait * 1.5)) {
      if (signal.aborted) return;
      await clock.sleep(wait, { signal }).catch(() => {});
    }
    if (signal.aborted) return;
    // The wrapper learns the status a moment after its program ended.
    if (exited) await Promise.race([exited, clock.sleep(500, { signal }).catch(() => {})]);
    this.#letGo();
    await this.#parts.media.end();
    await dropCpuLimit(run);
    const expected = this.#ending || this.#state.shuttingDown;
    const why = this.#ending
      ? "ended by you"
      : this.#state.shuttingDown
        ? "its system shut down"
        : exitInWords(child?.exitCode, child?.signalCode);
    this.#tell({ kind: "exited", expected, why, lastWords: this.#log.lastWords() });
    this.#log[Symbol.dispose]();
    this.#listeners.clear();
    this.#gone.resolve();
  }
}
