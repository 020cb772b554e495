// The endpoint's connections as Node streams.
export {};
