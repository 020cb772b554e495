// A verb as data: its words, what it takes, examples, and what it does. Parsing, --help, completion and
// the documentation all come from the same object.
import type { Client } from "@mimic/api/client";
import type { Door } from "./door.ts";
import type { Io } from "./io.ts";

/** What may stand at a place, for completion. */
export type Completes =
  | "machine"
  | "network"
  | "image"
  | "system"
  | "job"
  | "trash"
  | "template"
  | "storage"
  | "drive"
  | "file"
  | "remote"
  | "nothing"
  | readonly string[];

export interface ArgumentSpec {
  readonly name: string;
  readonly about: string;
  readonly optional?: true;
  /** As many as one likes; only for the last. */
  readonly many?: true;
  readonly completes?: Completes;
}
export interface OptionSpec {
  /** `--cpus <count>`, `-i, --interactive`. */
  readonly flags: string;
  readonly about: string;
  /** May be given several times. */
  readonly many?: true;
  readonly completes?: Completes;
}
export interface ExampleSpec {
  readonly line: string;
  readonly does: string;
}
export const GROUPS = [
  "Begin",
  "Machines",
  "In a moment",
  "Inside a machine",
  "Images and systems",
  "Networks",
  "What happens",
  "This program",
] as const;

export interface CommandSpec {
  /** `start`, `image pull`. */
  readonly path: string;
  readonly group: (typeof GROUPS)[number];
  readonly summary: string;
  /** More, for its own help. */
  readonly about?: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly ExampleSpec[];
  /** What follows the first argument is another program's command line and is not read. */
  readonly passesRest?: true;
  /** A person's terminal talks with a guest's: there is no `--json` of that. */
  readonly isConversation?: true;
  /** Answers with the exit number. */
  readonly run: (context: Context, given: Given) => Promise<number>;
}

export interface Context {
  readonly io: Io;
  /** Speaks to the daemon, and starts it when it does not run. */
  readonly client: Client;
  readonly door: Door;
}

/** What was given on the command line, read by name. */
export class Given {
  readonly #args: readonly (string | readonly string[] | undefined)[];
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #spec: CommandSpec;
  /** For `passesRest`. */
  readonly rest: readonly string[];
  constructor(spec: CommandSpec, args: readonly unknown[], options: Readonly<Record<string, unknown>>, rest: readonly string[]) {
    this.#spec = spec;
    this.#args = args as readonly (string | readonly string[] | undefined)[];
    this.#options = options;
    this.rest = rest;
  }

  get json(): boolean {
    return this.#options["json"] === true;
  }
  /** `--no-NAME` was given. */
  off(name: string): boolean {
    return this.#options[name] === false;
  }
  /** A required argument. */
  arg(name: string): string {
    return this.maybe(name) ?? "";
  }
  maybe(name: string): string | undefined {
    const value = this.#args[this.#place(name)];
    return typeof value === "string" ? value : undefined;
  }
  all(name: string): readonly string[] {
    const value = this.#args[this.#place(name)];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }
  flag(name: string): boolean {
    return this.#options[name] === true;
  }
  /** An option's value, by its long name in camelCase. */
  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === "string" ? value : undefined;
  }
  texts(name: string): readonly string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }
  #place(name: string): number {
    const place = (this.#spec.args ?? []).findIndex((argument) => argument.name === name);
    if (place < 0) throw new Error(`“${this.#spec.path}” has no argument “${name}”`);
    return place;
  }
}
