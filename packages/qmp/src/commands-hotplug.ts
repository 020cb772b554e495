// The orders that change a machine while it runs (qapi/qdev.json, qom.json, machine.json, block-core.json).
import { z } from "zod";

const nothing = z.unknown().transform(() => undefined);

export interface HotplugArguments {
  /** `driver` and `id`, and the properties of that device. */
  device_add: Readonly<Record<string, unknown>> & { readonly driver: string; readonly id: string };
  device_del: { readonly id: string };
  "object-add": Readonly<Record<string, unknown>> & { readonly "qom-type": string; readonly id: string };
  "object-del": { readonly id: string };
  "qom-list": { readonly path: string };
  "qom-get": { readonly path: string; readonly property: string };
  "qom-set": { readonly path: string; readonly property: string; readonly value: unknown };
  "query-hotpluggable-cpus": Readonly<Record<string, never>>;
  balloon: { readonly value: number };
  "query-balloon": Readonly<Record<string, never>>;
  "query-fdsets": Readonly<Record<string, never>>;
}

export const hotplugReplies = {
  device_add: nothing,
  device_del: nothing,
  "object-add": nothing,
  "object-del": nothing,
  "qom-list": z.array(z.object({ name: z.string().max(200), type: z.string().max(200) })).max(4096),
  "qom-get": z.unknown(),
  "qom-set": nothing,
  /** Free places have no `qom-path`; the list descends. */
  "query-hotpluggable-cpus": z
    .array(z.object({ type: z.string().max(100), props: z.record(z.string(), z.int()), "qom-path": z.string().optional() }))
    .max(1024),
  balloon: nothing,
  "query-balloon": z.object({ actual: z.number() }),
  "query-fdsets": z
    .array(z.object({ "fdset-id": z.int(), fds: z.array(z.object({ fd: z.int(), opaque: z.string().optional() })) }))
    .max(4096),
} as const;
