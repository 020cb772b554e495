// `mimic template show TEMPLATE`.
import { formatSize } from "@mimic/base";
import type { TemplateView } from "@mimic/model";
import { TEMPLATE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { relative } from "../../table.ts";
import { sayBroken } from "../../template-files.ts";

export const command: CommandSpec = {
  path: "template show",
  group: "In a moment",
  summary: "Show a template",
  args: [TEMPLATE],
  examples: [{ line: "mimic template show web", does: "what it is, and why machines go on from it or are switched on" }],
  run: async ({ io, client }, given) => {
    const template = await client.templates.show({ template: given.arg("template") });
    if (given.json) {
      printJson(io, template);
      return 0;
    }
    const rows = [
      ["name", template.name],
      ["hardware", template.hardwareInWords],
      ["machines made from it", begins(template)],
      ...template.history.map((one) => [one === template.history[0] ? "generations" : "", generationInWords(one, io.nowMs())]),
      ["ready now", readyInWords(template)],
      ["verified", template.checkedAt === undefined ? "never (mimic template verify)" : relative(template.checkedAt, io.nowMs())],
      ["size", formatSize(template.sizeBytes)],
      ["used by", template.usedBy.length === 0 ? "no machine" : template.usedBy.join(", ")],
      ...(template.note === "" ? [] : [["note", template.note]]),
    ];
    for (const [head = "", text = ""] of rows) line(io, `${head.padEnd(22)} ${text}`);
    if (template.checkedAt !== undefined) sayBroken(io, await client.templates.verification({ template: template.id }));
    return 0;
  },
};

function readyInWords({ warm, warmWanted, isInstant, memberBytes, isMemberMeasured }: TemplateView): string {
  const each = `, ${isMemberMeasured ? "" : "about "}${formatSize(memberBytes)} each`;
  return `${warm}${warmWanted === undefined ? " (as it is used)" : ` of ${warmWanted}`}${isInstant ? each : ""}`;
}

function begins({ damage, isInstant, because }: TemplateView): string {
  if (damage !== undefined) return `none any more: ${damage}`;
  return isInstant ? "go on where it was" : `are switched on: ${because ?? ""}`;
}

function generationInWords(one: TemplateView["history"][number], nowMs: number): string {
  const users = one.usedBy.length === 0 ? "" : `, under ${one.usedBy.join(", ")}`;
  return `${one.number}, made ${relative(one.madeAt, nowMs)}${one.damage === undefined ? (one.isInstant ? "" : ", disks only") : ", damaged"}${users}`;
}
