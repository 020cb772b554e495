// `mimic open`: the browser interface, in the person's browser when there is a display.
import { spawn } from "node:child_process";
import { browserAddress } from "../../browser-address.ts";
import type { CommandSpec } from "../../command.ts";
import { aside, type Io, line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "open",
  group: "Begin",
  summary: "Open Mimic in the browser",
  about: "Prints an address that is good once and for a minute. With a display it opens the browser too.",
  options: [{ flags: "--print", about: "only print the address" }],
  examples: [
    { line: "mimic open", does: "screens, hardware, jobs: all of it, in the browser" },
    { line: "mimic open --print", does: "the address, to open it yourself" },
  ],
  run: async ({ io, client }, given) => {
    const address = await browserAddress(client);
    if (given.json) printJson(io, { address });
    else {
      line(io, address);
      if (!given.flag("print") && (await openBrowser(io, address))) aside(io, "  Opened in your browser.", "faint");
    }
    return 0;
  },
};

/** Never fails: the address was printed anyway. */
function openBrowser(io: Io, address: string): Promise<boolean> {
  const opener = process.platform === "darwin" ? "open" : io.env["DISPLAY"] || io.env["WAYLAND_DISPLAY"] ? "xdg-open" : undefined;
  if (!opener || !io.out.isTerminal) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(opener, [address], { stdio: "ignore", detached: true });
    child.on("error", () => resolve(false));
    child.on("spawn", () => resolve(true));
    child.unref();
  });
}
