// How good a link is, in words: the same at every door. Apart from the schemas, as link-profiles.ts is. Pure.
import { LINK_PROFILES } from "./link-profiles.ts";
import type { LinkProfile, LinkQuality, TwoWayQuality } from "./link-quality.ts";

/** “0”, “930 bit/s”, “12 kbit/s”, “1.4 Mbit/s”: decimal, as links are sold. */
export function bitsInWords(bitsPerSecond: number): string {
  if (!Number.isFinite(bitsPerSecond) || bitsPerSecond < 1) return "0 bit/s";
  const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
  let value = bitsPerSecond;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} ${units[unit]}`;
}

const isPerfect = (quality: LinkQuality): boolean =>
  !quality.delayMs &&
  !quality.jitterMs &&
  !quality.loss &&
  !quality.duplicate &&
  !quality.reorder &&
  !quality.corrupt &&
  quality.bitsPerSecond === undefined;
export const isGood = ({ up, down }: TwoWayQuality): boolean => isPerfect(up) && isPerfect(down);

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** “270 ms late, 0.1 % lost, 25 Mbit/s”; “as good as it gets”. */
export function qualityInWords(quality: LinkQuality): string {
  const parts = [
    quality.delayMs
      ? `${quality.delayMs} ms late${quality.jitterMs ? ` ± ${quality.jitterMs}` : ""}`
      : quality.jitterMs
        ? `± ${quality.jitterMs} ms`
        : "",
    quality.loss ? `${percent(quality.loss)} lost` : "",
    quality.duplicate ? `${percent(quality.duplicate)} twice` : "",
    quality.reorder ? `${percent(quality.reorder)} overtaken` : "",
    quality.corrupt ? `${percent(quality.corrupt)} damaged` : "",
    quality.bitsPerSecond ? `at most ${bitsInWords(quality.bitsPerSecond)}` : "",
  ].filter(Boolean);
  return parts.length === 0 ? "as good as it gets" : parts.join(", ");
}

const sameOneWay = (a: LinkQuality, b: LinkQuality): boolean =>
  (["delayMs", "jitterMs", "loss", "duplicate", "reorder", "corrupt", "bitsPerSecond", "queueBytes"] as const).every(
    (key) => (a[key] ?? 0) === (b[key] ?? 0),
  );

/** The named profile that this quality is, when it is one; never “unplugged”, which is no quality. */
export function profileOf(quality: TwoWayQuality): LinkProfile | undefined {
  return (Object.keys(LINK_PROFILES) as LinkProfile[]).find((name) => {
    const known = LINK_PROFILES[name].quality;
    return sameOneWay(known.up, quality.up) && sameOneWay(known.down, quality.down);
  });
}
