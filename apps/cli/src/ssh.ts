// The system's ssh with our way in: a ProxyCommand that is this program again. Host keys are remembered per machine, by its
// id, so that a machine of the same name that was made anew is no “man in the middle”.
import { spawn } from "node:child_process";
import { quoted } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import type { Context } from "./command.ts";
import { NotNowError } from "./say.ts";

export interface SshWish {
  readonly machine: MachineView;
  readonly login: string | undefined;
  readonly port: number;
  /** A command; empty = a shell. */
  readonly words: readonly string[];
  readonly printsConfig?: boolean;
}

/** Hidden verb: joins standard input and output to a TCP port of a machine. */
export const PIPE_VERB = "__tcp";

export async function sshInto({ io, door }: Context, wish: SshWish): Promise<number> {
  const { machine, login, port, words } = wish;
  const user = login ?? machine.login?.user;
  if (user === undefined)
    throw new NotNowError("ssh.no_user", `Mimic does not know as whom to log in to ${quoted(machine.name)}.`, {
      hint: `Say it: mimic ssh ${machine.name} -l USER`,
    });
  const { data } = door.paths;
  const options = sshOptions({ data, machineId: machine.id, name: machine.name, port, proxy: [process.execPath, process.argv[1] ?? ""] });
  if (wish.printsConfig) {
    io.out.write(`Host mimic-${machine.name}\n  User ${user}\n${options.map(([key, value]) => `  ${key} ${value}\n`).join("")}`);
    return 0;
  }
  const args = [
    ...options.flatMap(([key, value]) => ["-o", `${key}=${value}`]),
    "-l",
    user,
    `mimic-${machine.name}`,
    ...(words.length > 0 ? ["--", ...words] : []),
  ];
  const child = spawn("ssh", args, { stdio: "inherit" });
  const ended = Promise.withResolvers<number>();
  child.once("error", () =>
    ended.reject(
      new NotNowError("ssh.missing", "This computer has no ssh program.", {
        hint: `Install it (Debian: openssh-client), or use: mimic console ${machine.name}`,
      }),
    ),
  );
  child.once("exit", (code, signal) => ended.resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  // Ctrl-C is the remote program's.
  using _ = io.onInterrupt(() => {});
  return await ended.promise;
}

interface SshFacts {
  readonly data: string;
  readonly machineId: string;
  readonly name: string;
  readonly port: number;
  readonly proxy: readonly string[];
}

/** ssh_config(5). “%” is ssh's own sign and is doubled; the words of the proxy are quoted for the shell that ssh starts. */
export function sshOptions({ data, machineId, name, port, proxy }: SshFacts): [string, string][] {
  const command = [...proxy, PIPE_VERB, name, String(port)]
    .map((word) => `'${word.replaceAll("'", "'\\''").replaceAll("%", "%%")}'`)
    .join(" ");
  const file = (path: string) => `"${path.replaceAll("%", "%%")}"`;
  return [
    ["ProxyCommand", command],
    ["IdentityFile", file(`${data}/ssh/id_ed25519`)],
    ["IdentitiesOnly", "yes"],
    ["UserKnownHostsFile", file(`${data}/ssh/known_hosts`)],
    ["HostKeyAlias", machineId],
    ["StrictHostKeyChecking", "accept-new"],
    // Of a machine that is still starting, an attempt may find nobody and would wait for minutes.
    ["ConnectTimeout", "20"],
    ["LogLevel", "ERROR"],
  ];
}
