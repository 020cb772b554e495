// Ports that a guest opens appear on this computer's loopback, and go when they are closed: told by the guest's agent, looked
// at often while something changes and seldom while nothing does. A guest that lies gets forwards to itself, on loopback only.
import { isRefusal, messageOf } from "@mimic/base";
import type { Forward, NetworkRecord, NicSpec } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { GuestAgent } from "../ports/index.ts";
import { listeningPorts } from "./listening.ts";

const SOONEST_MS = 2000;
const SELDOM_MS = 20_000;
const LOOK_WITHIN_MS = 10_000;
const MOST_BYTES = 512 * 1024;
/** Below, only root may listen. */
const FREE_FOR_ALL = 1024;

/** Follows every machine that becomes usable, until `signal`. */
export async function followAutomaticForwards(context: Context, signal: AbortSignal): Promise<void> {
  const events = context.events.subscribe({ signal });
  for (const actor of context.actors.values()) if (actor.running && actor.usableBy !== undefined) void follow(context, actor, signal);
  for await (const event of events) {
    if (!("fact" in event) || event.fact.kind !== "machine.became_usable") continue;
    const actor = context.actors.get(event.fact.machineId);
    if (actor) void follow(context, actor, signal);
  }
}

async function follow(context: Context, actor: MachineActor, signal: AbortSignal): Promise<void> {
  const { running } = actor;
  if (!running?.agent) return;
  let waitMs = SOONEST_MS;
  let before = "";
  try {
    while (!signal.aborted && actor.running === running) {
      if (wanted(context, actor).length > 0) {
        const ports = await portsOf(running.agent, AbortSignal.any([signal, AbortSignal.timeout(LOOK_WITHIN_MS)]));
        if (actor.running !== running) return;
        await setForwards(context, actor, ports);
        await moveWhatIsTaken(context, actor);
        waitMs = before === ports.join() ? Math.min(SELDOM_MS, waitMs * 1.5) : SOONEST_MS;
        before = ports.join();
      }
      await context.ports.clock.sleep(waitMs, { signal });
    }
  } catch (error) {
    // An agent that does not answer, or a system that is no Linux: its ports stay where they are, in the guest.
    if (!signal.aborted)
      context.ports.log.debug("the ports of a guest are not known", { machineId: actor.record.id, error: messageOf(error) });
  }
}

interface Wanted {
  readonly network: NetworkRecord;
  readonly nic: NicSpec;
}

/** The cards through which it can be reached by forwards that come by themselves. */
function wanted(context: Context, actor: MachineActor): readonly Wanted[] {
  return actor.record.hardware.nics.flatMap((nic) => {
    const network = nic.network === null ? undefined : context.networks.get(nic.network);
    if (!network?.automaticForwards) return [];
    const leadsIn = network.kind === "nat" || network.kind === "hostOnly" || network.kind === "routed";
    return leadsIn ? [{ network, nic }] : [];
  });
}

async function portsOf(agent: GuestAgent, signal: AbortSignal): Promise<number[]> {
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((path) => read(agent, path, signal).catch(() => "")));
  return listeningPorts(tables.join("\n"));
}

async function read(agent: GuestAgent, path: string, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder("latin1");
  let text = "";
  for await (const bytes of agent.readFile(path, { signal })) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MOST_BYTES) break;
  }
  return text;
}

/** Through its first such card: one door per port is enough. */
async function setForwards(context: Context, actor: MachineActor, ports: readonly number[]): Promise<void> {
  const [way] = wanted(context, actor);
  if (!way) return;
  const { network, nic } = way;
  const isOurs = (forward: Forward) => forward.isAutomatic && forward.nic === nic.id;
  const mine = network.forwards.filter((forward) => forward.nic === nic.id);
  const gone = mine.filter((forward) => forward.isAutomatic && !ports.includes(forward.guestPort));
  // A port that a person forwarded has its door already.
  const fresh = ports.filter((port) => !mine.some((forward) => forward.protocol === "tcp" && forward.guestPort === port));
  if (gone.length === 0 && fresh.length === 0) return;
  const made = fresh.map(
    (guestPort): Forward => ({
      id: context.ports.ids.make("fwd"),
      protocol: "tcp",
      hostAddress: "127.0.0.1",
      hostPort: hostPortFor(context, guestPort),
      nic: nic.id,
      guestPort,
      isAutomatic: true,
    }),
  );
  const changed = await context.networks.update(
    network.id,
    (now) => ({
      ...(now ?? network),
      forwards: [...(now ?? network).forwards.filter((forward) => !(isOurs(forward) && gone.some(({ id }) => id === forward.id))), ...made],
    }),
    "forwards",
  );
  if (isRefusal(changed)) return;
  for (const { id, guestPort } of gone)
    context.events.publish({
      kind: "forward.removed",
      networkId: network.id,
      forwardId: id,
      words: `“${actor.record.name}” no longer listens at port ${guestPort}`,
    });
}

/** Another program of this computer has the port: then any free one. */
async function moveWhatIsTaken(context: Context, actor: MachineActor): Promise<void> {
  const [way] = wanted(context, actor);
  if (!way) return;
  const states = await context.ports.fabric.forwards(way.network.id, { signal: AbortSignal.timeout(LOOK_WITHIN_MS) }).catch(() => []);
  const isStuck = ({ id, isAutomatic, hostPort }: Forward) =>
    isAutomatic && hostPort !== 0 && states.some((state) => state.id === id && state.problem !== undefined);
  const network = context.networks.get(way.network.id);
  if (!network?.forwards.some(isStuck)) return;
  await context.networks.update(
    network.id,
    (now) => ({
      ...(now ?? network),
      forwards: (now ?? network).forwards.map((forward) => (isStuck(forward) ? { ...forward, hostPort: 0 } : forward)),
    }),
    "forwards",
  );
}

/** The same number where that is free for everybody and nobody else has it; otherwise any. */
function hostPortFor(context: Context, guestPort: number): number {
  const isTaken = context.networks
    .all()
    .some(({ forwards }) => forwards.some(({ hostPort, protocol }) => protocol === "tcp" && hostPort === guestPort));
  return guestPort >= FREE_FOR_ALL && !isTaken && guestPort !== ownPort(context) ? guestPort : 0;
}

/** The daemon's: a guest must not stand at its door when it is away. */
const ownPort = (context: Context): number =>
  Number(/:(\d+)/.exec(context.ports.about.browserAddress()?.replace(/^\w+:/, "") ?? "")?.[1] ?? 0);
