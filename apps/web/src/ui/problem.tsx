// How every error looks: what happened, what to do next, the code for looking it up, and the detail folded away.

import { plain, plainBlock } from "@mimic/base";
import type { Problem } from "@mimic/model";
import { IconAlertTriangle } from "@tabler/icons-react";
import { problemOf } from "../api.ts";

export function ProblemWords({ problem }: { problem: Problem }) {
  return (
    <div className="problem-words">
      <p className="problem-message">{plain(problem.message, 1000)}</p>
      {problem.hint ? <p>{plain(problem.hint, 1000)}</p> : null}
      <p className="problem-code">
        <span className="visually-hidden">Code: </span>
        <code>{plain(problem.code, 80)}</code>
      </p>
      {problem.detail ? (
        <details>
          <summary>Detail</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long detail scrolls, and must do so by keyboard too */}
          <pre tabIndex={0}>{plainBlock(problem.detail, 8_000)}</pre>
        </details>
      ) : null}
    </div>
  );
}

export function ProblemNote({ error, action }: { error: unknown; action?: React.ReactNode }) {
  const problem = typeof (error as Problem | undefined)?.hint === "string" ? (error as Problem) : problemOf(error);
  return (
    <div className="problem" role="alert">
      <IconAlertTriangle size={20} aria-hidden="true" />
      <div>
        <ProblemWords problem={problem} />
        {action}
      </div>
    </div>
  );
}
