// Facts, past tense. They carry ids and what changed, never secrets and never whole objects.
import { z } from "zod";
import { Power } from "./power.ts";

const id = z.string();
export const Fact = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("machine.created"), machineId: id, name: z.string() }),
  z.object({ kind: z.literal("machine.changed"), machineId: id, what: z.string() }),
  z.object({ kind: z.literal("machine.renamed"), machineId: id, from: z.string(), to: z.string() }),
  z.object({ kind: z.literal("machine.power_changed"), machineId: id, from: Power, to: Power, because: z.string() }),
  z.object({ kind: z.literal("machine.became_usable"), machineId: id, by: z.string(), afterMs: z.number() }),
  z.object({ kind: z.literal("machine.restarted_itself"), machineId: id }),
  /** A step of a timetable had its time. */
  z.object({
    kind: z.literal("machine.timetable_step"),
    machineId: id,
    words: z.string(),
    when: z.enum(["live", "later", "impossible"]),
    why: z.string(),
  }),
  z.object({ kind: z.literal("machine.trashed"), machineId: id, name: z.string() }),
  z.object({ kind: z.literal("machine.restored"), machineId: id, name: z.string() }),
  z.object({ kind: z.literal("machine.forgotten"), machineId: id, name: z.string() }),
  z.object({ kind: z.literal("template.made"), templateId: id, name: z.string(), generation: z.number() }),
  z.object({ kind: z.literal("template.removed"), templateId: id, name: z.string() }),
  z.object({ kind: z.literal("template.changed"), templateId: id }),
  z.object({ kind: z.literal("moment.taken"), machineId: id, momentId: id, moment: z.string() }),
  z.object({ kind: z.literal("moment.removed"), machineId: id, momentId: id }),
  z.object({ kind: z.literal("moment.changed"), machineId: id, momentId: id }),
  z.object({ kind: z.literal("moment.restored"), machineId: id, momentId: id }),
  /** What a machine's routine says was changed, or it could not keep a moment that was due. */
  z.object({ kind: z.literal("routine.changed"), machineId: id }),
  z.object({ kind: z.literal("routine.skipped"), machineId: id, why: z.string() }),
  z.object({ kind: z.literal("storage.added"), storageId: id, name: z.string() }),
  z.object({ kind: z.literal("storage.removed"), storageId: id, name: z.string() }),
  z.object({ kind: z.literal("image.added"), digest: z.string(), name: z.string() }),
  z.object({ kind: z.literal("image.removed"), digest: z.string(), name: z.string() }),
  z.object({ kind: z.literal("network.created"), networkId: id, name: z.string() }),
  z.object({ kind: z.literal("network.changed"), networkId: id, name: z.string(), what: z.string() }),
  z.object({ kind: z.literal("network.removed"), networkId: id, name: z.string() }),
  /** A loop of cables was found and stopped. */
  z.object({ kind: z.literal("network.loop_stopped"), networkId: id, portId: id, words: z.string() }),
  z.object({ kind: z.literal("nic.added"), machineId: id, nicId: id, networkId: id.nullable() }),
  z.object({ kind: z.literal("nic.changed"), machineId: id, nicId: id, networkId: id.nullable(), what: z.string() }),
  z.object({ kind: z.literal("nic.removed"), machineId: id, nicId: id }),
  /** Somebody is at the other end of the cable now, or no longer. */
  z.object({ kind: z.literal("port.connected"), networkId: id, portId: id, isThere: z.boolean() }),
  /** A port does not lead where it shall: a tunnel whose other end has another key. */
  z.object({ kind: z.literal("port.troubled"), networkId: id, portId: id, port: z.string(), words: z.string() }),
  z.object({ kind: z.literal("lease.granted"), networkId: id, mac: z.string(), address: z.string(), machineId: id.optional() }),
  z.object({ kind: z.literal("lease.ended"), networkId: id, mac: z.string(), address: z.string(), machineId: id.optional() }),
  z.object({ kind: z.literal("forward.added"), networkId: id, forwardId: id, words: z.string() }),
  z.object({ kind: z.literal("forward.failed"), networkId: id, forwardId: id, words: z.string() }),
  z.object({ kind: z.literal("forward.removed"), networkId: id, forwardId: id, words: z.string() }),
  /** The switch process ended and another carries the frames. */
  z.object({ kind: z.literal("switch.restarted"), because: z.string() }),
  z.object({ kind: z.literal("job.started"), jobId: id }),
  z.object({ kind: z.literal("job.progressed"), jobId: id }),
  z.object({ kind: z.literal("job.ended"), jobId: id, state: z.string() }),
  z.object({ kind: z.literal("host.noticed"), words: z.string() }),
]);
export type Fact = z.infer<typeof Fact>;

/** `seq` grows by one within a daemon's life, and never goes back across restarts. */
export const Event = z.object({ seq: z.number(), at: z.iso.datetime(), fact: Fact });
export type Event = z.infer<typeof Event>;

/**
 * In place of events that are gone: read the state again, then go on from `seq`. `dropped` says how many; null when nobody knows,
 * since the daemon that would have told them has ended.
 */
export const StreamLagged = z.object({ kind: z.literal("stream.lagged"), seq: z.number(), dropped: z.number().nullable() });
export type StreamLagged = z.infer<typeof StreamLagged>;
