// A second machine like the first: linked (its own thin layers copied, the images under them shared)
// or full (each disk flattened into one file that depends on nothing).
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { type DiskSpec, type JobView, type MachineRecord, type NicSpec, withoutFile } from "@mimic/model";
import { type Context, findMachine, freeName, nowIso } from "../context.ts";
import { freeMac } from "../networks/nic-verbs.ts";
import type { MachineDraft } from "../ports/index.ts";
import { adoptNew, publish } from "./create-machine.ts";
import { writeSeeds } from "./write-seeds.ts";

export function cloneMachine(
  context: Context,
  input: { machine: string; name: string; full?: boolean | undefined },
): { job: JobView } | Refusal {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const source = actor.record;
  if (actor.state.power !== "stopped" && actor.state.power !== "failed") {
    return refusal(
      "machine.must_be_off",
      `“${source.name}” is ${actor.state.power}; a copy of disks that are being written would be torn.`,
      `Shut it down first: mimic stop ${source.name}`,
    );
  }
  if (source.asleep)
    return refusal(
      "machine.asleep",
      `“${source.name}” sleeps: its memory and its disks belong together.`,
      `Wake it up and shut it down: mimic start ${source.name}`,
    );
  if (source.forgets && input.full)
    return refusal(
      "disposable.no_full_copy",
      `“${source.name}” begins at each start with its template, so it cannot be copied to stand alone.`,
      `Make a linked copy: mimic clone ${source.name} ${input.name.slice(0, 63)}`,
    );
  const name = freeName(context, input.name);
  if (isRefusal(name)) return name;
  const { ports } = context;
  const id = ports.ids.make<"MachineId">("mch");
  context.reserved.add(name);
  const job = context.jobs.run(
    { kind: "machine.clone", title: `Clone “${source.name}” as “${name}”`, subjects: [id, source.id] },
    async (work) => {
      try {
        const disks = source.hardware.disks.map((disk): { old: DiskSpec; fresh: DiskSpec } => ({
          old: disk,
          fresh: {
            ...withoutFile(disk),
            id: ports.ids.make("dsk"),
            base: input.full ? undefined : disk.base,
            layers: input.full ? undefined : disk.layers,
          },
        }));
        const record: MachineRecord = {
          ...source,
          id,
          name,
          createdAt: nowIso(context),
          // The moments of the other one are not its own, nor does anything of it keep some by itself.
          moment: undefined,
          routine: undefined,
          wakes: undefined,
          hardware: {
            ...source.hardware,
            disks: disks.map(({ fresh }) => fresh),
            nics: source.hardware.nics.map((nic) => cloneNic(context, nic)),
          },
        };
        const chains = ports.machines.plan(source).files.disks;
        const copy = (draft: MachineDraft) =>
          actor.occupy("it is being copied", async () => {
            for (const { old, fresh } of disks) {
              work.report({ words: `Copying a disk of “${source.name}”` });
              // What a machine that begins anew has written there is nobody's.
              if (source.forgets && !old.keeps) continue;
              const to = draft.diskPath(fresh.id, fresh.format);
              if (input.full) await ports.diskTool.copy(chains[old.id] ?? [], { path: to, format: fresh.format }, work);
              else await draft.copyFile(ports.machines.diskPath(source, old.id), to);
              work.signal.throwIfAborted();
            }
            await writeSeeds(context, record, draft);
            await draft.nvramFrom(source.id);
          });
        await publish(context, record, work, copy);
        adoptNew(context, record, `Cloned from “${source.name}”.`);
        return { machine: id, words: `“${name}” is a ${input.full ? "full" : "linked"} copy of “${source.name}”.` };
      } finally {
        context.reserved.delete(name);
      }
    },
  );
  return { job };
}

/** The same card in the same place, with an address of its own. */
function cloneNic(context: Context, nic: NicSpec): NicSpec {
  const id = context.ports.ids.make("nic") as string;
  return { ...nic, id, mac: freeMac(context, id) };
}
