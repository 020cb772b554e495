// What a browser fetches before it shows the first page: kept just above what it is, so that nothing slips in unseen.

/** Bytes of script, each file gzipped as it comes over the wire. */
export const FIRST_LOAD_MAX_BYTES = 182_000;
