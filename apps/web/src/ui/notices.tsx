// Notices at the edge of the page, and the sentence for screen readers.
import { Button, CloseButton } from "@mantine/core";
import { plain } from "@mimic/base";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import { currentAnnouncement, currentNotices, dismiss, onNotices } from "../notices.ts";
import { ProblemWords } from "./problem.tsx";

export function Notices() {
  const notices = useSyncExternalStore(onNotices, currentNotices);
  const announcement = useSyncExternalStore(onNotices, currentAnnouncement);
  return (
    <>
      <div className="visually-hidden" aria-live="polite" data-testid="announcement">
        {plain(announcement, 300)}
      </div>
      <section className="notices" aria-label="Notices" aria-live="polite">
        {notices.map(({ id, title, problem, words, undo }) => (
          <div key={id} className="notice" data-kind={problem ? "problem" : "done"}>
            {problem ? <IconAlertTriangle size={20} aria-hidden="true" /> : <IconCheck size={20} aria-hidden="true" />}
            <div>
              {title ? <p className="quiet">{plain(title, 160)}</p> : null}
              {problem ? <ProblemWords problem={problem} /> : <p>{plain(words ?? "", 300)}</p>}
            </div>
            {undo ? (
              <Button size="compact-sm" onClick={undo} aria-label={`Undo: ${plain(words ?? "", 120)}`}>
                Undo
              </Button>
            ) : null}
            <CloseButton aria-label="Dismiss" onClick={() => dismiss(id)} />
          </div>
        ))}
      </section>
    </>
  );
}
