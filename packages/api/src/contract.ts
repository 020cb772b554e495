// The contract: each route's input, output and words. Server, OpenAPI 3.1 and the types of the client
// all come from here. Unknown keys are refused on input. Errors are a Problem with a stable code.
import { diskContract, storageContract } from "./contract/disks.ts";
import { disposableContract } from "./contract/disposables.ts";
import { hostContract } from "./contract/host.ts";
import { imageContract } from "./contract/images.ts";
import { jobContract } from "./contract/jobs.ts";
import { machineUseContract } from "./contract/machine-use.ts";
import { machineContract } from "./contract/machines.ts";
import { momentContract } from "./contract/moments.ts";
import { networkContract, nicContract } from "./contract/networks.ts";
import { daemonContract, sessionContract } from "./contract/sessions.ts";
import { systemContract } from "./contract/systems.ts";
import { templateContract } from "./contract/templates.ts";
import { trashContract } from "./contract/trash.ts";

export const contract = {
  host: hostContract,
  machines: { ...machineContract, ...machineUseContract, ...diskContract, ...nicContract },
  networks: networkContract,
  templates: templateContract,
  moments: momentContract,
  disposables: disposableContract,
  storages: storageContract,
  images: imageContract,
  systems: systemContract,
  jobs: jobContract,
  trash: trashContract,
  sessions: sessionContract,
  daemon: daemonContract,
};
export type Contract = typeof contract;
