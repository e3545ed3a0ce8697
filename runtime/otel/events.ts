/** What events of the journal mean to spans and metrics. */
import type { ObservedEvent } from "../observer.ts";
import { viewCodec } from "../engine/state.ts";

const KINDS: Readonly<Record<string, string>> = {
  Step: "step",
  Condition: "condition",
  Wait: "wait",
  Callback: "callback",
  Invoke: "invoke",
  Context: "context",
};

/** Of an operation that has a span; null for values, checkpoints, and what is about the execution. */
export function kindOf({ kind }: ObservedEvent): string | null {
  return KINDS[/^[A-Z][a-z]+/.exec(kind)?.[0] ?? ""] ?? null;
}

/** `again`: another attempt follows. */
export function outcomeOf({ kind }: ObservedEvent): "begun" | "again" | "succeeded" | "failed" {
  if (kind.endsWith("Started")) return "begun";
  if (kind === "StepRetryScheduled" || kind === "ConditionPolled") return "again";
  return kind.endsWith("Succeeded") ? "succeeded" : "failed";
}

export function isEnd({ kind }: ObservedEvent): boolean {
  return /^Execution(Succeeded|Failed|Stopped|TimedOut)$/.test(kind);
}

/** `SUCCEEDED`, `TIMED_OUT`, ... of an execution's end. */
export function statusOf({ kind }: ObservedEvent): string {
  const [first = "", ...rest] = kind.slice("Execution".length).split(/(?=[A-Z])/);
  return [first, ...rest].join("_").toUpperCase();
}

/** The name of the recorded error: a class of the author's, or of ours. */
export function errorOf({ kind, payload }: ObservedEvent): string {
  if (payload === undefined) return kind;
  const error = viewCodec.decode(payload);
  return error instanceof Error ? error.name : typeof error;
}

/** Where in the author's source. */
export function placeOf({ at }: { readonly at?: string }): Record<string, string | number> {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(at ?? "") ?? [];
  return file === undefined ? {} : { "code.file.path": file, "code.line.number": Number(line) };
}
