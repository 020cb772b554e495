// Order of Debian version numbers (deb-version(7), "Sorting algorithm").

const weight = (char: string): number => {
  if (char === "~") return -1;
  if (/[a-zA-Z]/.test(char)) return char.charCodeAt(0);
  return char.charCodeAt(0) + 256;
};

function compareWords(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const x = i < a.length ? weight(a.charAt(i)) : 0;
    const y = i < b.length ? weight(b.charAt(i)) : 0;
    if (x !== y) return x - y;
  }
  return 0;
}

function compareParts(a: string, b: string): number {
  let [x, y] = [a, b];
  while (x !== "" || y !== "") {
    const wordX = /^\D*/.exec(x)?.[0] ?? "";
    const wordY = /^\D*/.exec(y)?.[0] ?? "";
    const words = compareWords(wordX, wordY);
    if (words !== 0) return words;
    x = x.slice(wordX.length);
    y = y.slice(wordY.length);
    const digitsX = /^\d*/.exec(x)?.[0] ?? "";
    const digitsY = /^\d*/.exec(y)?.[0] ?? "";
    const numbers = BigInt(digitsX || "0") - BigInt(digitsY || "0");
    if (numbers !== 0n) return numbers > 0n ? 1 : -1;
    x = x.slice(digitsX.length);
    y = y.slice(digitsY.length);
  }
  return 0;
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)) || 0,
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "0" : rest.slice(dash + 1),
  };
}

/** Negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [split(a), split(b)];
  return x.epoch - y.epoch || compareParts(x.upstream, y.upstream) || compareParts(x.revision, y.revision);
}
