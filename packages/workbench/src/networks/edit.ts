// The shape of every small change to a network: find it, change its record in its turn, show it.
import { isRefusal, type Refusal } from "@mimic/base";
import type { NetworkRecord, NetworkView } from "@mimic/model";
import type { Context } from "../context.ts";
import { findNetwork } from "./find.ts";
import { goneMeanwhile } from "./network-verbs.ts";
import { networkView } from "./network-view.ts";

export async function edit(
  context: Context,
  network: string,
  what: string,
  change: (now: NetworkRecord) => NetworkRecord | Refusal,
): Promise<NetworkView | Refusal> {
  const found = findNetwork(context, network);
  if (isRefusal(found)) return found;
  const record = await context.networks.update(found.id, (now) => (now ? change(now) : goneMeanwhile(found)), what);
  return isRefusal(record) ? record : await networkView(context, record);
}
