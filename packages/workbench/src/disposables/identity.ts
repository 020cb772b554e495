// Who a machine is, when it went on from another's memory: random pool, machine id, name, SSH host keys and time of its
// own, before anything of a person's runs in it. The tiny Linux's resident helper does it without starting anything; other
// systems are lent a program, and run one script. What could not be made anew is said, never passed over.
import { MimicError, type Random, type Waiting } from "@mimic/base";
import type { GuestAgent } from "../ports/index.ts";
import { lastCallOf, lendHelper, takeBackHelper } from "./lent-helper.ts";
import { askResident, type NewSelf } from "./resident-helper.ts";

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
  /** Where the program is in the guest that was lent to it; undefined where it has a resident one. */
  readonly lent: string | undefined;
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
/** Just gone on from memory, on a computer that is busy or imitated itself, a guest is slow to find its feet. */
const FIRST_ANSWER_MS = 120_000;

/**
 * Throws `disposable.no_identity` when the guest's random numbers could not be made its own: such a copy must not be used.
 * `keepsHelper`: one that was lent stays, for a `refreshIdentity` to come.
 */
export async function giveIdentity(
  agent: GuestAgent,
  identity: Identity,
  options: Waiting & { readonly random: Random; readonly helper: Uint8Array; readonly keepsHelper?: boolean },
): Promise<IdentityReport> {
  const self = { name: identity.name, machineId: hex(options.random.bytes(16)) };
  const said = await askResident(agent, identity.nowMs, self, { ...options, timeoutMs: FIRST_ANSWER_MS });
  // Where there are keys to be made, programs have to be started after all.
  if (said?.has("random") && !said.has("ssh")) return reportOf(said, undefined);
  const lent = await lendHelper(agent, options.helper, options);
  const report = lent === undefined ? undefined : await runLent(agent, lent, { ...self, nowMs: identity.nowMs }, options);
  if (lent !== undefined && !(report?.random && options.keepsHelper)) await takeBackHelper(agent, lent, options);
  if (!report?.random)
    throw new MimicError("disposable.no_identity", "The copy could not be given random numbers of its own, so it was thrown away.", {
      hint: "Machines of this system are switched on instead of going on from a copy: mimic template --disks-only.",
    });
  return report;
}

/** At the moment a warmed machine is handed out: fresh randomness and the right time. A lent helper goes. */
export async function refreshIdentity(
  agent: GuestAgent,
  { lent, nowMs }: { readonly lent: string | undefined; readonly nowMs: number },
  options: Waiting & { readonly random: Random },
): Promise<void> {
  if (!(lent === undefined ? await refreshResident(agent, nowMs, options) : await refreshLent(agent, lent, nowMs, options)))
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
  if (await refreshResident(agent, nowMs, options)) return;
  await refreshIdentity(agent, { lent: await lendHelper(agent, options.helper, options), nowMs }, options);
}

const refreshResident = async (agent: GuestAgent, nowMs: number, options: Waiting & { readonly random: Random }): Promise<boolean> =>
  (await askResident(agent, nowMs, undefined, options))?.has("random") === true;

async function refreshLent(
  agent: GuestAgent,
  lent: string,
  nowMs: number,
  options: Waiting & { readonly random: Random },
): Promise<boolean> {
  const whole = Math.floor(nowMs / 1000);
  const args = [String(whole), String(Math.round((nowMs - whole * 1000) * 1e6))];
  const { code } = await agent.quick({ ...lastCallOf(lent, args), input: options.random.bytes(RANDOM_BYTES) }, options);
  return code === 0;
}

async function runLent(
  agent: GuestAgent,
  lent: string,
  self: NewSelf & { readonly nowMs: number },
  options: Waiting & { readonly random: Random },
): Promise<IdentityReport> {
  const args = ["-c", SCRIPT, "mimic", self.name, self.machineId, String(Math.round(self.nowMs / 1000)), lent];
  const { out } = await agent.quick({ program: "/bin/sh", args, input: options.random.bytes(RANDOM_BYTES) }, options);
  return reportOf(new Set(out.split("\n")), lent);
}

const reportOf = (said: ReadonlySet<string>, lent: string | undefined): IdentityReport => ({
  random: said.has("random"),
  time: said.has("time"),
  name: said.has("name"),
  machineId: said.has("id"),
  sshKeys: said.has("ssh"),
  lent,
});

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
