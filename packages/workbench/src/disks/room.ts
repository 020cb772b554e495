// How much room is left where a disk lies.
import { formatSize } from "@mimic/base";
import type { Context } from "../context.ts";

/** Left for everything else there. */
export const RESERVE_BYTES = 64 * 1024 ** 2;

/** `storage` undefined = the data directory. */
export const roomIn = async ({ ports }: Context, storage: string | undefined): Promise<number> =>
  storage === undefined ? (await ports.survey.survey()).diskFreeBytes : await ports.storages.freeBytes(storage).catch(() => 0);

export const roomWords = (bytes: number): string => formatSize(bytes);
