// What is said over the switch's control socket: lines of JSON. A connection begins with one line that says what it is
// for, and the switch answers with one line. A “control” connection then carries questions, answers and news; the others
// carry bytes.
import { DropNote, DropReason, Lease, NetworkPlan, PortCounters, VlanCounters } from "@mimic/model";
import { z } from "zod";

/** Raised when an older daemon or switch would misunderstand. A switch of another version is replaced. */
export const CONTROL_PROTOCOL = 2;

/** Longer lines are not read: the connection is closed. A plan of a thousand ports has under a million characters. */
export const LONGEST_LINE = 16 * 1024 * 1024;

const CaptureWish = z.strictObject({
  what: z.discriminatedUnion("of", [
    z.strictObject({ of: z.literal("network") }),
    z.strictObject({ of: z.literal("port"), port: z.string().max(40) }),
    z.strictObject({ of: z.literal("vlan"), vlan: z.int().min(1).max(4094) }),
  ]),
  filter: z.string().max(4096),
  snapLength: z.int().min(0).max(262_144),
  withDrops: z.boolean(),
});

/** The first line. */
export const Opening = z.discriminatedUnion("open", [
  z.strictObject({ open: z.literal("control"), protocol: z.int() }),
  z.strictObject({ open: z.literal("capture"), protocol: z.int(), network: z.string(), wish: CaptureWish }),
  z.strictObject({ open: z.literal("connect"), protocol: z.int(), network: z.string(), address: z.string(), port: z.int() }),
]);
export type Opening = z.infer<typeof Opening>;

export const ControlProblem = z.object({ code: z.string(), message: z.string(), hint: z.string() });
export type ControlProblem = z.infer<typeof ControlProblem>;

/** The first line back. */
export const Welcome = z.union([
  z.object({ ok: z.literal(true), protocol: z.int(), pid: z.int(), networks: z.array(z.string()) }),
  z.object({ ok: z.literal(false), protocol: z.int(), problem: ControlProblem }),
]);
export type Welcome = z.infer<typeof Welcome>;

const TraceQuestion = z.strictObject({
  fromPort: z.string(),
  to: z.string().max(253),
  protocol: z.enum(["icmp", "tcp", "udp"]),
  toPort: z.int().min(0).max(65_535).optional(),
});

const network = z.string().max(40);
export const Ask = z.discriminatedUnion("ask", [
  z.strictObject({ ask: z.literal("apply"), plan: NetworkPlan }),
  z.strictObject({ ask: z.literal("remove"), network }),
  z.strictObject({ ask: z.literal("counters"), network }),
  z.strictObject({ ask: z.literal("vlanCounters"), network }),
  z.strictObject({ ask: z.literal("leases"), network }),
  z.strictObject({ ask: z.literal("release"), network, mac: z.string() }),
  z.strictObject({ ask: z.literal("drops"), network, port: z.string().optional() }),
  z.strictObject({ ask: z.literal("forwards"), network }),
  z.strictObject({ ask: z.literal("trace"), network, question: TraceQuestion }),
  /** The process ends once it has answered. */
  z.strictObject({ ask: z.literal("end") }),
]);
export type Ask = z.infer<typeof Ask>;

export const Question = z.object({ id: z.int(), body: Ask });

export const ForwardState = z.object({ id: z.string(), hostPort: z.number(), problem: z.string().optional() });
export const TraceStep = z.object({
  at: z.string(),
  words: z.string(),
  outcome: z.enum(["goesOn", "arrives", "dropped"]),
  reason: DropReason.optional(),
});

/** What each question is answered with. */
export const ANSWERS = {
  apply: z.null(),
  remove: z.null(),
  counters: z.array(PortCounters),
  vlanCounters: z.array(VlanCounters),
  leases: z.array(Lease),
  release: z.null(),
  drops: z.array(DropNote),
  forwards: z.array(ForwardState),
  trace: z.array(TraceStep),
  end: z.null(),
} as const;
export type AnswerTo<K extends Ask["ask"]> = z.infer<(typeof ANSWERS)[K]>;

export const News = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("lease"), network, lease: Lease, change: z.enum(["granted", "renewed", "released", "expired"]) }),
  z.object({ kind: z.literal("peer"), network, port: z.string(), isThere: z.boolean() }),
  z.object({ kind: z.literal("trouble"), network, port: z.string(), words: z.string().optional() }),
  z.object({ kind: z.literal("loop"), network, port: z.string(), words: z.string() }),
  z.object({ kind: z.literal("forward"), network, forward: ForwardState }),
]);

/** Lines of a control connection from the switch. */
export const FromSwitch = z.union([
  z.object({ id: z.int(), answer: z.unknown() }),
  z.object({ id: z.int(), problem: ControlProblem }),
  z.object({ news: News }),
]);
export type FromSwitch = z.infer<typeof FromSwitch>;
