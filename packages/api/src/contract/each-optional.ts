// Wishes for parts of a thing. Not `.partial()`: zod fills the defaults of fields that were left out even then, and “two
// cores, please” would quietly reset memory, board and all the rest.
import { z } from "zod";

/** Of a shape whose fields have defaults (or may be left out already). A field that is left out stays left out. */
export const eachOptional = <Shape extends Readonly<Record<string, { unwrap: () => z.ZodType }>>>(shape: Shape) =>
  Object.fromEntries(Object.entries(shape).map(([field, schema]) => [field, z.optional(schema.unwrap())])) as {
    [Field in keyof Shape]: z.ZodOptional<ReturnType<Shape[Field]["unwrap"]>>;
  };
