// The host's side of the NAT with Node's own sockets: no rights are needed, and the system's routes, firewall and proxies of the
// person's account hold for guests as for any program.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { DatagramEvents, DialTarget, HostDatagrams, HostListener, HostSide, ListenEvents, PingOptions } from "../../nat/host-side.ts";
import { openDatagrams } from "./flow-datagrams.ts";
import { listeningDatagrams, targetText } from "./host-datagrams.ts";
import { acceptedStream, dialHost } from "./host-stream.ts";

export const hostUplink: HostSide = {
  dial: dialHost,
  openDatagrams,
  listenStreams,
  listenDatagrams,
  ping,
};

function listenStreams(at: DialTarget, events: Parameters<HostSide["listenStreams"]>[1]): HostListener {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    const from = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    events.accepted((streamEvents) => acceptedStream(socket, streamEvents), from);
  });
  server.on("error", (error: NodeJS.ErrnoException) => events.failed(listenProblem(at, error)));
  server.listen({ host: at.address, port: at.port, exclusive: true }, () => events.listening(portOf(server.address())));
  return {
    get port() {
      return portOf(server.address());
    },
    close: () => server.close(),
  };
}

function listenDatagrams(at: DialTarget, events: ListenEvents & DatagramEvents): HostListener & HostDatagrams {
  let isListening = false;
  let problem: NodeJS.ErrnoException | undefined;
  const datagrams = listeningDatagrams(at.address.includes(":") ? 6 : 4, {
    received: (bytes, from) => events.received(bytes, from),
    closed: () => (isListening ? events.closed() : events.failed(listenProblem(at, problem))),
  });
  const { socket } = datagrams;
  socket.prependListener("error", (error: NodeJS.ErrnoException) => (problem = error));
  socket.bind({ address: at.address, port: at.port, exclusive: true }, () => {
    isListening = true;
    events.listening(socket.address().port);
  });
  return { send: datagrams.send, close: datagrams.close, port: at.port };
}

const portOf = (address: string | { port: number } | null): number => (typeof address === "object" ? (address?.port ?? 0) : 0);

function listenProblem(at: DialTarget, error: NodeJS.ErrnoException | undefined): string {
  const where = targetText(at);
  if (error?.code === "EADDRINUSE") return `${where} is in use by another program on this computer.`;
  if (error?.code === "EACCES") return `This computer does not let its users listen on ${where}; choose a port from 1024 on.`;
  if (error?.code === "EADDRNOTAVAIL") return `${at.address} is no address of this computer.`;
  return `It was not possible to listen on ${where}${error ? ` (${error.message})` : ""}.`;
}

/** More would be cut up on the way. */
const MOST_PING_BYTES = 1400;

async function ping(address: string, { bytes, timeoutMs, signal }: PingOptions): Promise<boolean | undefined> {
  const { promise, resolve } = Promise.withResolvers<boolean | undefined>();
  const args = ["-n", "-c", "1", "-s", `${Math.min(bytes, MOST_PING_BYTES)}`, address];
  const program = process.platform === "darwin" && address.includes(":") ? "ping6" : "ping";
  const env = { PATH: process.env.PATH, LC_ALL: "C" };
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env, signal, timeout: timeoutMs });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said = `${said}${part}`.slice(0, MOST_SAID)));
  child.on("error", (error: NodeJS.ErrnoException) => resolve(isMissing(error.code) ? undefined : false));
  child.on("close", (code) => resolve(code === 0 ? true : isForbidden(said) ? undefined : false));
  return promise;
}

const MOST_SAID = 1000;
const isMissing = (code: string | undefined): boolean => code === "ENOENT" || code === "EACCES" || code === "EPERM";

/**
 * In a cage it has no rights of its own, and the system may let nobody else ping (net.ipv4.ping_group_range). A way that is
 * forbidden (“connect: Permission denied”) is another matter: guests choose it.
 */
const isForbidden = (said: string): boolean => /socket: .*(not permitted|denied)|are you root|lacking privilege/i.test(said);
