import { expect, test } from "vitest";
import { currentNotices } from "../../notices.ts";
import { lastChange, make, undoLast } from "./undo.ts";

test("what was done last is taken back first, by one press, and what failed is not kept", async () => {
  const story: string[] = [];
  const change = (name: string) => ({
    done: `${name} is done.`,
    make: async () => void story.push(name),
    back: async () => void story.push(`not ${name}`),
  });
  expect(await make(change("a"))).toBe(true);
  expect(await make(change("b"))).toBe(true);
  const failing = { ...change("c"), make: () => Promise.reject(new Error("no")) };
  expect(await make(failing)).toBe(false);
  expect(lastChange()?.done).toBe("b is done.");
  // Of several notices only the newest offers the way back: an older one alone could not be understood.
  expect(
    currentNotices()
      .filter(({ undo }) => undo)
      .map(({ words }) => words),
  ).toEqual(["b is done."]);
  await undoLast();
  await undoLast();
  await undoLast();
  expect(story).toEqual(["a", "b", "not b", "not a"]);
  expect(lastChange()).toBeUndefined();
});

test("a change without a way back is said, and undo goes on with the one before", async () => {
  let at = 0;
  const go = (by: number) => async () => {
    at += by;
  };
  await make({ done: "Up.", make: go(1), back: go(-1) });
  await make({ done: "Gone.", make: go(10) });
  expect(currentNotices().at(-1)).toMatchObject({ words: "Gone.", undo: undefined });
  await undoLast();
  expect(at).toBe(10);
});
