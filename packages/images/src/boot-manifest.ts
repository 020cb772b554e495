// A boot image is a folder of parts; its digest is the SHA-256 of this text.

/** Same parts, same text, whatever their order. */
export const bootManifest = (parts: readonly { readonly name: string; readonly sha256: string; readonly sizeBytes: number }[]): string =>
  [...parts]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((part) => `${part.sha256} ${part.sizeBytes} ${part.name}\n`)
    .join("");
