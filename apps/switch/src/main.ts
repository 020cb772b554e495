// mimic-switch: carries frames between machines, and nothing else.
export {};
