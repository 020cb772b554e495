// The head of every page: its title (also the window's), one sentence, and its actions. Going to a page moves the
// focus to its heading, so that keyboard and screen reader begin there.

import { plain } from "@mimic/base";
import { useEffect, useRef } from "react";

let firstPage = true;

/** Sets the window's title; names in it come from people or guests, so they are made plain. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${plain(title, 80)} · Mimic`;
  }, [title]);
}

export function useHeadingFocus() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!firstPage) heading.current?.focus({ preventScroll: true });
    firstPage = false;
  }, []);
  return heading;
}

interface Props {
  readonly title: string;
  readonly lead?: React.ReactNode;
  readonly actions?: React.ReactNode;
  readonly children: React.ReactNode;
}

export function Page({ title, lead, actions, children }: Props) {
  useTitle(title);
  const heading = useHeadingFocus();
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead ? <p className="lead">{lead}</p> : null}
        </div>
        {actions ? <div className="page-actions">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

/** What would be here, why one would want it, and the one button that starts it. */
export function Empty({
  picture,
  title,
  children,
  action,
}: {
  picture?: React.ReactNode;
  title: string;
  children: React.ReactNode;
  action?: React.ReactNode;
}) {
  return (
    <div className="empty">
      {picture}
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

/** Shown only when waiting takes long enough to be noticed. */
export function Waiting({ children }: { children: React.ReactNode }) {
  return (
    <p className="waiting" role="status">
      {children}
    </p>
  );
}
