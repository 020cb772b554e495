// Why frames were dropped: gathered by reason, the reason in words and the way to change it.
import { plain } from "@mimic/base";
import type { DropView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { dropsQuery } from "../../../queries.ts";
import { Ago } from "../../../ui/ago.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";

interface Group {
  readonly reason: string;
  readonly count: number;
  readonly last: DropView;
}
/** Newest reason first. */
export function gatherDrops(drops: readonly DropView[]): Group[] {
  const groups = new Map<string, Group>();
  for (const drop of drops) {
    const before = groups.get(drop.reason);
    groups.delete(drop.reason);
    groups.set(drop.reason, { reason: drop.reason, count: (before?.count ?? 0) + 1, last: drop });
  }
  return [...groups.values()].toReversed();
}

export function Drops({ network, port, most = 6 }: { network: string; port?: string | undefined; most?: number }) {
  const { data: drops, error } = useQuery(dropsQuery(network, port));
  if (error) return <ProblemNote error={error} />;
  if (!drops) return null;
  if (drops.length === 0) return <p className="quiet">Nothing was dropped lately.</p>;
  return (
    <ul className="drops">
      {gatherDrops(drops)
        .slice(0, most)
        .map(({ reason, count, last }) => (
          <li key={reason}>
            <p>
              <strong className="numbers">{count} ×</strong> {plain(last.words, 300)}
            </p>
            <p className="quiet">
              <code>{plain(last.frame, 200)}</code>
              {port ? "" : ` at ${plain(last.portLabel, 63)}`}, <Ago at={last.at} />
              {last.rule ? `, by the rule ${plain(last.rule, 200)}` : ""}
            </p>
            <p className="drop-hint">{plain(last.hint, 400)}</p>
          </li>
        ))}
    </ul>
  );
}
