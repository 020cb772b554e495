// Frames, packets and messages: parse and serialize. Views and not copies; hostile input never throws.
export {};
