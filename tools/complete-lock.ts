// Completes package-lock.json for other systems. npm leaves out platform packages that the registry it used does not
// carry, and then `npm ci` refuses the lock everywhere. Such a package is pinned by the exact version that its parent
// asks for; what is not known is its digest, and none is made up. Run after npm changed the lock:
//   node tools/complete-lock.ts
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CompletableLock, completeLock } from "./complete-lock-of.ts";

const path = join(import.meta.dirname, "../package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8")) as CompletableLock;
const added = completeLock(lock);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(added.length === 0 ? "The lock is complete.\n" : `Added ${added.length}: ${added.join(", ")}\n`);
