// Does the cage work on this computer? Asked with a canary: a secret file outside that a caged program must
// not be able to read, while the same program without the cage (the control) can. Anything else counts as no cage.
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type Cage, runCaged } from "./spawn.ts";
import { type Environment, findProgram, findTools, qemuUser } from "./tools.ts";

export async function probeCage(environment: Environment, folder: string): Promise<Cage> {
  const tools = findTools(environment);
  const user = tools.setpriv === undefined ? undefined : qemuUser(environment);
  const open: Cage = { tools, user, confines: false, because: "" };
  if (tools.bwrap === undefined) return { ...open, because: "bubblewrap is not installed." };
  const caged: Cage = { ...open, confines: true };
  return { ...caged, ...(await tryCanary(caged, open, environment, folder)) };
}

async function tryCanary(caged: Cage, open: Cage, environment: Environment, parent: string): Promise<Pick<Cage, "confines" | "because">> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(`${parent}/cage-`);
  const outside = await mkdtemp("/tmp/mimic-canary-");
  try {
    const secret = randomBytes(16).toString("hex");
    const inside = randomBytes(16).toString("hex");
    await writeFile(`${outside}/secret`, secret);
    await writeFile(`${folder}/own`, inside);
    await handOver(folder, open, ["own"]);
    // Readable for everybody, whatever the umask: what hides it must be the cage.
    await chmod(`${outside}/secret`, 0o644);
    await chmod(outside, 0o755);
    const cat = findProgram("cat", environment.path) ?? "/bin/cat";
    const control = await runCaged(open, { argv: [cat, `${outside}/secret`], folder: "/" }, 5000);
    const probe = await runCaged(caged, { argv: [cat, "/m/own", `${outside}/secret`], folder }, 5000);
    if (!control.output.includes(secret)) return { confines: false, because: "The cage could not be tested: the control did not work." };
    if (probe.output.includes(secret)) return { confines: false, because: "The cage does not hide your files." };
    if (!probe.output.includes(inside))
      return {
        confines: false,
        because: `The cage does not start here: ${probe.errors.trim().slice(0, 200) || "no reason given"}. Often user namespaces are switched off.`,
      };
    return { confines: true, because: "A program in the cage could not read a file outside it; without the cage it could." };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(outside, { recursive: true, force: true });
  }
}

/** Gives a folder and what is in it to QEMU's user (0700), when that is another one than we are. */
export async function handOver(folder: string, cage: Pick<Cage, "user">, names: readonly string[] = []): Promise<void> {
  await chmod(folder, 0o700);
  if (cage.user === undefined) return;
  await chown(folder, cage.user.uid, cage.user.gid);
  for (const name of names) await chown(`${folder}/${name}`, cage.user.uid, cage.user.gid);
}
