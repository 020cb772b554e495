// Where the name of a thing is typed: the field of a dialog that has the focus first.
import { TextInput } from "@mantine/core";

interface Props {
  readonly label: string;
  readonly description?: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (name: string) => void;
}

export function NameField({ onChange, ...rest }: Props) {
  return (
    <TextInput
      {...rest}
      data-autofocus
      maxLength={200}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
