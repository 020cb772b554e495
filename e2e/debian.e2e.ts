// A real Debian, as a person gets it: put together here without questions, started in the network “home”, reached by SSH with
// the key that Mimic gave it, and copied while it runs. Everything emulated, so this takes minutes.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { silentLog } from "@mimic/base";
import { DebianArchive, findMirrors } from "@mimic/images/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../apps/daemon/src/host/system-ports.ts";
import { unpackDeb } from "../packages/images/src/node/deb-file.ts";
import { DebianMirror } from "./kit/debian-mirror.ts";
import { type Installation, install, ROOT } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install();
  // Packages are fetched once, for all tests that install.
  const downloads = `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/mimic-tests/downloads/debian`;
  mkdirSync(downloads, { recursive: true, mode: 0o700 });
  mkdirSync(`${mimic.home}/cache`, { recursive: true, mode: 0o700 });
  symlinkSync(downloads, `${mimic.home}/cache/debian`);
}, 120_000);
afterAll(() => mimic?.[Symbol.asyncDispose]());

const inside = async (machine: string, script: string): Promise<string> => {
  const env = "export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8; ";
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", env + script]);
  return `${ran.out}${ran.err}`.trim();
};
const ssh = (machine: string, ...words: string[]) => mimic.mimic(["ssh", machine, "--", ...words]);
const knownHosts = (): string => `${mimic.home}/data/ssh/known_hosts`;

test("is put together from signed packages, and starts", { timeout: 2_400_000 }, async ({ annotate }) => {
  const startedAt = performance.now();
  const made = await mimic.mimic(["image", "pull", "debian-12-install"]);
  expect(made.code, made.err).toBe(0);
  expect(made.err + made.out).toMatch(/Setting up the packages[\s\S]*Setting up openssh-server/);
  const { images } = await mimic.client.images.list({});
  expect(images).toMatchObject([{ kind: "disk", format: "qcow2", system: "debian-12-install" }]);
  const folder = `${mimic.home}/data/images`;
  const [file = ""] = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".qcow2"));
  execFileSync("qemu-img", ["check", "-f", "qcow2", join(folder, file)]);
  const madeAt = performance.now();
  const started = await mimic.mimic(["new", "deb", "--os", "debian-12-install", "--start"]);
  expect(started.err + started.out).toContain("the guest agent answered");
  const seconds = (from: number, to: number) => Math.round((to - from) / 1000);
  await annotate(`image after ${seconds(startedAt, madeAt)} s; usable ${seconds(madeAt, performance.now())} s later`);
});

describe("the installed system", () => {
  test("is whole, has nothing failed, and keeps no trace of its making", async () => {
    expect(await inside("deb", "systemctl is-system-running --wait; systemctl --failed --no-legend --plain")).toBe("running");
    expect(await inside("deb", "dpkg --audit && apt-get check -qq && dpkg -V && echo whole")).toBe("whole");
    expect(await inside("deb", "dpkg -l | awk 'NR > 5 {print $1}' | sort -u")).toBe("ii");
    const traces = "test -s /boot/initrd.img-$(uname -r) && ! test -e /usr/sbin/policy-rc.d && ! test -e /run/install && echo tidy";
    expect(await inside("deb", traces)).toBe("tidy");
    expect(await inside("deb", "findmnt -n -o SOURCE,FSTYPE,OPTIONS /; cat /proc/cmdline")).toMatch(/\/dev\/vda1 +ext4 +rw.*UUID=/s);
    // Own keys and an own identity, made in this machine; nobody can log in with a password.
    const own = "systemctl is-active ssh; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key; wc -c </etc/machine-id";
    expect(await inside("deb", own)).toMatch(/^active\n256 .*\n33$/s);
    expect(await inside("deb", "awk -F: '$2 !~ /^[!*]/ {print $1}' /etc/shadow; passwd -S root mimic 2>&1")).not.toMatch(/ P /);
    expect(await inside("deb", "date +%Z; . /etc/default/locale; echo $LANG; cat /etc/hostname")).toBe("UTC\nC.UTF-8\ndeb");
    const serial = async () => (await mimic.client.machines.log({ machine: "deb", which: "serial" })).text;
    await expect.poll(serial, { timeout: 60_000 }).toMatch(/mimic@deb:~\$/);
  });

  test("has its time for itself while a command says nothing: its agent is asked seldom", async ({ annotate }) => {
    // It writes down every command's status that is asked for, and every file that is opened.
    const asked = 'n() { journalctl -q -u qemu-guest-agent --no-pager | wc -l; }; a=$(n); sleep 10; b=$(n); echo "$((b - a))"';
    const questions = Number(await inside("deb", asked));
    await annotate(`${questions} in ten seconds`);
    expect(questions).toBeGreaterThan(5);
    expect(questions).toBeLessThan(200);
  });

  test("has an address by the gateway, and finds its neighbours by their bare names", async () => {
    const { links } = await mimic.client.machines.show({ machine: "deb" });
    const [address = ""] = links[0]?.addresses ?? [];
    expect(await inside("deb", "ip -br -4 address show scope global")).toContain(`${address}/`);
    const foot = (await mimic.client.networks.show({ network: "home" })).gateway?.feet[0]?.v4?.split("/")[0] ?? "";
    expect(await inside("deb", "ip -4 route show default")).toContain(`default via ${foot}`);
    await expect.poll(() => inside("deb", "getent ahostsv4 gateway || resolvectl"), { timeout: 60_000 }).toMatch(new RegExp(`^${foot} `));
  });

  test("lets mimic ssh in with the key that Mimic gave it, and only while its host key is the one that was seen", async () => {
    expect(await ssh("deb", "id", "-un")).toMatchObject({ code: 0, out: "mimic\n" });
    expect((await ssh("deb", "sudo", "-n", "id", "-u")).out).toBe("0\n");
    expect((await ssh("deb", "exit 7")).code).toBe(7);
    const { id } = await mimic.client.machines.show({ machine: "deb" });
    const seen = readFileSync(knownHosts(), "utf8");
    expect(execFileSync("ssh-keygen", ["-lf", knownHosts(), "-F", id], { encoding: "utf8" })).toContain(
      (await inside("deb", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).split(" ")[1] ?? "no key",
    );
    // Somebody else in its place.
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", `${mimic.home}/other`]);
    writeFileSync(knownHosts(), `${id} ${readFileSync(`${mimic.home}/other.pub`, "utf8")}`);
    const refused = await ssh("deb", "id", "-un");
    expect(refused).toMatchObject({ code: 255, out: "" });
    expect(refused.err).toContain("HOST IDENTIFICATION HAS CHANGED");
    writeFileSync(knownHosts(), seen);
    expect((await ssh("deb", "id", "-un")).out).toBe("mimic\n");
    // The control: with another key nobody comes in.
    const options = (await mimic.mimic(["ssh", "deb", "--config"])).out.replace(/IdentityFile .*/, `IdentityFile "${mimic.home}/other"`);
    writeFileSync(`${mimic.home}/config`, options);
    const stranger = await mimic.mimic(["ssh", "deb", "--config"]);
    expect(stranger.code).toBe(0);
    expect(() => execFileSync("ssh", ["-F", `${mimic.home}/config`, "mimic-deb", "true"], { env: mimic.env, stdio: "pipe" })).toThrow(
      /Permission denied/,
    );
  });

  test("gives mimic shell its own console: a prompt that needs no network, with sudo, and “exit” comes back", async () => {
    const shell = spawn(join(ROOT, "mimic"), ["shell", "deb"], { env: mimic.env, stdio: ["pipe", "pipe", "ignore"] });
    let said = "";
    shell.stdout.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    try {
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(/mimic@deb:~\$ $/);
      shell.stdin.write("tty; sudo -n id -u\n");
      // What is typed before the prompt is there again, sudo would take (it has a terminal of its own meanwhile).
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(/[\r\n]\/dev\/hvc0\r\n0\r\n[\s\S]*mimic@deb:~\$ $/);
      shell.stdin.write("exit\n");
      await expect.poll(() => shell.exitCode, { timeout: 60_000 }).toBe(0);
    } finally {
      shell.kill("SIGTERM");
    }
  });

  test("fetches with apt's own program through the gateway, once a rule opens the server's port", async () => {
    const server = createServer((_request, response) => response.end("from this computer\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const fetch = `/usr/lib/apt/apt-helper -o Acquire::Retries=0 download-file http://gateway:${port}/x /tmp/x; cat /tmp/x`;
      expect(await inside("deb", fetch)).toContain("Connection refused");
      await mimic.client.networks.addRule({ network: "home", rule: { action: "accept", target: { to: "host", port } } });
      await expect.poll(() => inside("deb", fetch), { timeout: 60_000 }).toMatch(/from this computer$/);
    } finally {
      server.close();
    }
  });
});

interface Facts {
  readonly name: string;
  readonly machineId: string;
  readonly random: string;
  readonly hostKey: string;
}
async function factsOf(machine: string): Promise<Facts> {
  const script =
    "hostname; cat /etc/machine-id; head -c 16 /dev/urandom | od -An -tx1; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2";
  const [name = "", machineId = "", random = "", hostKey = ""] = (await inside(machine, script)).split("\n");
  return { name, machineId, random, hostKey };
}
const allDiffer = (facts: readonly Facts[]): void => {
  for (const key of ["name", "machineId", "random", "hostKey"] as const)
    expect(new Set(facts.map((one) => one[key])).size, key).toBe(facts.length);
};

describe("copies of it", () => {
  test("that go on from its memory are somebody of their own: random numbers, machine id, name, SSH host keys", async () => {
    const before = await factsOf("deb");
    await mimic.done(mimic.client.templates.make({ machine: "deb", name: "base" }));
    expect((await mimic.client.templates.show({ template: "base" })).isInstant).toBe(true);
    const names = ["ada", "bob"];
    for (const name of names) {
      const job = await mimic.done(mimic.client.machines.create({ name, template: "base", start: true }));
      expect(job.result?.words).toContain("went on from the template");
    }
    const facts = [before, ...(await Promise.all(names.map(factsOf)))];
    allDiffer(facts);
    expect(facts.map(({ name }) => name)).toEqual(["deb", ...names]);
    for (const name of names) {
      // The helper that was lent is gone, and the new host keys are those that SSH shows.
      expect(
        await inside(name, "ls /dev/shm/.mimic-*/reseed /run/.mimic-*/reseed /var/tmp/.mimic-*/reseed /root/.mimic-*/reseed 2>/dev/null"),
      ).toBe("");
      await expect.poll(() => ssh(name, "hostname"), { timeout: 60_000 }).toMatchObject({ code: 0, out: `${name}\n` });
      const { id } = await mimic.client.machines.show({ machine: name });
      expect(execFileSync("ssh-keygen", ["-lf", knownHosts(), "-F", id], { encoding: "utf8" })).toContain(
        facts.find((one) => one.name === name)?.hostKey,
      );
    }
  });

  test("two at a time get a network card while they run, and talk over that network: both ways at once, by name, until the cable is pulled", async () => {
    await mimic.client.networks.create({ name: "lab", kind: "isolated" });
    for (const name of ["ada", "bob"]) expect((await mimic.mimic(["net", "plug", name, "lab"])).code).toBe(0);
    const addressOf = async (name: string): Promise<string> => {
      const seen = async () => (await mimic.client.machines.show({ machine: name })).links[1]?.addresses[0] ?? "";
      await expect.poll(seen, { timeout: 60_000 }).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      return await seen();
    };
    const addresses = { ada: await addressOf("ada"), bob: await addressOf("bob") };
    // Each serves what it gets to a program that takes its digest, and sends the other ten megabytes of its own.
    const serve = `perl -MIO::Socket::INET -e '
      my $listens = IO::Socket::INET->new(LocalPort => 7000, Listen => 1, ReuseAddr => 1) or die; my $from = $listens->accept;
      print $bytes while sysread $from, $bytes, 65536' | sha256sum > /dev/shm/got`;
    await Promise.all(
      ["ada", "bob"].map((name) =>
        inside(
          name,
          `head -c 10000000 /dev/urandom > /dev/shm/own; (${serve}) > /dev/null 2>&1 < /dev/null & until grep -q :1B58 /proc/net/tcp; do sleep 0.1; done`,
        ),
      ),
    );
    const send = (name: string, to: string) => inside(name, `bash -c 'cat /dev/shm/own > /dev/tcp/${to}/7000'; sha256sum < /dev/shm/own`);
    const [ofAda, ofBob] = await Promise.all([send("ada", addresses.bob), send("bob", addresses.ada)]);
    const got = (name: string) => inside(name, "cat /dev/shm/got");
    await expect.poll(() => got("bob"), { timeout: 30_000 }).toBe(ofAda);
    await expect.poll(() => got("ada"), { timeout: 30_000 }).toBe(ofBob);
    expect(ofAda).not.toBe(ofBob);
    // What was sent went over this network's ports.
    const { ports } = await mimic.client.networks.show({ network: "lab" });
    for (const name of ["ada", "bob"])
      expect(ports.find(({ label }) => label === name)?.counters?.received.bytes ?? 0, name).toBeGreaterThan(10_000_000);
    const resolved = `resolvectl query bob.lab.mimic | head -1`;
    await expect.poll(() => inside("ada", resolved), { timeout: 30_000 }).toContain(`bob.lab.mimic: ${addresses.bob}`);
    // The kernel has no file for a connection that nobody answers.
    const knock = `timeout 5 bash -c ': > /dev/tcp/${addresses.bob}/22' && echo in || echo out`;
    expect(await inside("ada", knock)).toBe("in");
    expect((await mimic.mimic(["net", "set", "lab", "--port", "bob", "--cable", "out"])).code).toBe(0);
    expect(await inside("ada", knock)).toMatch(/out$/);
    expect((await mimic.mimic(["net", "set", "lab", "--port", "bob", "--cable", "in"])).code).toBe(0);
    await expect.poll(() => inside("ada", knock), { timeout: 60_000 }).toBe("in");
    await mimic.client.machines.kill({ machine: "bob" });
  }, 600_000);

  test("an unattended installation of Debian: every package through the gateway onto a disk that came while it ran, which then starts by itself", {
    timeout: 1_500_000,
  }, async ({ annotate }) => {
    using mirror = await DebianMirror.open();
    await mimic.client.networks.addRule({ network: "home", rule: { action: "accept", target: { to: "host", port: mirror.port } } });
    expect((await mimic.mimic(["disk", "add", "ada", "2G"])).code).toBe(0);
    const from = `http://gateway:${mirror.port}/debian`;
    const install = [
      "set -e; export DEBIAN_FRONTEND=noninteractive; exec 2>&1",
      `rm /etc/apt/sources.list.d/*; echo "deb ${from} bookworm main" > /etc/apt/sources.list`,
      "apt-get -qq update; apt-get -qq install --no-install-recommends cdebootstrap > /dev/null",
      "mkfs.ext4 -q /dev/vdb; mount /dev/vdb /mnt",
      `cdebootstrap --flavour=minimal --include=systemd-sysv,udev,qemu-guest-agent bookworm /mnt ${from}`,
      // The kernel is this machine's own; the loader finds it by a list of blocks.
      "mkdir -p /mnt/boot/grub; cp /boot/vmlinuz-$(uname -r) /mnt/boot/vmlinuz; cp /boot/initrd.img-$(uname -r) /mnt/boot/initrd.img",
      "grub-install --target=i386-pc --boot-directory=/mnt/boot --force /dev/vdb",
      "printf 'linux /boot/vmlinuz root=/dev/vda rw\\ninitrd /boot/initrd.img\\nboot\\n' > /mnt/boot/grub/grub.cfg",
      "cp -a --parents /lib/modules/$(uname -r) /mnt",
      "echo by-itself > /mnt/etc/hostname; umount /mnt; echo installed",
    ].join("\n");
    const startedAt = performance.now();
    const said = await inside("ada", install);
    expect(said).toMatch(/Good signature[\s\S]*Configuring package systemd[\s\S]*installed$/);
    await annotate(`installed after ${Math.round((performance.now() - startedAt) / 1000)} s`);
    expect(mirror.given.filter((path) => path.endsWith(".deb")).length).toBeGreaterThan(80);
    expect((await mimic.mimic(["stop", "ada"])).code).toBe(0);
    expect((await mimic.mimic(["disk", "rm", "ada", "1"])).code).toBe(0);
    const started = await mimic.mimic(["start", "ada"]);
    expect(started.err + started.out).toContain("the guest agent answered");
    expect(await inside("ada", "hostname; dpkg --audit; findmnt -n -o SOURCE /; systemctl is-system-running --wait")).toMatch(
      /^by-itself\n\/dev\/vda\n(running|degraded)$/,
    );
    await mimic.client.machines.kill({ machine: "ada" });
  });

  test("that follow it read a seed of their own, keep /home, /root and /usr/local, and begin with its newest generation", async () => {
    const made = await mimic.mimic(["new", "work", "--template", "base", "--home", "1G", "--start"]);
    expect(made.code, made.err).toBe(0);
    const places = "findmnt -n -o TARGET,FSTYPE,SOURCE /home; findmnt -n -o TARGET /root; findmnt -n -o TARGET /usr/local";
    expect(await inside("work", places)).toMatch(/^\/home +ext4 +\/dev\/vd\w\[\/home\]\n\/root\n\/usr\/local$/);
    allDiffer([await factsOf("deb"), await factsOf("work")]);
    const tool = "printf '#!/bin/sh\\necho a tool\\n' > /usr/local/bin/mytool; chmod +x /usr/local/bin/mytool";
    await inside("work", `${tool}; echo mine > /root/file; echo forgotten > /etc/forgotten`);
    await expect.poll(() => ssh("work", "echo theirs > ~/file"), { timeout: 60_000 }).toEqual({ code: 0, out: "", err: "" });
    await inside("deb", "echo two > /etc/generation; sync");
    await mimic.done(mimic.client.templates.make({ machine: "deb", name: "base" }));
    // By the power button.
    expect((await mimic.mimic(["stop", "work"])).code).toBe(0);
    await mimic.done(mimic.client.machines.start({ machine: "work" }));
    expect(await inside("work", "cat /etc/generation /root/file; /usr/local/bin/mytool; ls /etc/forgotten")).toMatch(
      /^two\nmine\na tool\nls: .*No such file/,
    );
    // Its owner comes in with the same key, to a home of the same owner.
    await expect
      .poll(() => ssh("work", "cat ~/file; stat -c %U ~"), { timeout: 60_000 })
      .toEqual({ code: 0, out: "theirs\nmimic\n", err: "" });
    expect((await mimic.mimic(["show", "work"])).out).toMatch(/follows\s+the template base: the newest generation/);
    await mimic.client.machines.kill({ machine: "work" });
  }, 1_200_000);
});

describe("disks that grow while it runs", () => {
  const GIB = 1024 ** 3;
  const says = async (...words: string[]): Promise<string> => {
    const ran = await mimic.mimic(words);
    expect(ran.code, `${words.join(" ")}: ${ran.err}`).toBe(0);
    return ran.out;
  };
  const disks = async () => (await mimic.client.machines.show({ machine: "deb" })).hardware.disks;
  const sizeOf = async (place: string): Promise<number> => Number(await inside("deb", `df -B1 --output=size ${place} | tail -n 1`));
  /** The number of a disk that is plugged in now, and its name in the guest. */
  async function plugIn(size: string): Promise<readonly [number: string, name: string]> {
    expect(await says("disk", "add", "deb", size)).toContain("done while it runs");
    const number = String((await disks()).length);
    const serial = (await disks()).at(-1)?.id.slice(-20);
    const name = () => inside("deb", `lsblk -dno NAME,SERIAL | awk '$2 == "${serial}" {print $1}'`);
    await expect.poll(name, { timeout: 60_000 }).toMatch(/^vd/);
    return [number, await name()];
  }

  /** Programs for other file systems from Debian's packages, fetched as Mimic fetches them; put in a place of their own. */
  async function bringTools(): Promise<void> {
    const options = { contentDirectory: join(ROOT, "content"), cacheDirectory: `${mimic.home}/cache`, clock: systemClock, log: silentLog };
    const archive = new DebianArchive({ ...options, mirrors: await findMirrors(process.env) });
    const work = { signal: AbortSignal.timeout(120_000), report: () => {} };
    const names = ["xfsprogs", "libinih1", "liburcu8", "btrfs-progs", "liblzo2-2", "cloud-guest-utils"];
    const found = await archive.packages("bookworm", (name) => names.includes(name), work);
    expect([...found.keys()].sort()).toEqual([...names].sort());
    const tools = `${mimic.home}/tools`;
    for (const folder of ["sbin", "lib"]) mkdirSync(`${tools}/${folder}`, { recursive: true });
    for (const one of found.values()) {
      const wanted = (path: string): boolean => /bin\/(mkfs\.xfs|xfs_growfs|btrfs|mkfs\.btrfs|growpart)$|\.so\.\d/.test(path);
      const { files, links } = await unpackDeb(await archive.fetch(one, work), wanted, { signal: work.signal, maxBytes: 64 << 20 });
      const place = (path: string): string => `${tools}/${/\.so\./.test(path) ? "lib" : "sbin"}/${basename(path)}`;
      for (const { path, body } of files.values()) writeFileSync(place(path), body, { mode: 0o755 });
      for (const [path, target] of links) symlinkSync(basename(target), place(path));
    }
    execFileSync("tar", ["-cf", `${mimic.home}/tools.tar`, "-C", tools, "sbin", "lib"]);
    await says("cp", `${mimic.home}/tools.tar`, "deb:/tmp/tools.tar");
    const each = "for tool in growpart xfs_growfs mkfs.xfs btrfs mkfs.btrfs; do command -v $tool; done | wc -l";
    expect(await inside("deb", `tar -xf /tmp/tools.tar -C /usr/local && ldconfig && ${each}`)).toBe("5");
  }

  test("take their last partition and its file system with them: the one that it started from, with what Debian has", async () => {
    expect(await inside("deb", "command -v growpart; command -v sfdisk; command -v resize2fs")).toBe(
      "/usr/sbin/sfdisk\n/usr/sbin/resize2fs",
    );
    const before = await sizeOf("/");
    const [own] = await disks();
    const size = Math.ceil((own?.sizeBytes ?? 0) / GIB) + 2;
    expect(await says("disk", "grow", "deb", "1", `${size}G`)).toContain("The guest says: the file system at / has grown too");
    expect((await sizeOf("/")) - before).toBeGreaterThan(1.8 * GIB);
    expect(
      await inside(
        "deb",
        "sfdisk --verify /dev/vda 2>&1 | tail -n 1; findmnt -n -o SOURCE /; echo more > /root/more && sync && cat /root/more",
      ),
    ).toMatch(/No errors detected.\n\/dev\/vda1\nmore$/);
  });

  test("XFS in a partition (by growpart) and Btrfs on a whole disk grow too, mounted, and hold what they held", async () => {
    await bringTools();
    const [first, xfs] = await plugIn("512M");
    const [second, btrfs] = await plugIn("256M");
    const content = "dd if=/dev/urandom bs=64k count=64 of=file 2>/dev/null && sync && sha256sum < file";
    const make = {
      xfs: `echo , | sfdisk -q /dev/${xfs} && udevadm settle && mkfs.xfs -q /dev/${xfs}1 && mkdir /mnt/xfs && mount /dev/${xfs}1 /mnt/xfs`,
      btrfs: `mkfs.btrfs -q /dev/${btrfs} > /dev/null && mkdir /mnt/btrfs && mount /dev/${btrfs} /mnt/btrfs`,
    };
    for (const [kind, number, size] of [
      ["xfs", first, "1G"],
      ["btrfs", second, "512M"],
    ] as const) {
      const before = await inside("deb", `${make[kind]} && cd /mnt/${kind} && ${content}`);
      expect(before).toMatch(/^[0-9a-f]{64} /);
      const had = await sizeOf(`/mnt/${kind}`);
      expect(await says("disk", "grow", "deb", number, size)).toContain(`the file system at /mnt/${kind} has grown too`);
      expect(await sizeOf(`/mnt/${kind}`)).toBeGreaterThan(1.9 * had);
      expect(
        await inside("deb", `findmnt -n -o FSTYPE /mnt/${kind}; echo 3 > /proc/sys/vm/drop_caches; sha256sum < /mnt/${kind}/file`),
      ).toBe(`${kind}\n${before}`);
    }
  }, 300_000);
});
