// The QMP commands in use: their arguments as types, their replies as schemas (checked at run time:
// a QEMU that was taken over by its guest also speaks here). Names and shapes as in QEMU's qapi/*.json.
import { z } from "zod";
import { type HotplugArguments, hotplugReplies } from "./commands-hotplug.ts";

const nothing = z.unknown().transform(() => undefined);

export interface CommandArguments extends HotplugArguments {
  quit: EmptyArguments;
  cont: EmptyArguments;
  stop: EmptyArguments;
  system_reset: EmptyArguments;
  system_powerdown: EmptyArguments;
  "query-status": EmptyArguments;
  "query-version": EmptyArguments;
  "query-machines": EmptyArguments;
  "query-cpu-definitions": EmptyArguments;
  "qom-list-types": { readonly implements?: string; readonly abstract?: boolean };
  "query-blockstats": EmptyArguments;
  "query-jobs": EmptyArguments;
  "job-cancel": { readonly id: string };
  "job-dismiss": { readonly id: string };
  "blockdev-backup": {
    readonly "job-id": string;
    readonly device: string;
    readonly target: string;
    readonly sync: "full" | "top";
    readonly "auto-finalize"?: boolean;
    readonly "auto-dismiss"?: boolean;
  };
  "blockdev-add": Readonly<Record<string, unknown>> & { readonly driver: string; readonly "node-name": string };
  block_resize: { readonly "node-name": string; readonly size: number };
  "blockdev-del": { readonly "node-name": string };
  "blockdev-open-tray": { readonly id: string; readonly force?: boolean };
  "blockdev-close-tray": { readonly id: string };
  "blockdev-remove-medium": { readonly id: string };
  "blockdev-insert-medium": { readonly id: string; readonly "node-name": string };
  "nbd-server-start": { readonly addr: { readonly type: "unix"; readonly data: { readonly path: string } } };
  "block-export-add": {
    readonly type: "nbd";
    readonly id: string;
    readonly "node-name": string;
    readonly name: string;
    readonly writable: false;
    readonly "allocation-depth"?: boolean;
  };
  netdev_add: {
    readonly type: "stream";
    readonly id: string;
    readonly server: true;
    readonly addr: { readonly type: "unix"; readonly path: string };
  };
  netdev_del: { readonly id: string };
  set_link: { readonly name: string; readonly up: boolean };
  getfd: { readonly fdname: string };
  "add-fd": { readonly "fdset-id"?: number; readonly opaque?: string };
  "remove-fd": { readonly "fdset-id": number; readonly fd?: number };
  migrate: { readonly uri: string };
  "migrate-incoming": { readonly uri: string };
  "migrate-continue": { readonly state: "pre-switchover" };
  migrate_cancel: EmptyArguments;
  "migrate-set-capabilities": { readonly capabilities: readonly { readonly capability: string; readonly state: boolean }[] };
  "migrate-set-parameters": { readonly "max-bandwidth"?: number; readonly "downtime-limit"?: number };
  "query-migrate": EmptyArguments;
  "query-block": EmptyArguments;
  "x-debug-query-block-graph": EmptyArguments;
  transaction: { readonly actions: readonly { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] };
  "blockdev-mirror": {
    readonly "job-id": string;
    readonly device: string;
    readonly target: string;
    readonly sync: "top" | "full";
    /** “write-blocking”: a write of the guest is done when both have it. */
    /** Bytes under way at once. */
    readonly "buf-size"?: number;
    readonly "copy-mode"?: "background" | "write-blocking";
    /** Bytes a second. */
    readonly speed?: number;
    readonly "auto-finalize"?: boolean;
    readonly "auto-dismiss"?: boolean;
  };
  "block-stream": {
    readonly "job-id": string;
    readonly device: string;
    readonly "base-node"?: string;
    readonly "backing-file"?: string | undefined;
    /** Bytes a second. */
    readonly speed?: number;
    readonly "auto-finalize"?: boolean;
    readonly "auto-dismiss"?: boolean;
  };
  "job-complete": { readonly id: string };
  /** `force`: also one that only waits to be completed is ended without effect. `device` is the job's id. */
  "block-job-cancel": { readonly device: string; readonly force: boolean };
  "blockdev-reopen": { readonly options: readonly Readonly<Record<string, unknown>>[] };
  "query-named-block-nodes": { readonly flat: true };
  screendump: { readonly filename: string; readonly format?: "png" | "ppm" };
  pmemsave: { readonly val: number; readonly size: number; readonly filename: string };
  "send-key": { readonly keys: readonly { readonly type: "qcode"; readonly data: string }[]; readonly "hold-time"?: number };
  "input-send-event": { readonly events: readonly InputEvent[] };
}
type EmptyArguments = Readonly<Record<string, never>>;
/** qapi/ui.json: what is needed of it. */
export type InputEvent =
  | {
      readonly type: "key";
      readonly data: { readonly down: boolean; readonly key: { readonly type: "qcode"; readonly data: string } };
    }
  | { readonly type: "rel"; readonly data: { readonly axis: "x" | "y"; readonly value: number } }
  | {
      readonly type: "btn";
      readonly data: { readonly down: boolean; readonly button: "left" | "middle" | "right" | "wheel-up" | "wheel-down" };
    };
export type CommandName = keyof CommandArguments;

const blockStats = z.object({ rd_bytes: z.number(), wr_bytes: z.number() });

export const replySchemas = {
  ...hotplugReplies,
  quit: nothing,
  cont: nothing,
  stop: nothing,
  system_reset: nothing,
  system_powerdown: nothing,
  "query-status": z.object({ running: z.boolean(), status: z.string().max(64) }),
  "query-version": z.object({ qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }), package: z.string() }),
  "query-machines": z.array(z.object({ name: z.string(), alias: z.string().optional(), "is-default": z.boolean().optional() })),
  "query-cpu-definitions": z.array(z.object({ name: z.string() })),
  "qom-list-types": z.array(z.object({ name: z.string() })),
  "query-blockstats": z.array(
    z.object({ device: z.string().optional(), qdev: z.string().optional(), "node-name": z.string().optional(), stats: blockStats }),
  ),
  "query-jobs": z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      "current-progress": z.number(),
      "total-progress": z.number(),
      error: z.string().optional(),
    }),
  ),
  "job-cancel": nothing,
  "job-dismiss": nothing,
  "blockdev-backup": nothing,
  "blockdev-add": nothing,
  block_resize: nothing,
  "blockdev-del": nothing,
  "blockdev-open-tray": nothing,
  "blockdev-close-tray": nothing,
  "blockdev-remove-medium": nothing,
  "blockdev-insert-medium": nothing,
  "nbd-server-start": nothing,
  "block-export-add": nothing,
  netdev_add: nothing,
  netdev_del: nothing,
  set_link: nothing,
  getfd: nothing,
  "add-fd": z.object({ "fdset-id": z.int() }),
  "remove-fd": nothing,
  migrate: nothing,
  "migrate-incoming": nothing,
  "migrate-continue": nothing,
  migrate_cancel: nothing,
  "migrate-set-capabilities": nothing,
  "migrate-set-parameters": nothing,
  "query-migrate": z.object({
    status: z.string().max(64).optional(),
    downtime: z.number().optional(),
    "error-desc": z.string().optional(),
    /** Bytes. */
    ram: z.object({ transferred: z.number(), remaining: z.number(), total: z.number() }).optional(),
  }),
  "query-block": z.array(z.object({ qdev: z.string().optional(), inserted: z.object({ "node-name": z.string().optional() }).optional() })),
  "x-debug-query-block-graph": z.object({
    nodes: z.array(z.object({ id: z.int(), name: z.string() })),
    edges: z.array(z.object({ parent: z.int(), child: z.int(), name: z.string() })),
  }),
  transaction: nothing,
  "blockdev-mirror": nothing,
  "block-stream": nothing,
  "job-complete": nothing,
  "block-job-cancel": nothing,
  "blockdev-reopen": nothing,
  "query-named-block-nodes": z.array(z.object({ "node-name": z.string().optional(), file: z.string(), ro: z.boolean() })),
  screendump: nothing,
  pmemsave: nothing,
  "send-key": nothing,
  "input-send-event": nothing,
} as const satisfies Record<CommandName, z.ZodType>;

export type CommandTypes = {
  readonly [C in CommandName]: { readonly arguments: CommandArguments[C]; readonly returns: z.output<(typeof replySchemas)[C]> };
};
