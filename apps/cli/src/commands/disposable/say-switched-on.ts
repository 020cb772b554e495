// A machine for once usually goes on where its template was. When it was switched on instead, one line says why.
import { plain, quoted } from "@mimic/base";
import type { JobView } from "@mimic/model";
import type { Context } from "../../command.ts";
import { aside } from "../../io.ts";

export function saySwitchedOn({ io }: Context, { result }: JobView): void {
  const because = result?.["switchedOnBecause"];
  if (because === undefined) return;
  aside(io, `${quoted(result?.["name"] ?? "")} was switched on instead of going on from memory: ${plain(because, 400)}.`, "faint");
}
