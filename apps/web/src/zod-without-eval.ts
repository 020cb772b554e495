// Schemas that are used in the page must not try whether code can be made from text: the page's policy forbids it, and
// every try is reported. Imported before whatever makes schemas.
import { config } from "zod";

config({ jitless: true });
