/**
 * What durable code attaches to promises: `then`, `catch`, `finally`. A callback runs as a small task of its own, so what
 * it starts has ids that do not depend on when it runs, and an async callback is a child task.
 */
import type { Callbacks, ReactionMode } from "../durablePromise.ts";
import { thenNatively } from "../durablePromise.ts";
import type { Outcome } from "../frame.ts";
import { within } from "../frame.ts";
import { placeFrame } from "./branches.ts";
import type { Execution } from "./execution.ts";
import type { PromiseRecord } from "./promises.ts";

export interface Reaction extends Callbacks {
  readonly on: Promise<unknown>;
  /** When it was attached, among all of the execution. */
  readonly order: number;
  /** What the callback starts has ids below it. */
  readonly path: string;
  readonly context: string;
}

/** Attaches a new reaction: the promise that `then` gives. */
export function addReaction(execution: Execution, reaction: Omit<Reaction, "order">): PromiseRecord {
  const { promises } = execution;
  const complete = { ...reaction, order: promises.nextOrder() };
  const record = promises.create({ kind: "reaction", reaction: complete });
  attachReaction(execution, record, complete);
  return record;
}

/** As a snapshot holds it. */
export function toParts({
  mode,
  on,
  order,
  path,
  context,
  fulfilled,
  rejected,
}: Reaction): readonly unknown[] {
  return ["reaction", mode, on, order, path, context, fulfilled, rejected];
}

export function restoreReaction(
  execution: Execution,
  record: PromiseRecord,
  parts: readonly unknown[],
): void {
  const [mode, on, order, path, context, fulfilled, rejected] = parts as [
    ReactionMode,
    Promise<unknown>,
    number,
    string,
    string,
    unknown,
    unknown,
  ];
  const reaction: Reaction = { mode, on, order, path, context, fulfilled, rejected };
  record.source = { kind: "reaction", reaction };
  execution.promises.restoreLater({ order, attach: () => attachReaction(execution, record, reaction) });
}

function attachReaction(execution: Execution, record: PromiseRecord, reaction: Reaction): void {
  execution.promises.find(reaction.on)?.addDependent(record);
  const run = (outcome: Outcome): void => {
    if (!execution.disposed) react(execution, { record, reaction }, outcome);
  };
  thenNatively(
    reaction.on,
    (value) => run({ threw: false, value }),
    (value) => run({ threw: true, value }),
  );
}

interface Reacting {
  readonly record: PromiseRecord;
  readonly reaction: Reaction;
}

function react(execution: Execution, { record, reaction }: Reacting, outcome: Outcome): void {
  const { mode, fulfilled, rejected, path, context } = reaction;
  const inside = <T>(body: () => T): T => within(placeFrame(execution, { path, context, ordinal: 0 }), body);
  if (mode === "give")
    return settle(record, outcome.threw ? outcome : { threw: rejected === true, value: fulfilled });
  const callback = mode === "then" && outcome.threw ? rejected : fulfilled;
  if (typeof callback !== "function") return settle(record, outcome);
  try {
    const args = mode === "then" ? [outcome.value] : [];
    const value: unknown = inside(() => Reflect.apply(callback, undefined, args));
    if (mode === "then") return record.resolve(value);
    record.resolve(inside(() => giveAfter(execution, reaction, { value, outcome })));
  } catch (error) {
    record.reject(error);
  }
}

/** `finally`: what came before, once what the callback gave has settled. */
function giveAfter(
  execution: Execution,
  { path, context }: Reaction,
  { value, outcome }: { readonly value: unknown; readonly outcome: Outcome },
): Promise<unknown> {
  const { promises } = execution;
  const known = promises.find(value)?.promise;
  const given = promises.create({ kind: "task", path: `${path}/finally` });
  if (known === undefined) given.resolve(value);
  const { promise } = addReaction(execution, {
    mode: "give",
    on: known ?? given.promise,
    path: `${path}/give`,
    context,
    fulfilled: outcome.value,
    rejected: outcome.threw,
  });
  return promise;
}

function settle(record: PromiseRecord, { threw, value }: Outcome): void {
  if (threw) record.reject(value);
  else record.resolve(value);
}
