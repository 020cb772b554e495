// Where a program of this computer is.
import { accessSync, constants } from "node:fs";

export function findProgram(name: string): string | undefined {
  for (const folder of [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/bin", "/bin"]) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return `${folder}/${name}`;
    } catch {
      // Not there.
    }
  }
  return undefined;
}
