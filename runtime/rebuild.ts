/**
 * A host for tests: at every await the frame's slots are thrown away and made again from the live ones alone. Whatever
 * else the machine should need is poisoned, so a wrong live set is an error at the variable, not a wrong result.
 */
import type { Slots } from "./contract.ts";
import { defer, settle } from "./deferrals.ts";
import { detached } from "./detached.ts";
import type { Frame, Host } from "./frame.ts";
import { combineNatively } from "./frame.ts";
import { liveSlots } from "./registry.ts";
import type { Request } from "./requests.ts";
import { Attempt } from "./stepContext.ts";
import { runBody } from "./requests.ts";

export const rebuildHost: Host = {
  id: "",
  begin: () => ({
    host: rebuildHost,
    path: "",
    context: "",
    ordinal: 0,
    deferred: Promise.withResolvers<unknown>(),
    awaiting: null,
    parked: 0,
  }),
  park(frame: Frame, value: unknown): Promise<unknown> {
    frame.slots = rebuilt(frame);
    return Promise.resolve(value);
  },
  ended: () => undefined,
  suspended(frame) {
    if (frame.pc > 0) frame.slots = rebuilt(frame);
  },
  resumed: () => undefined,
  label: () => undefined,
  operate(_frame: Frame, request: Request): Promise<unknown> {
    // An implicit step is a plain call here, as it is without an execution: same timing, same exceptions.
    const implicit = request.kind === "step" && request.body.kind !== "closure";
    return implicit ? (runBody(request.body, new Attempt(1)) as Promise<unknown>) : detached(request);
  },
  combine: combineNatively,
  promises: null,
  defer,
  settle,
  place: () => unused("place"),
  cancel: () => undefined,
  cancelWithin: () => undefined,
  branch: () => unused("branch"),
  compensate: () => undefined,
  log: () => undefined,
  configure: () => undefined,
  forget: () => undefined,
  functionId: "",
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => globalThis.crypto.randomUUID(),
};

/** Batches run without an execution here. */
function unused(word: string): never {
  throw new TypeError(`${word} is a word of executions.`);
}

function rebuilt({ machine, pc, slots }: Frame): Slots {
  const live = machine.checkpoints[pc]?.live ?? [];
  const values = liveSlots(machine, pc, slots);
  const fresh: Slots = {};
  for (const name of Object.keys(slots)) {
    if (!live.includes(name)) poison(fresh, name, `${machine.id} at checkpoint ${pc}`);
  }
  live.forEach((name, index) => (fresh[name] = values[index]));
  return fresh;
}

function poison(slots: Slots, name: string, where: string): void {
  Object.defineProperty(slots, name, {
    enumerable: true,
    configurable: true,
    get() {
      throw new ReferenceError(`${name} is read after ${where}, but is not in its live set.`);
    },
    set(value: unknown) {
      Object.defineProperty(slots, name, { value, enumerable: true, configurable: true, writable: true });
    },
  });
}
