// The few confirmations there are: they name the thing and the loss, and the safe way out has the focus.
import { Button } from "@mantine/core";
import { Dialog } from "./dialog.tsx";

interface Props {
  readonly opened: boolean;
  readonly title: string;
  readonly action: string;
  readonly busy?: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly children: React.ReactNode;
}

export function Confirm({ opened, title, action, busy = false, onClose, onConfirm, children }: Props) {
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <div className="confirm">
        {children}
        <div className="row end">
          <Button data-autofocus onClick={onClose}>
            Keep as it is
          </Button>
          <Button variant="filled" color="red.9" loading={busy} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
