// The few calls into the C library that Node has no words for: memory that nobody can change any more (memfd with
// seals), handing an open file to another process over a unix socket (SCM_RIGHTS), buffers of sockets, and network
// interfaces (ioctl). By Node's own `node:ffi`; where this Node has none, `libc()` is undefined and callers say what is lost. See docs/decisions/0021-node-ffi.md.
import { closeSync } from "node:fs";
import type { Socket } from "node:net";

type Call = (...args: readonly (number | bigint | string)[]) => number | bigint;
interface Ffi {
  dlopen(path: null, definitions: Readonly<Record<string, object>>): { readonly functions: Readonly<Record<string, Call>> };
  getRawPointer(buffer: Uint8Array): bigint;
}

export interface Libc {
  /** An anonymous file in memory, 0777 so that QEMU's user may open it again; the caller closes it. memfd_create(2). */
  memoryFile(name: string): number;
  /** From now on nobody can write it, grow it, shrink it or undo this. fcntl(2), F_ADD_SEALS. */
  seal(fd: number): void;
  /** Sends bytes and, with their first, an open file. The bytes must fit into the socket's buffer. unix(7), SCM_RIGHTS. */
  sendDescriptor(socket: Socket, bytes: Uint8Array, fd: number): void;
  /** False = the kernel refused. `argument` is memory of its own (`allocUnsafeSlow`) and may be changed. ioctl(2). */
  ioctl(fd: number, request: number, argument: Uint8Array): boolean;
  /** What this thread may do, the programs that it starts may no longer. prctl(2), PR_CAP_AMBIENT. */
  keepRightsFromChildren(): void;
  /** Runs `start`; programs that it starts (at once, not later) get their memory in small pages only. prctl(2), PR_SET_THP_DISABLE. */
  withSmallPages<T>(start: () => T): T;
  /**
   * How much a socket takes in before its peer has read it, at most twice net.core.wmem_max; larger wishes are cut to that.
   * Does nothing to one that is closed. setsockopt(2), SO_SNDBUF.
   */
  setSendBuffer(fd: number, bytes: number): void;
  /** To ask the kernel about interfaces; the caller closes it. socket(2). */
  datagramSocket(): number;
}

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, SHRINK, GROW, WRITE */
const ALL_SEALS = 1 | 2 | 4 | 8;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4n;
const PR_SET_THP_DISABLE = 41;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2_000_000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SO_SNDBUF = 7;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

let known: Libc | null | undefined;

/** Undefined where this Node cannot call into the C library (older than 26, or switched off). */
export function libc(): Libc | undefined {
  known ??= openLibc() ?? null;
  return known ?? undefined;
}

function openLibc(): Libc | undefined {
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return undefined;
  const ffi = quietly(() => process.getBuiltinModule("node:ffi" as never)) as Ffi | undefined;
  if (ffi === undefined) return undefined;
  try {
    const { functions } = ffi.dlopen(null, {
      memfd_create: signature(["string", "u32"], "i32"),
      fcntl: signature(["i32", "i32", "i32"], "i32"),
      sendmsg: signature(["i32", "pointer", "i32"], "i64"),
      ioctl: signature(["i32", "u32", "pointer"], "i32"),
      prctl: signature(["i32", "u64", "u64", "u64", "u64"], "i32"),
      socket: signature(["i32", "i32", "i32"], "i32"),
      setsockopt: signature(["i32", "i32", "i32", "pointer", "u32"], "i32"),
    });
    return {
      memoryFile(name) {
        const fd = Number(functions.memfd_create?.(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (!(fd > 2)) throw new Error("memfd_create failed");
        return fd;
      },
      seal(fd) {
        if (Number(functions.fcntl?.(fd, F_ADD_SEALS, ALL_SEALS)) !== 0) throw new Error("memory could not be sealed");
      },
      sendDescriptor(socket, bytes, fd) {
        const handle = (socket as unknown as { readonly _handle?: { readonly fd?: number; readonly writeQueueSize?: number } })._handle;
        if (handle?.fd === undefined || handle.fd < 0) throw new Error("the socket is closed");
        if (socket.writableLength > 0 || (handle.writeQueueSize ?? 0) > 0) throw new Error("the socket is busy");
        const message = descriptorMessage((buffer) => ffi.getRawPointer(buffer), bytes, fd);
        const sent = Number(functions.sendmsg?.(handle.fd, ffi.getRawPointer(message.header), MSG_DONTWAIT | MSG_NOSIGNAL));
        if (sent !== bytes.length || message.keep.length === 0) throw new Error(`a descriptor could not be sent (${sent})`);
      },
      ioctl: (fd, request, argument) => Number(functions.ioctl?.(fd, request, ffi.getRawPointer(argument))) === 0,
      keepRightsFromChildren() {
        if (Number(functions.prctl?.(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0n, 0n, 0n)) !== 0) throw new Error("prctl failed");
      },
      withSmallPages(start) {
        functions.prctl?.(PR_SET_THP_DISABLE, 1n, 0n, 0n, 0n);
        try {
          return start();
        } finally {
          functions.prctl?.(PR_SET_THP_DISABLE, 0n, 0n, 0n, 0n);
        }
      },
      setSendBuffer(fd, bytes) {
        const size = Buffer.allocUnsafeSlow(4);
        size.writeInt32LE(bytes);
        functions.setsockopt?.(fd, SOL_SOCKET, SO_SNDBUF, ffi.getRawPointer(size), size.length);
      },
      datagramSocket() {
        const fd = Number(functions.socket?.(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        if (!(fd > 2)) throw new Error("socket failed");
        return fd;
      },
    };
  } catch {
    return undefined;
  }
}

/** The words for a signature changed within Node 26: both are given. */
const signature = (args: readonly string[], result: string): object => ({ arguments: args, parameters: args, return: result, result });

/** Node warns once that the module is young; that is for us to know, not for whoever reads the daemon's log. */
function quietly<T>(get: () => T): T {
  const warn = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return get();
  } finally {
    process.emitWarning = warn;
  }
}

/** struct msghdr with one iovec and one cmsghdr, as 64-bit Linux has them. `keep` holds what the header points to. */
function descriptorMessage(
  pointer: (buffer: Uint8Array) => bigint,
  bytes: Uint8Array,
  fd: number,
): { readonly header: Uint8Array; readonly keep: readonly Uint8Array[] } {
  // Slow buffers: memory of their own, which the collector never moves.
  const payload = Buffer.allocUnsafeSlow(Math.max(1, bytes.length));
  payload.set(bytes);
  const [iovec, control, header] = [Buffer.allocUnsafeSlow(16), Buffer.allocUnsafeSlow(24), Buffer.allocUnsafeSlow(56)];
  for (const part of [iovec, control, header]) part.fill(0);
  const iovecView = new DataView(iovec.buffer);
  iovecView.setBigUint64(0, pointer(payload), true);
  iovecView.setBigUint64(8, BigInt(bytes.length), true);
  const controlView = new DataView(control.buffer);
  controlView.setBigUint64(0, 20n, true); // CMSG_LEN(4)
  controlView.setInt32(8, SOL_SOCKET, true);
  controlView.setInt32(12, SCM_RIGHTS, true);
  controlView.setInt32(16, fd, true);
  const view = new DataView(header.buffer);
  view.setBigUint64(16, pointer(iovec), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, pointer(control), true);
  view.setBigUint64(40, BigInt(control.length), true);
  return { header, keep: [payload, iovec, control] };
}

/** A file in memory that holds exactly these bytes and can never change. Undefined without `libc()`. */
export function sealedBytes(name: string, fill: (fd: number) => void): number | undefined {
  const c = libc();
  if (c === undefined) return undefined;
  const fd = c.memoryFile(name);
  try {
    fill(fd);
    c.seal(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
