// The program that reads file systems: it runs in a cage of its own, sees nothing but the socket at which a caged QEMU
// serves two disks, says what differs, and ends. Whatever those disks make it do, it can do only here.
import { cachedSource, compareDisks, joinRanges, type Range, sumOf } from "../filesystem/index.ts";
import { NbdClient } from "./nbd-client.ts";

export interface ComparisonOrder {
  readonly socket: string;
  /** The name at which each is served, and how many of its layers the other one does not stand on. */
  readonly from: { readonly name: string; readonly own: number };
  readonly to: { readonly name: string; readonly own: number };
}

/** `text`: the order as JSON. Its answer is one line of JSON on standard output; a failure, words on standard error. */
export async function serveComparison(text: string | undefined): Promise<void> {
  try {
    const order = JSON.parse(text ?? "") as ComparisonOrder;
    using from = await NbdClient.open(order.socket, order.from.name);
    using to = await NbdClient.open(order.socket, order.to.name);
    const written = joinRanges([...(await writtenBy(from, order.from.own)), ...(await writtenBy(to, order.to.own))]);
    const sourceOf = (client: NbdClient) => cachedSource(client.sizeBytes, (offset, length) => client.read(offset, length));
    const volumes = await compareDisks(sourceOf(from), sourceOf(to), written);
    process.stdout.write(`${JSON.stringify({ volumes, writtenBytes: sumOf(written) })}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function writtenBy(client: NbdClient, own: number): Promise<readonly Range[]> {
  return (await client.depths()).filter(({ depth }) => depth > 0 && depth <= own);
}
