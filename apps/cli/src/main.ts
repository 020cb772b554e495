// The first thing that runs, so it is tiny: `mimic ls` answers from here, everything else is loaded
// when it is asked for. (`mimic ls` cold may take 1.6 times `node -e 0`: mind what is imported above the line.)
import { fastList } from "./fast-list.ts";
import { findPaths } from "./paths.ts";

const args = process.argv.slice(2);
const plainList = args[0] === "ls" && (args.length === 1 || (args.length === 2 && args[1] === "--json"));

if (plainList && (await fastList(args.length === 2))) {
  // All is written: nothing is left that an orderly end would wait for.
  process.exit(0);
} else {
  const paths = findPaths(process.env, process.getuid?.() ?? -1);
  try {
    process.getBuiltinModule("node:fs").mkdirSync(paths.cache, { recursive: true, mode: 0o700 });
    process.getBuiltinModule("node:module").enableCompileCache(`${paths.cache}/compiled`);
  } catch {
    // Only a matter of speed.
  }
  const { runOnProcess } = await import("./process-io.ts");
  await runOnProcess(args, { folder: import.meta.dirname, paths });
}
