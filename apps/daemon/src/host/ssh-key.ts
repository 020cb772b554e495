// The key that Mimic puts into systems which take one, so that nobody needs a password to get in.
// Made once per installation, Ed25519, in OpenSSH's own format (PROTOCOL.key; RFC 8709).
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import type { Files } from "@mimic/store/node";

/** Answers the public key as a line for `authorized_keys`. The private one is `<folder>/id_ed25519`, 0600. */
export async function ensureSshKey(folder: string, files: Files): Promise<string> {
  const path = `${folder}/id_ed25519`;
  const known = await readFile(`${path}.pub`, "utf8").catch(() => undefined);
  if (known?.startsWith("ssh-ed25519 ")) return known.trim();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const open = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const secret = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  const line = `ssh-ed25519 ${publicBlob(open).toString("base64")} mimic`;
  await files.write(path, privateFile(open, secret));
  // The public half last: where it stands, the private one is whole.
  await files.write(`${path}.pub`, `${line}\n`);
  return line;
}

const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const publicBlob = (open: Buffer): Buffer => Buffer.concat([text("ssh-ed25519"), text(open)]);

function privateFile(open: Buffer, secret: Buffer): string {
  const check = randomBytes(4);
  const inner = Buffer.concat([check, check, publicBlob(open), text(Buffer.concat([secret, open])), text("mimic")]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, i) => i + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    one,
    text(publicBlob(open)),
    text(Buffer.concat([inner, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
