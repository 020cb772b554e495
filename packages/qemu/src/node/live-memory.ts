// More or less memory while it runs. More comes through one virtio-mem device, which the guest fills or empties block by
// block; less than it was started with comes through a balloon, which the guest fills with pages that it does not need.
// Both are put into a socket when first needed. (A balloon must never reach memory that is shared with a template
// without being sealed; clones have theirs sealed.)
import { type Clock, type LongWork, mib, type Waiting } from "@mimic/base";
import type { Growth } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import { deviceIds, withFreeSocket } from "./hotplug.ts";
import { MemoryLags } from "./memory-lags.ts";

const MORE = "memory1";
const BALLOON = "balloon0";
/** virtio-mem's block; the balloon has pages of 4 KiB. */
const BLOCK_MIB = 2;
/** After this long without any movement the guest is taken not to follow. */
const STILL_MS = 15_000;
const LOOK_MS = 250;

interface Needs {
  readonly session: QmpSession;
  readonly clock: Clock;
}

export async function setMemory(needs: Needs, growth: Growth, wantedMiB: number, options: LongWork): Promise<void> {
  const more = Math.max(0, Math.ceil((wantedMiB - growth.startMemoryMiB) / BLOCK_MIB) * BLOCK_MIB);
  const base = Math.min(wantedMiB, growth.startMemoryMiB);
  const ids = await deviceIds(needs.session, options);
  if (more > 0 || ids.includes(MORE)) await requestMore(needs, growth, more, ids.includes(MORE), options);
  if (base < growth.startMemoryMiB || ids.includes(BALLOON)) await inflate(needs, base, ids.includes(BALLOON), options);
  await follow(needs, growth, wantedMiB, options);
}

async function requestMore({ session }: Needs, growth: Growth, more: number, isThere: boolean, options: Waiting): Promise<void> {
  if (isThere) {
    await session.execute("qom-set", { path: `/machine/peripheral/${MORE}`, property: "requested-size", value: mib(more) }, options);
    return;
  }
  const room = Math.floor((growth.maxMemoryMiB - growth.startMemoryMiB) / BLOCK_MIB) * BLOCK_MIB;
  const memdev = "more0";
  // Not reserved: it costs this computer only what the guest is given of it.
  await session.execute(
    "object-add",
    { "qom-type": "memory-backend-ram", id: memdev, size: mib(room), reserve: false, dump: false },
    options,
  );
  try {
    const device = { driver: "virtio-mem-pci", id: MORE, memdev, "requested-size": mib(more) };
    await withFreeSocket(session, (bus) => session.execute("device_add", { ...device, bus }, options), options);
  } catch (error) {
    await session.execute("object-del", { id: memdev }, options).catch(() => {});
    throw error;
  }
}

async function inflate({ session, clock }: Needs, baseMiB: number, isThere: boolean, options: Waiting): Promise<void> {
  if (!isThere) {
    const device = { driver: "virtio-balloon-pci", id: BALLOON };
    await withFreeSocket(session, (bus) => session.execute("device_add", { ...device, bus }, options), options);
  }
  // Until the guest's driver is there, QEMU has nobody to tell.
  for (const until = clock.monotonicMs() + STILL_MS; ; await clock.sleep(LOOK_MS, options)) {
    const told = await session.execute("balloon", { value: mib(baseMiB) }, options).then(
      () => true,
      () => false,
    );
    if (told || clock.monotonicMs() > until) return;
  }
}

/** Resolves when it has what was asked for, within a block or a hundredth; throws when nothing moves any more. */
async function follow({ session, clock }: Needs, growth: Growth, wantedMiB: number, options: LongWork): Promise<void> {
  let best = -1;
  let movedAt = clock.monotonicMs();
  for (;;) {
    const has = await memoryOf(session, growth, options);
    const gap = Math.abs(has - wantedMiB);
    if (gap <= Math.max(BLOCK_MIB, wantedMiB / 100)) return;
    if (best < 0 || gap < best) {
      best = gap;
      movedAt = clock.monotonicMs();
    }
    if (clock.monotonicMs() - movedAt > STILL_MS) throw new MemoryLags(wantedMiB, has);
    options.report({ words: `The guest has ${has} MiB of ${wantedMiB} MiB` });
    await clock.sleep(LOOK_MS, options);
  }
}

/** What the guest has now, in MiB. */
export async function memoryOf(session: QmpSession, growth: Growth, options: Waiting): Promise<number> {
  const more = await session.execute("qom-get", { path: `/machine/peripheral/${MORE}`, property: "size" }, options).catch(() => 0);
  const base = await session.execute("query-balloon", {}, options).then(
    ({ actual }) => actual,
    () => mib(growth.startMemoryMiB),
  );
  return Math.round((base + (typeof more === "number" ? more : 0)) / mib(1));
}
