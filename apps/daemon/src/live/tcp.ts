// A TCP connection to a machine, through its network's gateway: what `mimic ssh` speaks through. Both directions wait for
// each other, as for a command in the guest.
import { orThrow } from "@mimic/base";
import { DoorError } from "../http/problem.ts";
import { Input } from "./input.ts";
import type { LiveCall } from "./live-call.ts";

const CONNECT_WITHIN_MS = 15_000;

export async function openTcp({ viewer, name, query, workbench, log }: LiveCall): Promise<void> {
  const input = new Input(viewer);
  viewer.hear({
    binary: (bytes) => input.push(bytes),
    text: (message) => {
      if (message?.eof === true) input.end();
    },
  });
  const port = Number(query.port ?? "22");
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new DoorError(400, "input.invalid", "“port” is a TCP port of the machine.", "Give a number from 1 to 65535.");
  const signal = AbortSignal.any([viewer.gone, AbortSignal.timeout(CONNECT_WITHIN_MS)]);
  const connection = orThrow(await workbench.networks.connect({ machine: name, port, nic: query.nic }, { signal }));
  viewer.tell({ connected: true });
  const send = async () => {
    for await (const bytes of input) await connection.write(bytes);
    if (!viewer.gone.aborted) await connection.end();
  };
  const receive = async () => {
    for await (const bytes of connection.readable) {
      viewer.send(bytes);
      if (viewer.full) await viewer.untilLow();
      if (viewer.gone.aborted) return;
    }
    viewer.close(1000, "ended");
  };
  viewer.gone.addEventListener("abort", () => void connection[Symbol.asyncDispose](), { once: true });
  send().catch((error: unknown) => log.debug("connection to a machine ended", { error }));
  receive().catch((error: unknown) => viewer.fail(error));
}
