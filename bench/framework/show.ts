// How outcomes are shown: words for people, an array for programs. Pure.
import type { Measured, Row, Sample } from "./row.ts";

export interface Outcome {
  readonly row: Row;
  readonly measured?: Measured;
  /** Why there is no figure. */
  readonly why?: string;
}

const ratioOf = ({ ours, peer }: Measured): number | undefined => (peer ? ours.median / peer.median : undefined);
const round = (value: number, digits = 3): number => Number(value.toPrecision(digits));

/** Figures keep their names for ever: programs read them. Null where nothing was measured. */
export function toJson({ row, measured, why }: Outcome): object {
  const ratio = measured && ratioOf(measured);
  return {
    name: row.name,
    what: row.what,
    ours: measured ? round(measured.ours.median, 4) : null,
    peer: measured?.peer ? round(measured.peer.median, 4) : null,
    unit: row.unit,
    ratio: ratio === undefined ? null : round(ratio),
    bound: row.bound,
    holds: measured?.holds ?? false,
    ...(measured && { spread: { ours: round(measured.ours.spread), peer: measured.peer ? round(measured.peer.spread) : null } }),
    ...(measured?.besides !== undefined && { besides: measured.besides }),
    ...(why !== undefined && { why }),
  };
}

export function outcomeText({ row, measured, why }: Outcome): string {
  if (!measured) return `${row.name}: NOT MEASURED\n  ${row.what}\n  ${why}\n\n`;
  const ratio = ratioOf(measured);
  return [
    `${row.name}: ${measured.holds ? "holds" : "DOES NOT HOLD"}`,
    `  ${row.what}`,
    `  ours   ${sampleText(measured.ours, row.unit)}`,
    ...(measured.peer ? [`  peer   ${sampleText(measured.peer, row.unit)}`] : []),
    ...(ratio === undefined ? [] : [`  ratio  ${ratio.toFixed(2)}`]),
    ...(measured.besides === undefined ? [] : [`  also   ${measured.besides}`]),
    `  bound  ${row.bound}`,
    "",
    "",
  ].join("\n");
}

const sampleText = (sample: Sample, unit: Row["unit"]): string =>
  `${round(sample.median, 4)} ${unit}${sample.count > 1 ? ` (median of ${sample.count}, middle half within ${round(sample.spread)} ${unit})` : ""}`;

export function listText(rows: readonly Row[]): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  return rows.map((row) => `${row.name.padEnd(width)}  ${row.what}\n${" ".repeat(width)}  bound: ${row.bound}\n`).join("");
}
