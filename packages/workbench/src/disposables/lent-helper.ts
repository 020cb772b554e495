// Our small program in a guest that has none of ours: lent for a moment, in a folder of its own, and taken back. Which of
// a system's folders let programs run differs (Debian's /run does not), so it is tried; memory comes before disks.
import type { Random, Waiting } from "@mimic/base";
import type { GuestAgent } from "../ports/index.ts";

const PLACES = ["/dev/shm", "/run", "/var/tmp", "/root"];
const NAME = "reseed";
const FOLDER = ".mimic-";

/**
 * Arguments: a name that nobody can guess, so that nobody in the guest made it before; places. Says the first folder in
 * which a program runs, with an empty one in it that is only its owner's.
 */
const FIND = `name=$1
shift
umask 077
for place; do
  folder=$place/$name
  mkdir "$folder" 2>/dev/null || continue
  echo '#!/bin/sh' >"$folder/${NAME}" && chmod 700 "$folder/${NAME}" && "$folder/${NAME}" 2>/dev/null && echo "$folder" && exit
  rm -rf "$folder"
done
exit 1`;

/** Its path; undefined where the guest runs nothing from any of the places. Throws what the agent throws. */
export async function lendHelper(
  agent: GuestAgent,
  program: Uint8Array,
  options: Waiting & { readonly random: Random },
): Promise<string | undefined> {
  const name = FOLDER + Array.from(options.random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const { code, out } = await agent.quick({ program: "/bin/sh", args: ["-c", FIND, "mimic", name, ...PLACES] }, options);
  const folder = PLACES.map((place) => `${place}/${name}`).find((one) => one === out.trim());
  if (code !== 0 || folder === undefined) return undefined;
  const path = `${folder}/${NAME}`;
  await agent.writeFile(path, once(program), options);
  return path;
}

/** What to run so that it does its work and is gone afterwards. */
export const lastCallOf = (lent: string, args: readonly string[]): { readonly program: string; readonly args: readonly string[] } => ({
  program: "/bin/sh",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell that reads it
  args: ["-c", 'helper=$1; shift; "$helper" "$@"; code=$?; rm -rf "${helper%/*}"; exit $code', "mimic", lent, ...args],
});

export async function takeBackHelper(agent: GuestAgent, lent: string, options: Waiting): Promise<void> {
  await agent.quick({ program: "/bin/rm", args: ["-rf", lent.slice(0, lent.lastIndexOf("/"))] }, options);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
