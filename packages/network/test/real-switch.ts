// A switch process of its own, and peers at its ports as QEMU is one: they listen, the switch dials.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { silentLog } from "@mimic/base";
import { NetworkPlan, noGuards, type PortPlan } from "@mimic/model";
import { createSwitchFabric } from "../src/node/index.ts";
import type { SwitchFabricOptions } from "../src/node/switch-fabric.ts";
import { macOf } from "./frames.ts";

export const NET = `net_${"0".repeat(26)}`;
export const nicId = (n: number): string => `nic_${String(n).padStart(26, "0")}`;
export const waiting = () => ({ signal: AbortSignal.timeout(20_000) });

const MAIN = join(import.meta.dirname, "../../../apps/switch/src/main.ts");

/** A folder with sockets, short because of the limit of unix paths, and fabrics for it; switches end with it. */
export async function switchHome() {
  const folder = await mkdtemp("/tmp/mn-");
  const pids: number[] = [];
  const options: SwitchFabricOptions = {
    netFolder: join(folder, "net"),
    stateFolder: join(folder, "state"),
    recordPath: join(folder, "switch.json"),
    main: MAIN,
    log: silentLog,
    launch: async (program) => {
      const [node, ...args] = program.argv({ net: program.netFolder, state: program.stateFolder });
      const child = spawn(node as string, args, { detached: true, stdio: ["ignore", "ignore", "inherit"] });
      child.unref();
      pids.push(child.pid as number);
      return child.pid as number;
    },
  };
  await mkdir(options.netFolder, { recursive: true });
  return {
    net: options.netFolder,
    pids,
    fabric: () => createSwitchFabric(options),
    /** Does the same, and is another file. */
    fabricOfAnotherBuild: async () => {
      const main = join(folder, "another-build.ts");
      await writeFile(main, `import ${JSON.stringify(MAIN)};\n`);
      return createSwitchFabric({ ...options, main });
    },
    [Symbol.asyncDispose]: async () => {
      for (const pid of pids) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It is gone already.
        }
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Wish = Partial<Omit<PortPlan, "guards">> & { readonly guards?: Partial<PortPlan["guards"]> };

export const portPlan = (n: number, wish: Wish = {}): PortPlan =>
  ({
    label: `port ${n}`,
    attach: { how: "dial", path: `p${n}.sock` },
    mode: { mode: "access", vlan: 1 },
    isUp: true,
    quality: { up: {}, down: {} },
    ...wish,
    id: wish.id ?? nicId(n),
    // With its own address only, no probes of the loop guard come between the frames.
    mac: wish.mac ?? macOf(n),
    guards: { ...noGuards, mac: true, ...wish.guards },
  }) as PortPlan;

export const networkPlan = (ports: readonly PortPlan[], wish: Partial<NetworkPlan> = {}): NetworkPlan =>
  NetworkPlan.parse({ id: NET, name: "home", ports, ...wish });

/** One end of a cable, in records. */
export class Peer implements AsyncDisposable {
  readonly got: Buffer[] = [];
  /** Counted but not kept, once set. */
  onFrame: ((frame: Buffer) => void) | undefined;
  #server: Server | undefined;
  #socket: Socket | undefined;
  #held: Buffer = Buffer.alloc(0);
  #changed = Promise.withResolvers<void>();
  connections = 0;

  /** Listens as QEMU does with server=on. */
  static async listen(path: string): Promise<Peer> {
    const peer = new Peer();
    await mkdir(dirname(path), { recursive: true });
    peer.#server = createServer((socket) => peer.#use(socket)).listen(path);
    return peer;
  }

  static async dial(path: string): Promise<Peer> {
    const peer = new Peer();
    for (;;) {
      const socket = connect(path);
      const joined = await new Promise<boolean>((resolve) =>
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
      );
      if (joined) {
        peer.#use(socket);
        return peer;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  get socket(): Socket {
    if (this.#socket === undefined) throw new Error("nobody is connected");
    return this.#socket;
  }

  async connected(): Promise<this> {
    while (this.#socket === undefined || this.#socket.destroyed) await this.#next();
    return this;
  }

  /** Waits until `isEnough` of what came; the test's own time limit bounds it. */
  async until(isEnough: (got: readonly Buffer[]) => boolean): Promise<readonly Buffer[]> {
    while (!isEnough(this.got)) await this.#next();
    return this.got;
  }

  send(...frames: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(
      frames.flatMap((frame) => {
        const head = Buffer.alloc(4);
        head.writeUInt32BE(frame.length);
        return [head, frame];
      }),
    );
    this.socket.write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.close();
    this.#socket?.destroy();
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    this.connections++;
    this.#held = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => this.#took(bytes));
    this.#tell();
  }

  #took(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    let at = 0;
    while (this.#held.length - at >= 4) {
      const end = at + 4 + this.#held.readUInt32BE(at);
      if (end > this.#held.length) break;
      const frame = this.#held.subarray(at + 4, end);
      if (this.onFrame) this.onFrame(frame);
      else this.got.push(frame);
      at = end;
    }
    this.#held = this.#held.subarray(at);
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #next(): Promise<void> {
    return this.#changed.promise;
  }
}
