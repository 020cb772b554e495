// Debian's own installer, unattended, in a machine on the network “home”: address, names, its instructions and its parts
// come through the gateway, from a mirror on this computer that one rule opens. It is followed until it has verified the
// mirror's signature and fetches its parts; what comes after is more of the same, takes many minutes, and needs a mirror
// that carries all of them.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DebianMirror } from "./kit/debian-mirror.ts";
import { install, ROOT } from "./kit/installation.ts";

const HOST = "gateway.home.mimic";
const PARTS = "usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64";

/** The mirror with the installer's instructions, and with what it wrote down so far, as it sends it itself. */
async function openMirror(): Promise<{ mirror: DebianMirror; log: () => string }> {
  let log = "";
  const mirror: DebianMirror = await DebianMirror.open((path) => {
    if (path === "/preseed.cfg") return (_request, response) => void response.end(instructions(mirror.port));
    if (path !== "/log") return undefined;
    return async (request, response) => {
      let text = "";
      for await (const piece of request.setEncoding("utf8")) text += piece;
      log = text;
      response.end();
    };
  });
  return { mirror, log: () => log };
}

const instructions = (port: number): string =>
  [
    "debian-installer/locale string en_US.UTF-8",
    "keyboard-configuration/xkb-keymap select us",
    "netcfg/get_hostname string installed",
    "netcfg/get_domain string home.mimic",
    "mirror/country string manual",
    `mirror/http/hostname string ${HOST}:${port}`,
    "mirror/http/directory string /debian",
    "mirror/http/proxy string",
    "clock-setup/ntp boolean false",
    "time/zone string UTC",
    "passwd/root-password-crypted password !",
    "passwd/make-user boolean false",
    `preseed/early_command string (while sleep 3; do wget -q -O /dev/null --post-file=/var/log/syslog http://${HOST}:${port}/log; done) </dev/null >/dev/null 2>&1 &`,
  ]
    .map((line) => `d-i ${line}\n`)
    .join("");

/** Mimic's own folder with one more system in the catalogue: the installer, told where its instructions are. */
function rootWithInstaller(port: number): string {
  const root = mkdtempSync(join(tmpdir(), "mimic-root-"));
  for (const name of readdirSync(ROOT)) if (name !== "content") symlinkSync(join(ROOT, name), join(root, name));
  mkdirSync(`${root}/content`);
  for (const name of readdirSync(`${ROOT}/content`)) cpSync(`${ROOT}/content/${name}`, `${root}/content/${name}`, { recursive: true });
  const system = JSON.parse(readFileSync(`${ROOT}/content/systems/debian-12-installer.json`, "utf8"));
  const options = {
    kind: "boot",
    kernel: `${PARTS}/linux`,
    initrd: `${PARTS}/initrd.gz`,
    commandLine: `norandmaps auto=true priority=critical url=http://${HOST}:${port}/preseed.cfg console=ttyS0 DEBIAN_FRONTEND=text`,
  };
  const own = {
    ...system,
    id: "unattended",
    name: "Unattended",
    source: { ...system.source, options },
    readiness: { sign: { kind: "none" } },
  };
  writeFileSync(`${root}/content/systems/unattended.json`, JSON.stringify(own));
  return root;
}

test("Debian's installer gets its address, its instructions and its parts through the gateway, and finds their signature good", async ({
  annotate,
}) => {
  const { mirror: opened, log } = await openMirror();
  using mirror = opened;
  const root = rootWithInstaller(mirror.port);
  try {
    await using mimic = await install({ env: { MIMIC_ROOT: root } });
    const { client } = mimic;
    const rule = { action: "accept", target: { to: "host", port: mirror.port } } as const;
    await client.networks.addRule({ network: "home", rule });
    const startedAt = performance.now();
    await mimic.done(client.machines.create({ name: "installer", system: "unattended", hardware: { memoryMiB: 1280 }, start: true }));
    await expect.poll(log, { timeout: 420_000, interval: 1000 }).toMatch(/Good signature[\s\S]*anna\S*: DEBUG: retrieving/);
    const parts = mirror.given.filter((path) => path.endsWith(".udeb")).length;
    await annotate(
      `fetches its parts after ${Math.round((performance.now() - startedAt) / 1000)} s; the mirror had ${parts} of those so far`,
    );
    expect(mirror.asked[0]).toBe("/preseed.cfg");
    for (const name of ["Release", "Release.gpg", "main/debian-installer/binary-amd64/Packages.xz"])
      expect(mirror.given).toContain(`/debian/dists/bookworm/${name}`);
    expect(mirror.asked.some((path) => path.endsWith(".udeb"))).toBe(true);
    const { ports } = await client.networks.show({ network: "home" });
    expect(log()).toContain(ports.find(({ label }) => label === "installer")?.addresses[0]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}, 900_000);
