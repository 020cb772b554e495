// A hundred machines that went on from one memory, twenty at a time, and none of them another's double.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const COPIES = 100;
const WAVE = 20;
const AT_ONCE = 5;

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const hardware = { memoryMiB: 128 };
  await mimic.done(mimic.client.machines.create({ name: "mould", system: "tiny-linux", hardware, network: null, start: true }));
  await inside("mould", LIKE_A_SERVER);
  await mimic.done(mimic.client.templates.make({ machine: "mould", name: "base" }));
  await mimic.client.machines.kill({ machine: "mould" });
  await mimic.client.templates.change({ template: "base", warm: 0 });
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

/**
 * The tiny Linux has neither a machine id nor an SSH server: it gets the files, and a stand-in for ssh-keygen that draws its key
 * where the real one does. (The real one: the test of Debian's copies.)
 */
const LIKE_A_SERVER = `
mkdir -p /etc/ssh
echo 0123456789abcdef0123456789abcdef > /etc/machine-id
for kind in ed25519 ecdsa; do echo old > /etc/ssh/ssh_host_\${kind}_key; done
cat > /bin/ssh-keygen <<'END'
#!/bin/sh
while [ "$1" != -f ]; do shift; done
head -c 32 /dev/urandom | hexdump -v -e '1/1 "%02x"' > "$2"
END
chmod 755 /bin/ssh-keygen`;

/** One line each (a card comes when its driver is ready); the first draw of randomness is the very first thing. */
const LOOK = `
head -c 32 /dev/urandom | hexdump -v -e '1/1 "%02x"'; echo
hostname
cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key; echo
cat /etc/ssh/ssh_host_ecdsa_key; echo
tries=0; while [ ! -e /sys/class/net/eth0 ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
cat /sys/class/net/eth0/address
date +%s`;

const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};

interface Copy {
  readonly machine: string;
  readonly said: readonly string[];
  readonly late: number;
}

async function copy(): Promise<Copy> {
  const machine = (await mimic.done(mimic.client.disposables.run({ of: "base", net: "home" }))).result?.machine ?? "";
  const before = Date.now() / 1000;
  const said = (await inside(machine, LOOK)).split("\n");
  const [now, after] = [Number(said.pop()), Date.now() / 1000];
  return { machine, said, late: Math.max(before - 1 - now, now - after - 1, 0) };
}

/** What the switch gave them, as Mimic sees it. */
async function addressesOf(copies: readonly Copy[]): Promise<string[]> {
  const ours = new Set(copies.map(({ machine }) => machine));
  const { machines } = await mimic.client.machines.list({});
  return machines.filter(({ id }) => ours.has(id)).flatMap(({ links }) => links[0]?.addresses.find((one) => one.includes(".")) ?? []);
}

/** What those see of it that have none. */
async function withoutAddress(copies: readonly Copy[]): Promise<string> {
  const { machines } = await mimic.client.machines.list({});
  const without = machines.filter(({ id, links }) => copies.some(({ machine }) => machine === id) && !links[0]?.addresses.length);
  const seen = without.map(async ({ id }) => {
    const look = "ip a; ls -l /run/net/*; cat /sys/class/net/eth*/carrier; ps | grep dhcp; dmesg | tail";
    return (await mimic.mimic(["exec", id, "-n", "--", "sh", "-c", `exec 2>&1; ${look}`])).out;
  });
  return (await Promise.all(seen)).join("\n");
}

async function wave(): Promise<Copy[]> {
  const copies: Copy[] = [];
  while (copies.length < WAVE) copies.push(...(await Promise.all(Array.from({ length: AT_ONCE }, copy))));
  const all = expect.poll(async () => (await addressesOf(copies)).length, { timeout: 120_000, interval: 1000 }).toBe(WAVE);
  await all.catch(async (error: unknown) => {
    throw new Error(`not all have an address:\n${await withoutAddress(copies)}`, { cause: error });
  });
  expect(new Set(await addressesOf(copies)).size).toBe(WAVE);
  await Promise.all(copies.map(({ machine }) => mimic.client.disposables.discard({ machine })));
  await expect.poll(async () => (await mimic.client.machines.list({})).machines.length, { timeout: 60_000, interval: 500 }).toBe(1);
  return copies;
}

test(`${COPIES} copies: random numbers, names, machine ids, SSH keys and MACs of their own, addresses among those that are there, the right time`, async () => {
  const copies: Copy[] = [];
  while (copies.length < COPIES) copies.push(...(await wave()));
  for (const [at, what] of ["random numbers", "name", "machine id", "SSH key", "other SSH key", "MAC"].entries()) {
    const all = copies.map(({ said }) => said[at]);
    expect(new Set(all).size, `${what}: ${all.slice(0, 3).join(" ")}`).toBe(COPIES);
  }
  for (const { said, late } of copies) {
    expect(said).toHaveLength(6);
    expect(said[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(said[2]).toMatch(/^[0-9a-f]{32}$/);
    expect(said[3]).toMatch(/^[0-9a-f]{64}$/);
    // Mimic's own second and the guest's may begin at different moments; a template's time would be minutes off.
    expect(late).toBeLessThan(3);
  }
}, 480_000);
