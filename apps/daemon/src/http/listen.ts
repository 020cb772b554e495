// The two listeners: a unix socket in a folder of our own, and loopback TCP. Nothing ever listens on another
// address, and a taken port is an error: answering on another one silently would let someone else take our place.
import { chmod, lstat, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { MimicError } from "@mimic/base";

const UNIX_PATH_LIMIT = 107;
const FREE_PORT_TRIES = 20;

/** `make` gives a server that is not listening yet. Port 0 = any that is free on both addresses. Returns the servers that listen. */
export async function listenLoopback(make: () => Server, port: number): Promise<{ port: number; servers: Server[] }> {
  for (let attempt = 1; ; attempt++) {
    const four = make();
    await listen(four, { host: "127.0.0.1", port }).catch((error: NodeJS.ErrnoException) => {
      throw portError(port, error);
    });
    const chosen = (four.address() as AddressInfo).port;
    const six = make();
    const trouble = await listen(six, { host: "::1", port: chosen, ipv6Only: true }).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (trouble === undefined) return { port: chosen, servers: [four, six] };
    // A host without IPv6 has no ::1 that someone else could take.
    if (trouble.code === "EADDRNOTAVAIL" || trouble.code === "EAFNOSUPPORT") return { port: chosen, servers: [four] };
    await new Promise((done) => four.close(done));
    if (port !== 0 || attempt === FREE_PORT_TRIES) throw portError(chosen, trouble);
  }
}

function portError(port: number, cause: NodeJS.ErrnoException): MimicError {
  if (cause.code === "EADDRINUSE") {
    return new MimicError("daemon.port_taken", `Another program already answers on port ${port} of this computer.`, {
      hint: "Choose another port (MIMIC_PORT=7718, or MIMIC_PORT=0 for any free one), or end the other program.",
      cause,
    });
  }
  return new MimicError("daemon.port_refused", `This computer does not let Mimic answer on port ${port}.`, {
    hint: "Choose a port above 1023: MIMIC_PORT=7718",
    detail: cause.message,
    cause,
  });
}

/** Listens at `path`, in a folder that only we can enter; a socket left over from a dead daemon is replaced. */
export async function listenUnix(server: Server, path: string, folder: string): Promise<void> {
  if (Buffer.byteLength(path) > UNIX_PATH_LIMIT) {
    throw new MimicError(
      "daemon.path_too_long",
      "The folder for Mimic's sockets has too long a path: the system allows about 100 letters.",
      {
        hint: "Set XDG_RUNTIME_DIR or MIMIC_HOME to a folder with a shorter path.",
        detail: path,
      },
    );
  }
  await checkFolder(folder);
  await removeLeftover(path);
  await listen(server, { path });
  await chmod(path, 0o600);
}

async function checkFolder(folder: string): Promise<void> {
  const facts = await lstat(folder);
  if (facts.isDirectory() && (facts.mode & 0o077) === 0 && facts.uid === process.getuid?.()) return;
  throw new MimicError(
    "daemon.run_folder_open",
    "Others could enter the folder of Mimic's sockets, and whoever reaches the socket commands Mimic.",
    {
      hint: `Close it: chmod 700 ${folder}`,
      detail: folder,
    },
  );
}

/** Whoever still answers there is left alone, and so is anything that is no socket. */
async function removeLeftover(path: string): Promise<void> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts === undefined) return;
  if (!facts.isSocket()) {
    throw new MimicError("daemon.socket_path_taken", "Something that is no socket stands where Mimic's socket belongs.", {
      hint: `Look at it and move it away: ${path}`,
    });
  }
  if (await answers(path)) {
    throw new MimicError("daemon.running_already", "Another daemon of Mimic already answers here.", {
      hint: "Use that one, or end it first: mimic down",
    });
  }
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path });
  socket.setTimeout(1000, () => resolve(true));
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function listen(server: Server, options: { host?: string; port?: number; path?: string; ipv6Only?: boolean }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ ...options, exclusive: true }, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}
