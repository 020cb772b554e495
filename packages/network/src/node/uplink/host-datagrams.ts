// UDP sockets of this computer as the NAT's host side: one for each forward. Those of guests' own flows are in flow-datagrams.ts.
import { createSocket, type Socket } from "node:dgram";
import type { DatagramEvents, DialFailure, DialTarget, HostDatagrams } from "../../nat/host-side.ts";
import { failureOf } from "./host-stream.ts";

/** The sender's word for an IPv4 address on a socket of both versions never appears: each socket is of one version. */
export const datagramSocket = (version: 4 | 6, { reusePort = false } = {}): Socket =>
  createSocket({ type: version === 4 ? "udp4" : "udp6", ipv6Only: version === 6, reusePort });

export function listeningDatagrams(version: 4 | 6, events: DatagramEvents): HostDatagrams & { readonly socket: Socket } {
  const socket = datagramSocket(version);
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    socket.close();
  };
  socket.on("message", (bytes, from) => events.received(bytes, { address: withoutZone(from.address), port: from.port }));
  socket.on("error", () => {
    close();
    events.closed();
  });
  return {
    socket,
    send(bytes, to, failed) {
      if (isClosed || to.port === 0) return;
      // The memory is somebody else's as soon as we return, and the system may take the datagram later.
      socket.send(bytes.slice(), to.port, to.address, (error) => {
        if (error) failed(datagramFailure(error));
      });
    },
    close,
  };
}

export const datagramFailure = (error: Error): DialFailure | "tooBig" => {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EMSGSIZE" ? "tooBig" : failureOf(code);
};

export const withoutZone = (address: string): string => address.split("%")[0] ?? address;

export const targetText = ({ address, port }: DialTarget): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
