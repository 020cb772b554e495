export { type Libc, libc, sealedBytes } from "./libc.ts";
