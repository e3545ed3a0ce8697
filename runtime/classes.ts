/** The runtime's own errors come back from a store as instances of their classes. */
import * as arguments_ from "./arguments.ts";
import { BatchResult } from "./batch.ts";
import { DurableExecution } from "./durableExecution.ts";
import * as errors from "./errors.ts";
import { Signals } from "./signals.ts";
import { registerClass } from "./registry.ts";

for (const [name, value] of Object.entries({ ...errors, ...arguments_ })) {
  if (typeof value === "function" && value.prototype instanceof errors.DurableError) {
    registerClass(`@durablec/runtime#${name}`, value as typeof errors.DurableError);
  }
}
registerClass("@durablec/runtime#BatchResult", BatchResult);
registerClass("@durablec/runtime#DurableExecution", DurableExecution);
registerClass("@durablec/runtime#Signals", Signals);
