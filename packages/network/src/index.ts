// The switch and the gateway, pure: who may send what to whom, and what the network itself answers.
export {};
