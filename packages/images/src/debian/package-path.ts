// How a recipe names a file of a package: by its path, in which one `*` stands for what changes with each version of a
// kernel (“vmlinuz-6.1.0-*-4kc-malta”).

/** True for the paths that are meant; `*` crosses no folder. Pure. */
export function matchesPath(pattern: string, path: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return path === pattern;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const isLongEnough = path.length >= before.length + after.length;
  return (
    isLongEnough && path.startsWith(before) && path.endsWith(after) && !path.slice(before.length, path.length - after.length).includes("/")
  );
}
