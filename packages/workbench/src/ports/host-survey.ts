// This computer's room and load, asked each time.
export interface HostRoom {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** What could be given out without swapping. */
  readonly memoryFreeBytes: number;
  /** On the file system of the data directory. */
  readonly diskFreeBytes: number;
  readonly load1: number;
}
export interface HostSurvey {
  survey(): Promise<HostRoom>;
  /** IPv4 ranges that this computer is on or has a route to (“192.168.1.0/24”), without the default route. */
  routes(): Promise<readonly string[]>;
}
