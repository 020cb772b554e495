// The sign that somebody captures: a red dot, and what is looked at in words.
import { plain } from "@mimic/base";

export function Captured({ what }: { what: string }) {
  return (
    <span className="captured clip">
      Captured now: <bdi>{plain(what, 200)}</bdi>
    </span>
  );
}
