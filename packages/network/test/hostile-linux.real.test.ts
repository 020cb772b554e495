// A bad wire between our endpoint and Linux's: Linux's servers are reached, and its tools for looking at hosts see a host. How
// much arrives over such wires, and unchanged, is in bulk-linux.real.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IpAddress } from "@mimic/tcpip";
import { TcpDuplex } from "@mimic/tcpip/node";
import { whyNoNamespaces } from "@mimic/testkit/node";
import { afterAll, describe, expect, test } from "vitest";
import { LINUX, openBadWire } from "./bad-wire.ts";
import { BOX } from "./nat-box.ts";

const why = await whyNoNamespaces();
const folder = mkdtempSync(join(tmpdir(), "mimic-hw-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(why)(`with Linux at the other end${why ? ` (${why})` : ""}`, () => {
  test("connects to Linux's servers, and hears when nobody is there", async () => {
    await using place = await openBadWire(join(folder, "calls"), { delayMs: 1, loss: 0.02 });
    const { endpoint, guest } = place;
    guest.start("sh", ["-c", `echo "hello from Linux" | nc -l -N 5000`], { stdio: "ignore" });
    await guest.must("sh", ["-c", "for i in $(seq 100); do ss -ltn | grep -q :5000 && exit; sleep 0.05; done; exit 1"]);
    const dial = (port: number): TcpDuplex => {
      const connection = endpoint.connect({ address: IpAddress.of(LINUX.v4), port }, {});
      if (!connection) throw new Error("no connection");
      return new TcpDuplex(connection);
    };
    let said = "";
    for await (const part of dial(5000)) said += part;
    expect(said).toBe("hello from Linux\n");
    const refused = await new Promise<NodeJS.ErrnoException>((resolve) => dial(5001).on("error", resolve));
    expect(refused.code).toBe("ECONNREFUSED");
  });

  test("nmap finds what is open and what is closed, whatever flags it tries", async () => {
    await using place = await openBadWire(join(folder, "nmap"), {});
    place.endpoint.events.opening = (opening) => {
      if (opening.localPort === 80) opening.accept({});
      else opening.refuse("refused");
    };
    place.endpoint.events.udp = ({ destinationPort }) => destinationPort === 53;
    const scan = (how: string, ports = "79-81"): Promise<string> =>
      place.guest.must("nmap", ["-n", "-Pn", "--max-retries", "2", "-p", ports, how, BOX.v4]);
    for (const how of ["-sS", "-sT"]) {
      const said = await scan(how);
      expect(said).toMatch(/80\/tcp\s+open/);
      expect(said).toMatch(/79\/tcp\s+closed/);
    }
    // Neither FIN nor nothing nor everything gets more out of it than the specification says (RFC 9293 §3.10.7.1).
    for (const how of ["-sF", "-sN", "-sX"]) expect(await scan(how)).toMatch(/closed/);
    expect(await scan("-sU", "53,54")).toMatch(/54\/udp\s+closed/);
  });
});
