// Whoever carries out the routines of machines, as the rest of the workbench sees it.

export interface Skipped {
  /** ISO 8601. */
  readonly at: string;
  readonly why: string;
}

export interface Routines {
  /** Why the one that is due now was not kept. */
  skipped(machineId: string): Skipped | undefined;
  /** What would be cleared away of what Mimic kept before something, and why it stays for now. */
  waiting(machineId: string): { readonly count: number; readonly why: string } | undefined;
  /** A routine was changed: what was said of the one before counts no longer. */
  changed(machineId: string): void;
  /** Looks who is due, now and from now on; and what of this machine need not stay. */
  look(machineId?: string): void;
  close(): Promise<void>;
}
