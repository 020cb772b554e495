// Apart from the schemas beside it, so that the browser's page can name it without fetching them.

/** The data directory itself, as a storage. */
export const MAIN_STORAGE = "main";
