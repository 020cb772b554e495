// A button that says why it cannot be pressed. It stays reachable by keyboard, so that the reason can be heard.
import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import { useId } from "react";

interface Props extends ButtonProps {
  readonly why: string | undefined;
  readonly onPress: () => void;
  readonly children: React.ReactNode;
  readonly title?: string;
  readonly "aria-label"?: string;
}

export function ReasonButton({ why, onPress, children, ...rest }: Props) {
  const id = useId();
  return (
    <>
      <Tooltip label={why} disabled={!why}>
        <Button
          {...rest}
          data-disabled={why ? true : undefined}
          aria-disabled={why ? true : undefined}
          aria-describedby={why ? id : undefined}
          onClick={(event) => (why ? event.preventDefault() : onPress())}
        >
          {children}
        </Button>
      </Tooltip>
      {why ? (
        <span id={id} className="visually-hidden">
          {why}
        </span>
      ) : null}
    </>
  );
}
