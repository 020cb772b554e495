// Schemas that are used in the page must not try whether code can be made from text: the page's policy forbids it, and
// every try is reported. Imported first of all; it brings a few lines of zod, the rest comes only with what needs it.
import { config } from "zod";

config({ jitless: true });
