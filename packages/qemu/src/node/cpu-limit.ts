// Holding one QEMU to a share of this computer's processors, through the kernel's control groups (cgroup v2 cpu.max, or
// v1 cpu.cfs_quota_us). That needs a group that Mimic may make and fill; where it may not, the reason is said.
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { MimicError, messageOf } from "@mimic/base";
import type { RunRecord } from "@mimic/model";

const PERIOD_US = 100_000;

interface Place {
  readonly folder: string;
  readonly set: (folder: string, percent: number) => Promise<void>;
}

const quotaOf = (percent: number): number => Math.round((PERIOD_US * percent) / 100);

/** The group of this run. Throws `host.no_cpu_limit`. */
export async function limitCpu(run: RunRecord, percent: number): Promise<void> {
  const reasons: string[] = [];
  for (const { folder, set } of await places(run)) {
    try {
      await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
      await set(folder, percent);
      await writeFile(`${folder}/cgroup.procs`, `${run.pid}`);
      return;
    } catch (error) {
      reasons.push(messageOf(error));
      await rmdir(folder).catch(() => {});
    }
  }
  // No limit was asked for, and none can be in force where no group can be made.
  if (percent === 0) return;
  throw new MimicError("host.no_cpu_limit", "This computer's kernel does not let Mimic limit processor time.", {
    hint: "It needs a control group (cgroup) with the “cpu” controller that you may write; under systemd a user has one after “systemctl set-property user-.slice Delegate=cpu”.",
    detail: reasons.join("; ") || "no cpu controller is mounted",
  });
}

/** The machine is gone: so is its group. Never throws. */
export async function dropCpuLimit(run: RunRecord): Promise<void> {
  for (const { folder } of await places(run)) await rmdir(folder).catch(() => {});
}

async function places(run: RunRecord): Promise<readonly Place[]> {
  const found: Place[] = [];
  const name = `mimic-${run.cookie}`;
  const mounts = await readFile("/proc/mounts", "utf8").catch(() => "");
  const own = await readFile("/proc/self/cgroup", "utf8").catch(() => "");
  for (const line of mounts.split("\n")) {
    const [, at = "", type, options = ""] = line.split(" ");
    if (type === "cgroup2") {
      // A group may not hold processes and groups with controllers at once: a sister of our own group, then.
      const path = /^0::(.*)$/m.exec(own)?.[1] ?? "/";
      const parent = path === "/" ? at : `${at}${path.slice(0, path.lastIndexOf("/"))}`;
      const controllers = await readFile(`${parent}/cgroup.subtree_control`, "utf8").catch(() => "");
      if (controllers.split(/\s+/).includes("cpu")) found.push({ folder: `${parent}/${name}`, set: setV2 });
    }
    if (type === "cgroup" && options.split(",").includes("cpu")) found.push({ folder: `${at}/${name}`, set: setV1 });
  }
  return found;
}

const setV2 = (folder: string, percent: number): Promise<void> =>
  writeFile(`${folder}/cpu.max`, `${percent === 0 ? "max" : quotaOf(percent)} ${PERIOD_US}`);

async function setV1(folder: string, percent: number): Promise<void> {
  await writeFile(`${folder}/cpu.cfs_period_us`, `${PERIOD_US}`);
  await writeFile(`${folder}/cpu.cfs_quota_us`, `${percent === 0 ? -1 : quotaOf(percent)}`);
}
