// A dialog that makes one change: its fields, the command that does the same, and the button. It closes when done.
import { Button } from "@mantine/core";
import { useState } from "react";
import { CommandLine } from "../../../ui/command.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { type Change, make } from "../undo.ts";

interface Props {
  readonly title: string;
  readonly action: string;
  /** Nothing while something is wrong: the fields say what. */
  readonly change: () => Change | undefined;
  readonly command?: string | undefined;
  readonly size?: "md" | "lg";
  readonly onClose: () => void;
  readonly onDone?: (change: Change) => void;
  readonly children: React.ReactNode;
}

export function ChangeDialog({ title, action, change, command, size = "md", onClose, onDone, children }: Props) {
  const [busy, setBusy] = useState(false);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    const wanted = change();
    if (!wanted || busy) return;
    setBusy(true);
    const done = await make(wanted);
    setBusy(false);
    if (!done) return;
    onClose();
    onDone?.(wanted);
  };
  return (
    <Dialog opened onClose={onClose} title={title} size={size}>
      <form className="dialog-form" onSubmit={(event) => void submit(event)} noValidate>
        {children}
        {command ? <CommandLine command={command} /> : null}
        <div className="row end">
          <Button type="submit" variant="filled" loading={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A whole number between the two, or undefined. */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
