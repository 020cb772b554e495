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

/** Line by line, and what the machine had there that they are copies of. */
const LOOKED_AT = [
  { what: "random numbers", mould: "0".repeat(64) },
  { what: "name", mould: "mould" },
  { what: "machine id", mould: "0123456789abcdef0123456789abcdef" },
  { what: "SSH key", mould: "old" },
  { what: "other SSH key", mould: "old" },
  { what: "MAC", mould: "" },
] as const;

const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};

interface Copy {
  readonly machine: string;
  /** One for each line of LOOK but the last. */
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

/** MAC → address that the switch gave it, as Mimic sees it. */
async function addressesOf(copies: readonly Copy[]): Promise<Map<string, string>> {
  const ours = new Set(copies.map(({ machine }) => machine));
  const { machines } = await mimic.client.machines.list({});
  const mine = machines.filter(({ id }) => ours.has(id));
  return new Map(
    mine.flatMap(({ hardware, links }) => {
      const address = links[0]?.addresses.find((one) => one.includes("."));
      return address === undefined ? [] : [[hardware.nics.find(({ id }) => id === links[0]?.nic)?.mac ?? "", address] as const];
    }),
  );
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

interface Wave {
  readonly copies: readonly Copy[];
  readonly addresses: ReadonlyMap<string, string>;
}

async function wave(): Promise<Wave> {
  const copies: Copy[] = [];
  while (copies.length < WAVE) copies.push(...(await Promise.all(Array.from({ length: AT_ONCE }, copy))));
  const all = expect.poll(async () => (await addressesOf(copies)).size, { timeout: 120_000, interval: 1000 }).toBe(WAVE);
  await all.catch(async (error: unknown) => {
    throw new Error(`not all have an address:\n${await withoutAddress(copies)}`, { cause: error });
  });
  const addresses = await addressesOf(copies);
  await Promise.all(copies.map(({ machine }) => mimic.client.disposables.discard({ machine })));
  await expect.poll(async () => (await mimic.client.machines.list({})).machines.length, { timeout: 60_000, interval: 500 }).toBe(1);
  return { copies, addresses };
}

test(`${COPIES} copies: random numbers, names, machine ids, SSH keys, MACs and addresses of their own, the right time`, async () => {
  const waves: Wave[] = [];
  while (waves.length * WAVE < COPIES) waves.push(await wave());
  const copies = waves.flatMap((one) => one.copies);
  for (const [at, { what, mould }] of LOOKED_AT.entries()) {
    const all = [...copies.map(({ said }) => said[at]), mould];
    expect(new Set(all).size, `${what}: ${all.slice(0, 3).join(" ")}`).toBe(COPIES + 1);
  }
  expect(new Set(copies.map(({ machine }) => machine)).size).toBe(COPIES);
  // Those who are gone have left their addresses; while there are others nobody gets one of these.
  const addresses = waves.flatMap((one) => [...one.addresses.values()]);
  expect(new Set(addresses).size, addresses.join(" ")).toBe(COPIES);
  // Of the same cards as in the guests.
  expect(waves.flatMap((one) => [...one.addresses.keys()]).sort()).toEqual(copies.map(({ said }) => said[5]).sort());
  for (const { said, late } of copies) {
    expect(said).toHaveLength(LOOKED_AT.length);
    expect(said[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(said[2]).toMatch(/^[0-9a-f]{32}$/);
    expect(said[3]).toMatch(/^[0-9a-f]{64}$/);
    expect(said[4]).toMatch(/^[0-9a-f]{64}$/);
    // Mimic's own second and the guest's may begin at different moments; a template's time would be minutes off.
    expect(late).toBeLessThan(3);
  }
}, 480_000);
