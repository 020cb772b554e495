// The cloud-init NoCloud seed (cloud-init documentation, “NoCloud”): a CD labelled “cidata” with meta-data and user-data.
// It carries public keys only. JSON is valid YAML, so values need no quoting rules of our own. Beside them stands the same
// in plain lines, for the systems that Mimic puts together itself: they have no cloud-init.
import { machineUuid } from "@mimic/model";
import { writeIso } from "./iso9660.ts";

export interface SeedOptions {
  readonly hostname: string;
  readonly user: string;
  readonly authorizedKeys: readonly string[];
  /** The machine's id. */
  readonly instanceId: string;
}

/** The name of the plain lines on the medium. */
export const PLAIN_SEED = "mimic-seed";

const AUTOLOGIN = (user: string): string => `[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin ${user} --noclear %I $TERM
`;

/**
 * Throws RangeError on a user or host name that is none: both are checked before, by the model.
 * The virtual console hvc0 logs the user in by itself: only this computer's owner can reach it. The guest agent is
 * installed when the machine has a network; without one it stays away, which is why such systems are known to be
 * ready by their login prompt.
 */
export function userData(options: SeedOptions): string {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(options.user)) throw new RangeError("not a user name");
  const config = {
    hostname: options.hostname,
    preserve_hostname: false,
    users: [
      {
        name: options.user,
        gecos: options.user,
        groups: ["sudo", "wheel", "adm"],
        shell: "/bin/sh",
        lock_passwd: true,
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: options.authorizedKeys,
      },
    ],
    ssh_pwauth: false,
    disable_root: true,
    write_files: [
      { path: "/etc/systemd/system/serial-getty@hvc0.service.d/mimic.conf", permissions: "0644", content: AUTOLOGIN(options.user) },
      { path: "/etc/mimic-seed", permissions: "0644", content: `${options.instanceId}\n` },
    ],
    runcmd: [
      [
        "sh",
        "-c",
        "if command -v systemctl >/dev/null; then systemctl daemon-reload; systemctl enable --now serial-getty@hvc0.service; fi",
      ],
      [
        "sh",
        "-c",
        `if [ -e /etc/alpine-release ]; then sed -i '/^hvc0:/d' /etc/inittab; echo "hvc0::respawn:/sbin/getty -n -l /bin/mimic-login 0 hvc0" >> /etc/inittab; printf '#!/bin/sh\\nexec su - ${options.user}\\n' > /bin/mimic-login; chmod 755 /bin/mimic-login; kill -HUP 1; fi`,
      ],
    ],
  };
  return `#cloud-config\n${JSON.stringify(config, undefined, 1)}\n`;
}

export const metaData = (options: SeedOptions): string =>
  `${JSON.stringify({ "instance-id": options.instanceId, "local-hostname": options.hostname })}\n`;

/** With the machine's UUID, which its firmware says too: a medium that came from elsewhere does not know it. */
export function plainSeed({ hostname, user, authorizedKeys, instanceId }: SeedOptions): string {
  const lines = [`uuid ${machineUuid(instanceId)}`, `name ${hostname}`, `user ${user}`, ...authorizedKeys.map((key) => `key ${key}`)];
  if (lines.some((line) => /[\r\n]/.test(line))) throw new RangeError("a line of the seed is more than one");
  return `${lines.join("\n")}\n`;
}

/** Raw bytes of the medium, about 60 KiB. */
export function writeSeed(options: SeedOptions): Uint8Array {
  const text = new TextEncoder();
  return writeIso("cidata", [
    { name: "meta-data", body: text.encode(metaData(options)) },
    { name: "user-data", body: text.encode(userData(options)) },
    { name: PLAIN_SEED, body: text.encode(plainSeed(options)) },
  ]);
}
