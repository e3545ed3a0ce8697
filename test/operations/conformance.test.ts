/**
 * The public conformance suite of AWS durable execution, as far as there are handlers for it. Compared are status, result
 * (where the requirement says one), and the order of operation events. Two differences are by design: here a step's start is
 * recorded with its result, and a failed attempt that will be tried again is `StepRetryScheduled`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DurableFunction } from "@durablec/runtime";
import { engineOf, load } from "./fixture.ts";

const SUITE = join(import.meta.dirname, "../../../shared/conformance");
const handlers = await load<Readonly<Record<string, DurableFunction<string>>>>("conformance");

interface Requirement {
  readonly input: string;
  readonly status: string | undefined;
  readonly result: string | undefined;
  readonly events: readonly string[];
}

function read(name: string): Requirement {
  const [folder = "", ...number] = name.split("_");
  const text = readFileSync(join(SUITE, folder, `${number.join("-")}.yaml`), "utf8").replaceAll(
    "${INPUT_1}",
    "x1",
  );
  const find = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1]?.trim();
  return {
    input: find(/^Input: (.+)$/m) ?? "",
    status: find(/^ {2}ExecutionStatus: (.+)$/m),
    result: find(/^ {2}Result: (.+)$/m),
    events: [...text.matchAll(/EventType: (\w+)/g)]
      .map(([, kind = ""]) => kind)
      .filter((kind) => kind !== "InvocationCompleted" && kind !== "StepStarted"),
  };
}

describe.skipIf(!existsSync(SUITE))(`AWS's conformance suite (skipped where ${SUITE} is absent)`, () => {
  it.each(Object.keys(handlers))("%s: status, result and order of events", async (name) => {
    const { input, status, result, events } = read(name);
    const fn = handlers[name] as DurableFunction<string>;
    const engine = await engineOf({ functions: [fn], lingerMs: 0 });
    const { id } = await engine.start(fn, input);
    await engine.result(id).catch(() => undefined);
    const view = await engine.get(id);
    expect(view?.status).toBe(status);
    if (result !== undefined) expect(view?.result).toBe(result);
    const told = (await engine.history(id)).filter(({ op }) => op !== undefined);
    expect(told.map(({ kind }) => (kind === "StepRetryScheduled" ? "StepFailed" : kind))).toEqual(events);
  });
});
