// A dialog: a question or a small form over the page. (Mantine's own head is a <header>, which outside of a section
// would count as a second banner of the page.)
import { Modal } from "@mantine/core";

interface Props {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly size?: "md" | "lg";
  readonly children: React.ReactNode;
}

export function Dialog({ opened, onClose, title, size = "md", children }: Props) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered>
      <Modal.Overlay backgroundOpacity={0.45} />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
