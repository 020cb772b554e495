// Who a machine is, when it went on from another's memory: random pool, machine id, name, SSH host keys and time of its
// own, before anything of a person's runs in it. One script, one process per step, since under emulation each costs
// milliseconds. What could not be made anew is said, never passed over.
import { MimicError, type Random, type Waiting } from "@mimic/base";
import type { GuestAgent } from "../ports/index.ts";
import { lastCallOf, lendHelper, takeBackHelper } from "./lent-helper.ts";

export interface Identity {
  readonly name: string;
  readonly nowMs: number;
}

/** What the guest said it has made its own. `random` is a condition; the others depend on what its system has. */
export interface IdentityReport {
  readonly random: boolean;
  readonly time: boolean;
  readonly name: boolean;
  readonly machineId: boolean;
  readonly sshKeys: boolean;
  /** Where the program is in the guest that takes fresh randomness and the time. */
  readonly helper: string;
}

/**
 * Arguments: name, machine id, seconds since 1970, our helper. Input: random bytes of this computer, for the kernel's pool.
 * The helper credits them, forces a reseed (RNDADDENTROPY, RNDRESEEDCRNG) and sets the clock; without it copies draw the same numbers.
 * Says a word for each thing that is done.
 */
const SCRIPT = `"$4" "$3" 0
case $? in 0) echo random; echo time ;; 2) echo random ;; esac
if [ -n "$1" ]; then
  echo "$1" > /proc/sys/kernel/hostname && echo name
  echo "$1" > /etc/hostname
  while read -r a b; do case $a in 127.0.0.1) echo "127.0.0.1 localhost $1";; 127.0.1.1) echo "127.0.1.1 $1";; *) echo "$a $b";; esac; done < /etc/hosts > /run/.mimic-hosts 2>/dev/null && while read -r l; do echo "$l"; done < /run/.mimic-hosts > /etc/hosts
  rm -f /run/.mimic-hosts
fi
if [ -n "$2" ] && [ -e /etc/machine-id ]; then
  [ -L /var/lib/dbus/machine-id ] || { [ -d /var/lib/dbus ] && echo "$2" > /var/lib/dbus/machine-id; }
  echo "$2" > /etc/machine-id && echo id
fi
[ -e /var/lib/systemd/random-seed ] && rm -f /var/lib/systemd/random-seed
if [ -n "$2" ] && [ -d /etc/ssh ] && command -v ssh-keygen >/dev/null; then
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key && ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/ssh_host_ecdsa_key && echo ssh
  command -v systemctl >/dev/null && systemctl --no-block try-restart ssh sshd >/dev/null 2>&1
fi
exit 0`;

const RANDOM_BYTES = 64;
const OWN_HELPER = "/sbin/reseed";

/**
 * Throws `disposable.no_identity` when the guest's random numbers could not be made its own: such a copy must not be used.
 * `keepsHelper`: one that was lent stays, for a `refreshIdentity` to come.
 */
export async function giveIdentity(
  agent: GuestAgent,
  identity: Identity,
  options: Waiting & { readonly random: Random; readonly helper: Uint8Array; readonly keepsHelper?: boolean },
): Promise<IdentityReport> {
  const machineId = hex(options.random.bytes(16));
  let report = await run(agent, [identity.name, machineId, seconds(identity.nowMs), OWN_HELPER], options);
  if (!report.random) {
    // Its system has no helper of ours: it is lent one.
    const lent = await lendHelper(agent, options.helper, options);
    if (lent !== undefined) report = await run(agent, [identity.name, machineId, seconds(identity.nowMs), lent], options);
    if (lent !== undefined && !(report.random && options.keepsHelper)) await takeBackHelper(agent, lent, options);
  }
  if (!report.random)
    throw new MimicError("disposable.no_identity", "The copy could not be given random numbers of its own, so it was thrown away.", {
      hint: "Machines of this system are switched on instead of going on from a copy: mimic template --disks-only.",
    });
  return report;
}

/** At the moment a warmed machine is handed out: fresh randomness and the right time, in one small program. A lent helper goes. */
export async function refreshIdentity(
  agent: GuestAgent,
  { helper, nowMs }: { readonly helper: string; readonly nowMs: number },
  options: Waiting & { readonly random: Random },
): Promise<void> {
  const whole = Math.floor(nowMs / 1000);
  const args = [String(whole), String(Math.round((nowMs - whole * 1000) * 1e6))];
  const { code } = await agent.quick({ ...lastCallOf(helper, args), input: options.random.bytes(RANDOM_BYTES) }, options);
  if (code !== 0)
    throw new MimicError("disposable.no_identity", "The waiting machine did not take fresh random numbers, so it was thrown away.", {
      hint: "Try again: another one is made.",
    });
}

/** Time and randomness alone, for a machine that stays who it is. Throws what the agent throws. */
export async function refreshAny(
  agent: GuestAgent,
  nowMs: number,
  options: Waiting & { readonly random: Random; readonly helper: Uint8Array },
): Promise<void> {
  const now = async (helper: string): Promise<boolean> =>
    await refreshIdentity(agent, { helper, nowMs }, options).then(
      () => true,
      () => false,
    );
  if (await now(OWN_HELPER)) return;
  const lent = await lendHelper(agent, options.helper, options);
  await refreshIdentity(agent, { helper: lent ?? OWN_HELPER, nowMs }, options);
}

async function run(agent: GuestAgent, args: readonly string[], options: Waiting & { readonly random: Random }): Promise<IdentityReport> {
  const input = options.random.bytes(RANDOM_BYTES);
  const { out } = await agent.quick({ program: "/bin/sh", args: ["-c", SCRIPT, "mimic", ...args], input }, options);
  const said = new Set(out.split("\n"));
  return {
    random: said.has("random"),
    time: said.has("time"),
    name: said.has("name"),
    machineId: said.has("id"),
    sshKeys: said.has("ssh"),
    helper: args[3] ?? "",
  };
}

const seconds = (ms: number): string => String(Math.round(ms / 1000));
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function identityInWords(report: IdentityReport): string {
  const own = [
    "random numbers",
    report.time && "time",
    report.name && "name",
    report.machineId && "machine id",
    report.sshKeys && "SSH host keys",
  ];
  return `Given its own: ${own.filter(Boolean).join(", ")}.`;
}
