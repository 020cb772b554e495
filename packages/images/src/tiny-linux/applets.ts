// The names that Debian's static busybox answers to. It cannot be asked without running it, and programs
// from packages are never run on the host; the names stand in the program, one after another.

/** Finds the table of applet names: NUL-ended, sorted, beginning with "[" and holding "busybox". Empty when there is none. */
export function busyboxApplets(program: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(program);
  // What stands before it is another table, of any bytes.
  for (let at = text.indexOf("[\0[[\0"); at >= 0; at = text.indexOf("[\0[[\0", at + 1)) {
    const names: string[] = [];
    for (const name of text.slice(at, at + 16_384).split("\0")) {
      if (!/^[a-z0-9[][a-z0-9_.[-]{0,30}$/.test(name)) break;
      names.push(name);
    }
    if (names.length > 50 && names.includes("busybox") && names.includes("modprobe")) return names;
  }
  return [];
}
