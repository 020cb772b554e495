// Guests of a real switch process go out through its gateway: to a server in a namespace that stands for the Internet, and to
// nothing of the host's. The host is a namespace of its own.
import { Forward } from "@mimic/model";
import { cable, openNamespace, whyNoNamespaces } from "@mimic/testkit/node";
import { describe, expect, test } from "vitest";
import { gatewayHome, guestPort, leaseFor, natPlan, netId } from "./real-gateway.ts";
import { nicId, waiting } from "./real-switch.ts";

const why = await whyNoNamespaces();
const SERVER = "93.184.216.34";
const SERVER_V6 = "2600::34";
const HTTP = `
const { createServer } = require("node:http");
const [name, ...places] = process.argv.slice(1);
for (const place of places) createServer((_, reply) => reply.end("this is " + name + " at " + place)).listen(80, place, () => console.log("ready"));`;

describe.skipIf(why)(`a guest's way out${why ? ` (${why})` : ""}`, () => {
  test("leads to the Internet, and not to the host; forwards and connections lead in", async () => {
    await using home = await gatewayHome();
    await using internet = await openNamespace();
    await cable(
      { namespace: home.host, ifname: "out", addresses: ["198.51.100.2/24", "2600::2/64"] },
      { namespace: internet, ifname: "in", addresses: ["198.51.100.1/24", `${SERVER}/32`, `${SERVER_V6}/64`] },
    );
    await home.host.must("ip", ["route", "add", "default", "via", "198.51.100.1"]);
    await home.host.must("ip", ["-6", "route", "add", "default", "via", SERVER_V6]);
    const serve = async (where: typeof internet, name: string, places: readonly string[]): Promise<void> => {
      const server = where.start(process.execPath, ["-e", HTTP, name, ...places], { stdio: ["ignore", "pipe", "inherit"] });
      for (let ready = 0; ready < places.length; ) {
        const said = await new Promise<string>((resolve) => server.stdout?.once("data", (part: Buffer) => resolve(`${part}`)));
        ready += said.split("ready").length - 1;
      }
    };
    await serve(internet, "the Internet", [SERVER, SERVER_V6]);
    await serve(home.host, "the host", ["127.0.0.1", "198.51.100.2", "::1"]);
    await home.apply(natPlan([guestPort(1)]));
    await using guest = await home.guest(1);
    const address = await leaseFor(guest);
    expect(address).toMatch(/^10\.70\.1\./);

    const fetch = async (host: string): Promise<string> => {
      const { stdout, stderr } = await guest.run("curl", ["-sS", "-m", "3", `http://${host}/`]);
      return stdout + stderr;
    };
    expect(await fetch(SERVER)).toBe(`this is the Internet at ${SERVER}`);
    await expect.poll(async () => fetch(`[${SERVER_V6}]`), { timeout: 20_000 }).toBe(`this is the Internet at ${SERVER_V6}`);
    // The control: in the host itself its server answers at each of its addresses.
    for (const place of ["127.0.0.1", "198.51.100.2", "[::1]"]) {
      expect(await home.host.must("curl", ["-sS", "-m", "3", `http://${place}/`])).toContain("this is the host");
    }
    for (const place of ["198.51.100.2", "10.70.1.1", "0.0.0.0", "127.0.0.1", "[2600::2]", "[::1]", "[::ffff:127.0.0.1]"]) {
      expect(await fetch(place)).not.toContain("this is the host");
    }

    guest.start(process.execPath, ["-e", HTTP.replaceAll("80", "8080"), "the guest", address], { stdio: "ignore" });
    await guest.must("sh", ["-c", "for i in $(seq 200); do ss -ltn | grep -q :8080 && exit; sleep 0.05; done; exit 1"]);
    const forward = Forward.parse({ id: `fwd_${"0".repeat(26)}`, hostPort: 0, nic: nicId(1), guestPort: 8080 });
    await home.apply(natPlan([guestPort(1)], { gateway: { forwards: [forward] } }));
    const portOf = async (): Promise<number> => (await home.fabric.forwards(netId(0), waiting()))[0]?.hostPort ?? 0;
    await expect.poll(portOf).toBeGreaterThan(0);
    const said = await home.host.must("curl", ["-sS", "-m", "5", `http://127.0.0.1:${await portOf()}/`]);
    expect(said).toBe(`this is the guest at ${address}`);

    await using connection = await home.fabric.connect(netId(0), { address, port: 8080 }, waiting());
    await connection.write(Buffer.from("GET / HTTP/1.0\r\n\r\n"));
    let reply = "";
    for await (const part of connection.readable) reply += Buffer.from(part).toString();
    expect(reply).toContain(`this is the guest at ${address}`);
  });
});
