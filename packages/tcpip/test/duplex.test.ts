// Node's own protocols over connections of ours: two endpoints joined in memory, in real time.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { TLSSocket, connect as tlsConnect } from "node:tls";
import { Endpoint, IpAddress, type TcpConnection } from "@mimic/tcpip";
import { nodeScheduler, TcpDuplex } from "@mimic/tcpip/node";
import { afterEach, describe, expect, test } from "vitest";
import { CERTIFICATE, PRIVATE_KEY } from "./certificate.ts";

const open: Endpoint[] = [];
afterEach(() => {
  for (const endpoint of open.splice(0)) endpoint.close();
});

function joined(): { client: Endpoint; server: Endpoint } {
  const make = (number: number, other: () => Endpoint): Endpoint => {
    const endpoint = new Endpoint({
      mac: new Uint8Array([2, 0, 0, 0, 0, number]),
      addresses: [{ address: IpAddress.of(`10.0.0.${number}`), prefixLength: 24 }],
      answersFor: "own",
      scheduler: nodeScheduler,
      random: { bytes: (count) => randomBytes(count) },
      transmit: (run) => {
        const frames = Buffer.from(run);
        setImmediate(() => {
          for (let at = 0; at < frames.length; at += 4 + frames.readUInt32BE(at))
            other().input(frames, at + 4, at + 4 + frames.readUInt32BE(at));
          other().flush();
        });
      },
    });
    open.push(endpoint);
    return endpoint;
  };
  const client: Endpoint = make(1, () => server);
  const server: Endpoint = make(2, () => client);
  return { client, server };
}

function dial(client: Endpoint, port: number): TcpDuplex {
  return new TcpDuplex(client.connect({ address: IpAddress.of("10.0.0.2"), port }, {}) as TcpConnection);
}

const serve = (server: Endpoint, accept: (duplex: TcpDuplex) => void, options = {}): void => {
  server.events.opening = (opening) => accept(new TcpDuplex(opening.accept({}), options));
};

describe("a connection as a Duplex", () => {
  test("carries megabytes through a pipeline and back, and half-closes", async () => {
    const { client, server } = joined();
    serve(server, (duplex) => void pipeline(duplex, duplex).catch(() => {}), { allowHalfOpen: true });
    const duplex = dial(client, 7);
    const bytes = randomBytes(5 << 20);
    const hash = createHash("sha256");
    const reading = (async () => {
      for await (const part of duplex) hash.update(part as Buffer);
    })();
    duplex.end(bytes);
    await reading;
    expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  test("does not read more than its reader takes", async () => {
    const { client, server } = joined();
    const { promise, resolve } = Promise.withResolvers<TcpDuplex>();
    serve(server, resolve);
    const duplex = dial(client, 7);
    for (let i = 0; i < 64; i++) duplex.write(Buffer.alloc(1 << 18));
    const reader = await promise;
    await new Promise((go) => setTimeout(go, 200));
    expect(duplex.writableLength).toBeGreaterThan(8 << 20);
    expect(server.memoryBytes).toBeLessThan(2 << 20);
    let seen = 0;
    reader.on("data", (part: Buffer) => (seen += part.length));
    duplex.end();
    await once(reader, "end");
    expect(seen).toBe(16 << 20);
  });

  test("that nobody answers fails with the code that sockets have", async () => {
    const { client } = joined();
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => dial(client, 9).on("error", resolve));
    expect(error.code).toBe("ECONNREFUSED");
  });

  test("that is destroyed is reset for the peer", async () => {
    const { client, server } = joined();
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    serve(server, (duplex) => duplex.on("error", (error: NodeJS.ErrnoException) => resolve(error.code)).resume());
    const duplex = dial(client, 7);
    await once(duplex, "connect");
    duplex.write("x", () => duplex.destroy());
    expect(await promise).toBe("ECONNRESET");
  });
});

describe("on it", () => {
  test("node:http answers requests, one after the other on one connection", async () => {
    const { client, server } = joined();
    const http = createServer((asked, reply) => {
      let length = 0;
      asked.on("data", (part: Buffer) => (length += part.length)).on("end", () => reply.end(`${asked.method} ${asked.url} ${length}`));
    });
    serve(server, (duplex) => http.emit("connection", duplex));
    const duplex = dial(client, 80);
    const ask = async (method: string, body: Buffer): Promise<string> => {
      const asked = request({
        createConnection: () => duplex as unknown as Socket,
        method,
        path: "/x",
        headers: { connection: "keep-alive" },
      });
      asked.end(body);
      const [reply] = (await once(asked, "response")) as [AsyncIterable<Buffer>];
      let said = "";
      for await (const part of reply) said += part;
      return said;
    };
    expect(await ask("POST", Buffer.alloc(300_000))).toBe("POST /x 300000");
  });

  test("TLS runs on both sides", async () => {
    const { client, server } = joined();
    serve(server, (duplex) => {
      const secure = new TLSSocket(duplex, { isServer: true, key: PRIVATE_KEY, cert: CERTIFICATE });
      secure.on("data", (part: Buffer) => secure.end(`secret ${part}`));
    });
    const secure = tlsConnect({ socket: dial(client, 443), ca: CERTIFICATE, servername: "example.org" });
    await once(secure, "secureConnect");
    secure.write("hello");
    let said = "";
    for await (const part of secure) said += part;
    expect(said).toBe("secret hello");
  });
});
