/** One version for the whole repository; a test holds it to package.json. */
export const VERSION = "0.1.0";
