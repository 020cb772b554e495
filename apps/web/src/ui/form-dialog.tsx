// A dialog with a form: its fields, the command that does the same, and the button that sends it.
import { Button } from "@mantine/core";
import { CommandLine } from "./command.tsx";
import { Dialog } from "./dialog.tsx";

interface Props {
  readonly opened?: boolean;
  readonly title: string;
  readonly size?: "md" | "lg";
  readonly action: string;
  readonly command?: string | undefined;
  readonly busy: boolean;
  /** The button cannot be pressed: what is missing is plain to see. */
  readonly disabled?: boolean;
  /** Nothing happens while something is wrong: the fields say what. */
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly children: React.ReactNode;
}

export function FormDialog({
  opened = true,
  title,
  size = "md",
  action,
  command,
  busy,
  disabled = false,
  onSubmit,
  onClose,
  children,
}: Props) {
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (!busy && !disabled) onSubmit();
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={title} size={size}>
      <form className="dialog-form" onSubmit={submit} noValidate>
        {children}
        {command ? <CommandLine command={command} /> : null}
        <div className="row end">
          <Button type="submit" variant="filled" disabled={disabled} loading={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
