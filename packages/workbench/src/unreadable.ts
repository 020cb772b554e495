// Records that could not be read at the start, as people see them: nothing of theirs is lost or touched, and it is said
// which, where, and what to do. Pure.
import { quoted } from "@mimic/base";
import type { Finding } from "@mimic/model";
import type { UnreadableRecord } from "./ports/index.ts";

export interface Unread extends UnreadableRecord {
  readonly noun: "machine" | "template" | "network";
}

/** Each gets a finding of its own up to here; the rest is counted. */
const MOST_TOLD = 20;

/** What `mimic doctor` says of all records. */
export function findingsOfRecords(unread: readonly Unread[]): readonly Finding[] {
  const title = "Mimic's records";
  if (unread.length === 0) return [{ id: "records", title, state: "good", found: "all of them can be read", mend: "" }];
  const told = unread.slice(0, MOST_TOLD).map(findingOf);
  const more = unread.length - told.length;
  if (more === 0) return told;
  return [
    ...told,
    { id: "records", title, state: "bad", found: `${more} more cannot be read.`, mend: "Mend those above, and restart the daemon." },
  ];
}

const idOf = (folder: string): string => folder.slice(folder.lastIndexOf("/") + 1);

function findingOf({ noun, folder, why, name, isNewer }: Unread): Finding {
  const id = idOf(folder);
  const path = `${folder}/${noun}.json`;
  const whose = name === undefined ? `the ${noun} ${id}` : `the ${noun} ${quoted(name)} (${id})`;
  const found = `The record of ${whose} cannot be read: ${why}. It is missing from every list until then; its folder was left alone: ${folder}`;
  const restart = "then restart the daemon (mimic down, mimic up).";
  return {
    id: `record ${id}`,
    title: `A ${noun}'s record`,
    state: "bad",
    ...(isNewer
      ? { code: "store.newer_record", found, mend: `Use the newer Mimic again; or put an older ${path} there from a backup, ${restart}` }
      : { code: "store.unreadable_record", found, mend: `Put ${path} back from a backup, or mend it by hand (it is JSON), ${restart}` }),
  };
}

/** What a daemon that was ended left half-made, and what became of it. */
export function findingOfStart(recovered: readonly string[]): readonly Finding[] {
  if (recovered.length === 0) return [];
  const words = [...new Set(recovered)].slice(0, MOST_TOLD).join(" ");
  return [{ id: "start", title: "What the last start put in order", state: "good", found: words, mend: "" }];
}

export const fellBackInWords = (why: string): string =>
  `Its record could not be read (${why}), so the copy from before its last change is used: look whether that change is missing.`;

/** Whether something that may name a layer or a disk could not be read: then none is removed. */
export const hidesDisks = (unread: readonly Unread[]): boolean => unread.some(({ noun }) => noun !== "network");
