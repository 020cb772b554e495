// Sequence numbers are 32 bits and wrap (RFC 9293 §3.4): kept as signed numbers, compared by the sign of their difference.

export const isBefore = (a: number, b: number): boolean => ((a - b) | 0) < 0;
export const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;
export const later = (a: number, b: number): number => (isAfter(a, b) ? a : b);
export const earlier = (a: number, b: number): number => (isBefore(a, b) ? a : b);
export const distance = (from: number, to: number): number => (to - from) | 0;
