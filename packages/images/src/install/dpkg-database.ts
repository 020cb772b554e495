// dpkg's own records of a package, written as `dpkg --unpack` leaves them, so that the slow guest only has to set
// packages up. Facts: dpkg 1.21, lib/dpkg/fields.c, src/main/unpack.c; deb-triggers(5), dpkg(1) “PACKAGE STATES”.

export interface ControlFile {
  readonly name: string;
  readonly mode: number;
  readonly body: Uint8Array;
}

export interface UnpackedPackage {
  readonly name: string;
  readonly control: readonly ControlFile[];
  /** As in its data archive, with a slash in front and none at the end; the root itself is “/.”. */
  readonly paths: readonly string[];
}

export interface DatabaseFile {
  readonly path: string;
  readonly mode: number;
  readonly body: Uint8Array;
}

const utf8 = new TextDecoder();
const text = new TextEncoder();
const textOf = (one: UnpackedPackage, name: string): string => {
  const file = one.control.find((each) => each.name === name);
  return file ? utf8.decode(file.body) : "";
};
const linesOf = (content: string): string[] =>
  content
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
const field = (control: string, name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(control)?.[1]?.trim();

interface Conffile {
  readonly path: string;
  readonly removed: boolean;
}

function readConffiles(one: UnpackedPackage): Conffile[] {
  return linesOf(textOf(one, "conffiles")).map((line) => {
    const removed = line.startsWith("remove-on-upgrade ");
    return { removed, path: removed ? line.slice("remove-on-upgrade ".length).trim() : line };
  });
}

/** Paths of its configuration files: they are unpacked under the name `….dpkg-new` and get their own name when it is set up. */
export const conffilesOf = (one: Pick<UnpackedPackage, "control">): ReadonlySet<string> =>
  new Set(readConffiles({ ...one, name: "", paths: [] }).flatMap(({ path, removed }) => (removed ? [] : [path])));

/** “libc6:amd64” for packages that may be there for several architectures, else the bare name. */
export function infoName(one: UnpackedPackage): string {
  const control = textOf(one, "control");
  return field(control, "Multi-Arch") === "same" ? `${one.name}:${field(control, "Architecture")}` : one.name;
}

/** Its part of the `status` file: unpacked, not set up. */
export function statusStanza(one: UnpackedPackage): string {
  const lines = textOf(one, "control")
    .trimEnd()
    .split("\n")
    .filter((line) => line.trim() !== "");
  const conffiles = readConffiles(one).map(({ path, removed }) => ` ${path} newconffile${removed ? " remove-on-upgrade" : ""}`);
  return [...lines, "Status: install ok unpacked", ...(conffiles.length > 0 ? ["Conffiles:", ...conffiles] : []), ""].join("\n");
}

interface Interest {
  /** A path, or a name. */
  readonly trigger: string;
  readonly by: string;
}

/** Which packages want to hear of what (deb-triggers(5)). */
function interestsOf(one: UnpackedPackage): Interest[] {
  const found: Interest[] = [];
  for (const line of linesOf(textOf(one, "triggers"))) {
    const [directive = "", trigger = ""] = line.split(/\s+/);
    if (!/^interest(-noawait|-await)?$/.test(directive) || trigger === "") continue;
    found.push({ trigger, by: `${infoName(one)}${directive === "interest-noawait" ? "/noawait" : ""}` });
  }
  return found;
}

function triggerFiles(packages: readonly UnpackedPackage[]): DatabaseFile[] {
  const named = new Map<string, string>();
  let paths = "";
  for (const { trigger, by } of packages.flatMap(interestsOf)) {
    if (trigger.startsWith("/")) paths += `${trigger} ${by}\n`;
    else if (/^[A-Za-z0-9+._-]+$/.test(trigger)) named.set(trigger, `${named.get(trigger) ?? ""}${by}\n`);
  }
  return [
    { path: "var/lib/dpkg/triggers/File", mode: 0o644, body: text.encode(paths) },
    { path: "var/lib/dpkg/triggers/Unincorp", mode: 0o644, body: text.encode("") },
    ...[...named].map(([name, by]) => ({ path: `var/lib/dpkg/triggers/${name}`, mode: 0o644, body: text.encode(by) })),
  ];
}

function infoFiles(one: UnpackedPackage): DatabaseFile[] {
  const name = infoName(one);
  return [
    { path: `var/lib/dpkg/info/${name}.list`, mode: 0o644, body: text.encode(one.paths.map((path) => `${path}\n`).join("")) },
    ...one.control
      .filter((file) => file.name !== "control")
      .map((file) => ({ path: `var/lib/dpkg/info/${name}.${file.name}`, mode: file.mode, body: file.body })),
  ];
}

/** Everything below /var/lib/dpkg, and apt's note of which packages nobody asked for by name. */
export function dpkgDatabase(packages: readonly UnpackedPackage[], askedFor: ReadonlySet<string>): DatabaseFile[] {
  const file = (path: string, body: string): DatabaseFile => ({ path, mode: 0o644, body: text.encode(body) });
  const automatic = packages.filter((one) => !askedFor.has(one.name));
  return [
    file("var/lib/dpkg/status", packages.map((one) => `${statusStanza(one)}\n`).join("")),
    file("var/lib/dpkg/available", ""),
    file("var/lib/dpkg/diversions", ""),
    file("var/lib/dpkg/statoverride", ""),
    file("var/lib/dpkg/info/format", "1\n"),
    ...packages.flatMap(infoFiles),
    ...triggerFiles(packages),
    file(
      "var/lib/apt/extended_states",
      automatic
        .map((one) => `Package: ${one.name}\nArchitecture: ${field(textOf(one, "control"), "Architecture")}\nAuto-Installed: 1\n\n`)
        .join(""),
    ),
  ];
}
