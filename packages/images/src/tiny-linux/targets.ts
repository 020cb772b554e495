// Where the tiny Linux of each processor keeps its libraries: Debian's folder for the architecture, and the loader that
// its ABI names (the PT_INTERP of every program).
export interface TinyTarget {
  /** Below /, where libraries lie. */
  readonly libraries: string;
  /** Below /: the program loader. */
  readonly loader: string;
  /** The program that mixes fresh randomness into a copy is there for this processor. */
  readonly canReseed: boolean;
}

/** By Debian's name of the architecture. */
const TARGETS: Readonly<Record<string, TinyTarget>> = {
  amd64: { libraries: "lib/x86_64-linux-gnu", loader: "lib64/ld-linux-x86-64.so.2", canReseed: true },
  arm64: { libraries: "lib/aarch64-linux-gnu", loader: "lib/ld-linux-aarch64.so.1", canReseed: false },
  armhf: { libraries: "lib/arm-linux-gnueabihf", loader: "lib/ld-linux-armhf.so.3", canReseed: false },
  ppc64el: { libraries: "lib/powerpc64le-linux-gnu", loader: "lib64/ld64.so.2", canReseed: false },
  riscv64: { libraries: "lib/riscv64-linux-gnu", loader: "lib/ld-linux-riscv64-lp64d.so.1", canReseed: false },
  s390x: { libraries: "lib/s390x-linux-gnu", loader: "lib/ld64.so.1", canReseed: false },
};

/** Undefined for an architecture that no tiny Linux is made for. */
export const tinyTarget = (debianArchitecture: string): TinyTarget | undefined =>
  Object.hasOwn(TARGETS, debianArchitecture) ? TARGETS[debianArchitecture] : undefined;
