// A link that looks like a button: goes somewhere, does nothing else.
import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Props = ButtonProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps> & { readonly ref?: Ref<HTMLAnchorElement> };

export const LinkButton = createLink(({ ref, ...props }: Props) => <Button ref={ref} component="a" {...props} />);
