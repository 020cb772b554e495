// Debian 12 keeps /bin, /sbin and /lib as links into /usr; packages still name the old places (Debian Policy 10.1).

const MERGED = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] as const;

export const MERGED_LINKS: readonly { readonly path: string; readonly target: string }[] = MERGED.map((path) => ({
  path,
  target: `usr/${path}`,
}));

/** “bin/cat” → “usr/bin/cat”; others stay. */
export function mergedPath(path: string): string {
  const first = path.split("/", 1)[0] ?? "";
  return (MERGED as readonly string[]).includes(first) ? `usr/${path}` : path;
}
