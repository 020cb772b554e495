// What a command's script or runner says when everything is over. From a guest, so it may be anything.
export interface LastWords {
  readonly code: number;
  /** Of each output the number of its last file; undefined where there is none. */
  readonly lastFiles: readonly (number | undefined)[];
  /** What comes after those files. */
  readonly kept: readonly Uint8Array[];
  readonly leavesFiles: boolean;
}

/** “mimic CODE LAST-O LAST-E”, and from the runner “KEPT-O KEPT-E LEFT” with the bytes after that line. Undefined for nonsense. Pure. */
export function lastWords(bytes: Uint8Array): LastWords | undefined {
  const end = bytes.indexOf(10) + 1;
  const line = new TextDecoder().decode(bytes.subarray(0, end));
  const said = /^mimic (\d{1,3}) (\d{1,9}|-) (\d{1,9}|-)(?: (\d{1,4}) (\d{1,4}) ([01]))?\n$/.exec(line);
  if (said === null) return undefined;
  const [, code, lastOut, lastErr, keptOut = "0", keptErr = "0", left = "1"] = said;
  const middle = end + Number(keptOut);
  if (bytes.length !== middle + Number(keptErr)) return undefined;
  return {
    code: Number(code),
    lastFiles: [lastOut, lastErr].map((last) => (last === "-" ? undefined : Number(last))),
    kept: [bytes.subarray(end, middle), bytes.subarray(middle)],
    leavesFiles: left === "1",
  };
}
