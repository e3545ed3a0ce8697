/**
 * Objects that a step's body shares with the durable function. What it changes of them is seen while the process lives, and
 * missing once the step's result comes from the journal: so it can be handed copies, and tests look whether it changes any.
 */
import { types } from "node:util";
import { findClosure } from "../registry.ts";
import type { Body } from "../requests.ts";
import { runBody } from "../requests.ts";
import type { StepContext } from "../stepContext.ts";
import { Box } from "../variables.ts";
import type { Execution } from "./execution.ts";
import type { OperationHead } from "./operations/operation.ts";
import { taskOf } from "./host.ts";
import { sharedCodec } from "./state.ts";

/** How bodies and awaits are treated. */
export interface Handling {
  /** For tests: an await of a plain value is an event too, so that the state is written at every await. */
  readonly everyAwait: boolean;
  /** Steps that do not say otherwise get copies. */
  readonly isolate: boolean;
  /** Tests are told what a body has changed. */
  readonly changed: ((change: ChangedByStep) => void) | null;
}

/** A variable that is read after a step, and whose object the step's body has changed. */
export interface ChangedByStep {
  readonly variable: string;
  /** The step's name, or its id. */
  readonly step: string;
  /** Id of the durable function: `path#name`. */
  readonly function: string;
  /** The author's file, and the line of the step. */
  readonly source: string;
  readonly line: number;
  /** All of it as one sentence. */
  readonly message: string;
}

interface Run {
  readonly head: OperationHead;
  readonly body: Body;
  readonly isolate: boolean | undefined;
}

/** Objects looked at for one variable. */
const OBJECTS_MAX = 10_000;

/** Throws `EncodeError` when something of which a copy is wanted cannot be written. */
export function runShared(execution: Execution, { head, body, isolate }: Run, context: StepContext): unknown {
  const { handling } = execution.hooks;
  if (isolate ?? handling.isolate) return runBody(toCopy(execution, body), context);
  const { changed } = handling;
  if (changed === null) return runBody(body, context);
  const look = watch(execution, head, partsOf(body));
  return Promise.resolve(runBody(body, context)).finally(() => look().forEach((change) => changed(change)));
}

function toCopy(execution: Execution, body: Body): Body {
  const codec = sharedCodec(execution);
  const copy = <T>(value: T): T => codec.decode(codec.encode(value)) as T;
  switch (body.kind) {
    case "call":
    case "function":
      return { ...body, args: copy(body.args) };
    case "closure":
      return findClosure(body.fn) === undefined ? body : { ...body, fn: copy(body.fn) };
    case "submitter":
      return findClosure(body.fn) === undefined ? body : { ...body, fn: copy(body.fn) };
    case "transaction":
      return body;
  }
}

/** What the body was given: its arguments, or the variables it uses. */
function partsOf(body: Body): readonly unknown[] {
  switch (body.kind) {
    case "call":
    case "function":
      return body.args;
    case "closure":
    case "submitter":
      return findClosure(body.fn)?.captures ?? [];
    case "transaction":
      return [];
  }
}

/** Only of a step that is awaited at once, and while nothing else of the execution happens: else its own code may do it. */
function watch(
  execution: Execution,
  head: OperationHead,
  parts: readonly unknown[],
): () => readonly ChangedByStep[] {
  const { applied } = execution;
  const before = parts.map((part) => toText(execution, part));
  return () => {
    const frame = [...execution.frames].find((one) => taskOf(one).awaiting === head.record.promise);
    if (frame === undefined || execution.disposed || execution.applied !== applied) return [];
    const { machine, pc, slots } = frame;
    const { live = [], line = 0 } = machine.checkpoints[pc] ?? {};
    const changed = parts.filter((part, index) => {
      const text = before[index] ?? null;
      return text !== null && text !== toText(execution, part);
    });
    const variables = live.filter((name) => changed.some((part) => reaches(slots[name], part)));
    return variables.map((variable): ChangedByStep => {
      const step = head.name ?? head.op;
      const message =
        `The step "${step}" (${machine.source}:${line}) changed ${variable}, which is read after it: after a restart the change ` +
        `may be missing. Return what changed, or hand it copies (isolate: true).`;
      return { variable, step, function: machine.id, source: machine.source, line, message };
    });
  };
}

/** Null: it cannot be written, so nothing can be said of it. */
function toText(execution: Execution, value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  try {
    return sharedCodec(execution).encode(value);
  } catch {
    return null;
  }
}

function reaches(value: unknown, target: unknown): boolean {
  const seen = new Set<unknown>([value]);
  for (const one of seen) {
    if (one === target) return true;
    if (seen.size > OBJECTS_MAX) return false;
    for (const inner of within(one)) if (typeof inner === "object" && inner !== null) seen.add(inner);
  }
  return false;
}

function within(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return [];
  if (value instanceof Box) return [value.v];
  if (types.isMap(value)) return [...value].flat();
  if (types.isSet(value)) return [...value];
  return Object.values(Object.getOwnPropertyDescriptors(value)).map((property): unknown => property.value);
}
