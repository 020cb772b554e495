// Questions to other resolvers over real sockets. Each UDP question has a socket of its own: the system picks its port at
// random, and a connected socket hears that server alone.
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { DnsTcpReader, type DnsTransport, framedForTcp } from "../../gateway/index.ts";

export const nodeDnsTransport: DnsTransport = {
  udp(server, query, { heard, failed }) {
    const socket = createSocket(server.address.includes(":") ? "udp6" : "udp4");
    socket.on("message", (bytes) => heard(bytes));
    // “Port unreachable” and the like: the next server is asked at once.
    socket.on("error", failed);
    socket.connect(server.port, server.address, (error?: Error) => {
      if (error) failed();
      else socket.send(query);
    });
    let isOpen = true;
    return {
      [Symbol.dispose]() {
        if (isOpen) socket.close();
        isOpen = false;
      },
    };
  },

  async tcp(server, query, { signal }) {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const reader = new DnsTcpReader();
    const socket = connect({ host: server.address, port: server.port });
    const abort = (): void => void socket.destroy(new Error("given up"));
    signal.addEventListener("abort", abort, { once: true });
    socket.on("connect", () => socket.write(framedForTcp(query)));
    socket.on("data", (bytes: Buffer) => {
      const [message] = reader.push(bytes);
      if (message) resolve(message);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the resolver closed the connection")));
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      socket.destroy();
    }
  },
};
