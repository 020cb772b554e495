// A dialog that makes one change: its fields, the command that does the same, and the button. It closes when done.
import { useState } from "react";
import { FormDialog } from "../../../ui/form-dialog.tsx";
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

export function ChangeDialog({ change, onClose, onDone, ...rest }: Props) {
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    const wanted = change();
    if (!wanted) return;
    setBusy(true);
    const done = await make(wanted);
    setBusy(false);
    if (!done) return;
    onClose();
    onDone?.(wanted);
  };
  return <FormDialog {...rest} busy={busy} onClose={onClose} onSubmit={() => void submit()} />;
}

/** A whole number between the two, or undefined. */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
