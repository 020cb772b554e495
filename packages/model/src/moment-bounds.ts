// Bounds of what a person may say of moments, for the schemas and for those who ask.

/** Of one machine, of one kind: what a person can still look through. */
export const MOST_KEPT = 500;
/** Ten years. */
export const MOST_DAYS = 3650;
