// The token for programs that come over HTTP: 256 bits in a file that only its owner reads. It is made once,
// with O_EXCL, and a file that others could have read is refused instead of used.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { MimicError, type Random, Secret } from "@mimic/base";

/** Throws `daemon.token_exposed` when others may read the file, `daemon.token_unreadable` when it holds no token. */
export async function loadToken(dataDirectory: string, random: Random): Promise<Secret> {
  const path = join(dataDirectory, "token");
  const made = await makeToken(path, random);
  if (made !== undefined) return made;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const facts = await file.stat();
    if ((facts.mode & 0o077) !== 0 || facts.uid !== process.getuid?.()) {
      throw new MimicError(
        "daemon.token_exposed",
        "The file with Mimic's token may be read by others, so the token is no secret any more.",
        {
          hint: `Remove it, and Mimic makes a new one: rm ${path}`,
        },
      );
    }
    if (!facts.isFile() || facts.size > 200) throw unreadable(path);
    const text = (await file.readFile("utf8")).trim();
    if (!/^[A-Za-z0-9_-]{43}$/.test(text)) throw unreadable(path);
    return new Secret(text);
  } finally {
    await file.close();
  }
}

async function makeToken(path: string, random: Random): Promise<Secret | undefined> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "EEXIST" || cause.code === "ELOOP") return undefined;
    throw unreadable(path, cause);
  });
  if (file === undefined) return undefined;
  try {
    const token = Buffer.from(random.bytes(32)).toString("base64url");
    await file.chmod(0o600);
    await file.writeFile(`${token}\n`);
    await file.sync();
    return new Secret(token);
  } finally {
    await file.close();
  }
}

function unreadable(path: string, cause?: unknown): MimicError {
  return new MimicError("daemon.token_unreadable", "The file with Mimic's token cannot be read, or holds no token.", {
    hint: `Remove it, and Mimic makes a new one: rm ${path}`,
    cause,
  });
}
