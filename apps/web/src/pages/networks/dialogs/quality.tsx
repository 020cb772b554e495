// How bad a link is: known bad links by name, or each part by a slider, in either direction.
import { Checkbox, NativeSelect, Slider } from "@mantine/core";
import {
  bitsInWords,
  LINK_PROFILES,
  type LinkProfile,
  type LinkQuality,
  profileOf,
  qualityInWords,
  type TwoWayQuality,
} from "@mimic/model";
import { useState } from "react";
import { type CableThing, cableName, setQuality, settingsOf } from "../changes.ts";
import { netCommands } from "../commands.ts";
import { ChangeDialog } from "./form.tsx";

interface Dial {
  readonly key: "delayMs" | "jitterMs" | "loss" | "duplicate" | "reorder" | "corrupt" | "bitsPerSecond";
  readonly title: string;
  /** From the slider's 0–100 to the value, and back; 0 is always “none”. */
  readonly value: (at: number) => number | undefined;
  readonly at: (value: number) => number;
  readonly words: (value: number | undefined) => string;
}
const two = (value: number): number => Number(value.toPrecision(2));
const steps = (most: number, bend: number) => ({
  value: (at: number) => (at === 0 ? undefined : two(most * (at / 100) ** bend)),
  at: (value: number) => Math.round(100 * (value / most) ** (1 / bend)),
});
const share = (value: number | undefined) => (value ? `${two(value * 100)} %` : "none");
export const DIALS: readonly Dial[] = [
  { key: "delayMs", title: "Late by", ...steps(2000, 2.5), words: (value) => (value ? `${value} ms` : "not at all") },
  { key: "jitterMs", title: "Unsteady by", ...steps(500, 2.5), words: (value) => (value ? `± ${value} ms` : "steady") },
  { key: "loss", title: "Lost", ...steps(0.5, 2.5), words: share },
  { key: "duplicate", title: "Twice", ...steps(0.2, 2), words: share },
  { key: "reorder", title: "Overtaken", ...steps(0.5, 2), words: share },
  { key: "corrupt", title: "Damaged", ...steps(0.1, 2), words: share },
  {
    key: "bitsPerSecond",
    title: "At most",
    // Nothing is the fastest; then from a gigabit down to a telegraph.
    value: (at) => (at === 0 ? undefined : two(10 ** (9 - 0.06 * at))),
    at: (value) => Math.round(Math.max(1, Math.min(100, (9 - Math.log10(value)) / 0.06))),
    words: (value) => (value ? bitsInWords(value) : "no limit"),
  },
];

export function turnDial(quality: LinkQuality, dial: Dial, at: number): LinkQuality {
  const { [dial.key]: _, ...rest } = quality;
  const value = dial.value(at);
  return value === undefined ? rest : { ...rest, [dial.key]: value };
}

export function QualityDialog({ thing, onClose }: { thing: CableThing; onClose: () => void }) {
  const [quality, setQualityTo] = useState<TwoWayQuality>(settingsOf(thing).quality);
  const [both, setBoth] = useState(JSON.stringify(quality.up) === JSON.stringify(quality.down));
  const [isOut, setOut] = useState(!settingsOf(thing).isUp);
  const profile = isOut ? "unplugged" : profileOf(quality);
  const choose = (name: string) => {
    setOut(name === "unplugged");
    if (name === "" || name === "unplugged") return;
    const next = LINK_PROFILES[name as LinkProfile].quality;
    setQualityTo(next);
    setBoth(JSON.stringify(next.up) === JSON.stringify(next.down));
  };
  const turn = (way: "up" | "down", dial: Dial, at: number) => {
    setOut(false);
    setQualityTo((before) => {
      const next = turnDial(before[way], dial, at);
      return both ? { up: next, down: next } : { ...before, [way]: next };
    });
  };
  return (
    <ChangeDialog
      title={`The link of ${cableName(thing)}`}
      action="Set it"
      size="lg"
      onClose={onClose}
      command={profile && netCommands.quality(thing, profile)}
      change={() => setQuality(thing, profile ? { profile } : { quality, isUp: true })}
    >
      <NativeSelect
        data-autofocus
        label="Like"
        description="Links that people know."
        value={profile ?? ""}
        onChange={(event) => choose(event.currentTarget.value)}
        data={[
          ...(profile ? [] : [{ value: "", label: "As set below" }]),
          ...(Object.keys(LINK_PROFILES) as LinkProfile[]).map((value) => ({ value, label: `${LINK_PROFILES[value].words} (${value})` })),
        ]}
      />
      <Checkbox
        label="The same in both directions"
        checked={both}
        onChange={(event) => {
          setBoth(event.currentTarget.checked);
          if (event.currentTarget.checked) setQualityTo(({ down }) => ({ up: down, down }));
        }}
      />
      <div className="dials" data-both={both || undefined}>
        {(both ? (["down"] as const) : (["down", "up"] as const)).map((way) => (
          <fieldset key={way}>
            <legend>{both ? "Both directions" : way === "down" ? "To the machine" : "From the machine"}</legend>
            {DIALS.map((dial) => (
              <Turn key={dial.key} dial={dial} value={quality[way][dial.key]} onTurn={(at) => turn(way, dial, at)} />
            ))}
            <p className="quiet">{qualityInWords(quality[way])}</p>
          </fieldset>
        ))}
      </div>
    </ChangeDialog>
  );
}

function Turn({ dial, value, onTurn }: { dial: Dial; value: number | undefined; onTurn: (at: number) => void }) {
  const words = dial.words(value);
  return (
    <div className="dial">
      <span>{dial.title}</span>
      <Slider
        label={null}
        size="sm"
        thumbLabel={dial.title}
        thumbValueText={words}
        min={0}
        max={100}
        value={value ? dial.at(value) : 0}
        onChange={onTurn}
      />
      <span className="numbers dial-words">{words}</span>
    </div>
  );
}
