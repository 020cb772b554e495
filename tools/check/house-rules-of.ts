// What the house asks of one source file, beyond what Biome checks. Works on text: comments and strings are
// blanked first, so that a sentence about setTimeout is no call of it.

const HARD_STOP_LINES = 600;

const CLOCK_AND_CHANCE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\s*\(/, "Date.now()"],
  [/\bnew Date\s*\(\s*\)/, "new Date()"],
  [/\bperformance\.now\s*\(/, "performance.now()"],
  [/\bset(Timeout|Interval|Immediate)\s*\(/, "setTimeout and its kind"],
  [/\bMath\.random\s*\(/, "Math.random()"],
  [/\bcrypto\.(randomUUID|getRandomValues)\s*\(/, "crypto's randomness"],
];

/** Findings as “path:line: sentence”. */
export function houseRulesOf(path: string, text: string): string[] {
  const findings: string[] = [];
  const isTest = /\.(test|e2e)\.tsx?$|^packages\/[^/]+\/test\//.test(path);
  const isDeclaration = path.endsWith(".d.ts");
  const lines = text.split("\n");
  if (!isTest && lines.length > HARD_STOP_LINES) {
    findings.push(`${path}:${HARD_STOP_LINES}: ${lines.length} lines; ${HARD_STOP_LINES} is the hard stop. Is it one thing?`);
  }
  if (!isTest && !isDeclaration && !isBarrel(text) && !/^(#!.*\n)?\/[/*]/.test(text)) {
    findings.push(`${path}:1: opens without saying what it is for.`);
  }
  const isPure = /^packages\/[^/]+\/src\/(?!node\/)/.test(path) && !path.startsWith("packages/testkit/");
  if (isPure && !isTest) {
    blankCommentsAndStrings(text)
      .split("\n")
      .forEach((line, index) => {
        for (const [pattern, name] of CLOCK_AND_CHANCE) {
          if (pattern.test(line)) findings.push(`${path}:${index + 1}: ${name} outside an adapter; take a Clock or Random.`);
        }
      });
  }
  if (path === "packages/workbench/src/ports/index.ts" && /^export (?!type\b)/m.test(text)) {
    findings.push(`${path}:1: ports are types only, so that no adapter runs anything of the workbench: use “export type”.`);
  }
  return findings;
}

/** A file that only passes on what others export. */
const isBarrel = (text: string): boolean =>
  text.split("\n").every((line) => /^\s*$|^export .* from |^export (type )?\{|^ {2}(type )?\w+,$|^\} from /.test(line));

/** Comments become spaces; strings stay, also those that look like a comment; line numbers stay. */
export function blankComments(text: string): string {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(pattern, (found) => (found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found));
}

/** Comments and the contents of strings become spaces; line numbers stay. Template texts go, their `${…}` stay roughly readable. */
export function blankCommentsAndStrings(text: string): string {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(pattern, (found) => found.replace(/[^\n]/g, " "));
}
