/**
 * The public conformance suite of AWS durable execution: every requirement that is there has a handler. Compared are status,
 * result (where the requirement says one), and the order of operation events. Three differences are by design: a step's start
 * is recorded with its result, a failed attempt that will be tried again is `StepRetryScheduled`, and what AWS calls chained
 * invocations are invocations. Waits and time limits are a thousandth of the suite's.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DurableFunction, Engine, OpenOptions } from "@durablec/runtime";
import { crash, engineOf, load, until, world } from "./fixture.ts";

type Handlers = Readonly<Record<string, DurableFunction<unknown>>>;

const SUITE = join(import.meta.dirname, "../../../shared/conformance");
const SUBJECTS = ["step", "wait", "child", "callback", "invoke"] as const;
const handlers: Handlers = Object.assign(
  {},
  ...(await Promise.all(["conformance", "conformanceCallbacks", "conformanceInvoke"].map(load<Handlers>))),
) as Handlers;
const functions = Object.entries(handlers).flatMap(([name, fn]) => (name === "TransientError" ? [] : [fn]));

/** Inputs that are more than one line of text. */
const INPUTS: Readonly<Record<string, unknown>> = {
  child_3_2: { name: "mine", value: "x1" },
  callback_4_17: ["a", "b"],
  callback_4_18: ["a", "b"],
  callback_4_19: ["a", "b"],
  invoke_5_2: { name: "mine", payload: "x1" },
  invoke_5_3: { nested: { key: "value", items: [1, 2, 3] }, source: "test" },
  invoke_5_8: { tenantId: "t1", payload: "x1" },
  invoke_5_15: { data: "hello" },
};
/** Results that are more than that; the suite has some of them in the details of events. */
const RESULTS: Readonly<Record<string, unknown>> = {
  step_1_5: null,
  child_3_14: "HELLO CHILD",
  callback_4_15: { received: { id: "x1", message: "hello", timestamp: 1_767_225_600 } },
  callback_4_16: { count: 42, doubled: 84 },
  callback_4_17: ["answer a", "answer b"],
  callback_4_19: ["answer a", "answer b"],
  invoke_5_3: INPUTS.invoke_5_3,
  invoke_5_4: null,
  invoke_5_8: "x1",
  invoke_5_14: ["one", "two"],
  invoke_5_15: { DATA: "HELLO" },
  invoke_5_16: "HELLO",
};
const ANSWERS: Readonly<Record<string, unknown>> = {
  callback_4_15: { id: "x1", message: "hello", timestamp: "2026-01-01T00:00:00.000Z" },
  callback_4_16: 42,
};
/** The process is gone in the middle of a body. */
const CRASHES = new Set(["step_1_17", "step_1_18", "child_3_12"]);
/** Nothing more happens within the time of a test: what there is, is looked at. */
const UNFINISHED: Readonly<Record<string, number>> = { wait_2_4: 60_000, wait_2_5: 3_600_000 };
/** The default retry strategy waits for seconds. */
const SLOW = new Set(["step_1_13"]);

interface Requirement {
  readonly input: unknown;
  readonly status: string | undefined;
  readonly result: string | undefined;
  readonly events: readonly string[];
  readonly actions: readonly { readonly name: string; readonly what: string; readonly delay: number }[];
}

function read(name: string): Requirement {
  const [folder = "", ...number] = name.split("_");
  const text = readFileSync(join(SUITE, folder, `${number.join("-")}.yaml`), "utf8")
    .replaceAll(/\$\{(?:INPUT_[12]|CB_NAME)\}/g, "x1")
    .replaceAll("${CB_NAME_A}", "a")
    .replaceAll("${CB_NAME_B}", "b");
  const find = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1]?.trim();
  const actions = [...text.matchAll(/- CallbackName: (.+)\n\s+Operation: (\w+)((?:\n {4}.*)*)/g)];
  return {
    input: INPUTS[name] ?? find(/^Input: (.+)$/m) ?? "",
    status: find(/^ {2}ExecutionStatus: (.+)$/m),
    result: find(/^ {2}Result: (.+)$/m)?.replaceAll(/^'"|"'$/g, ""),
    events: [...text.matchAll(/EventType: (?:Chained)?(\w+)/g)]
      .map(([, kind = ""]) => kind)
      .filter((kind) => !/^(InvocationCompleted|StepStarted|Execution.*)$/.test(kind)),
    actions: actions
      .map(([, callback = "", what = "", rest = ""]) => ({
        ...{ name: callback, what, delay: Number(/Delay: (\d+)/.exec(rest)?.[1] ?? 0) },
      }))
      .sort((a, b) => a.delay - b.delay),
  };
}

async function act(
  engine: Engine,
  { id, name }: { id: string; name: string },
  action: Requirement["actions"][0],
) {
  const open = async (): Promise<string | undefined> =>
    (await engine.query(id))?.operations.find((pending) => pending.name === action.name)?.callbackId;
  await until(open);
  const callback = (await open()) as string;
  if (action.what === "heartbeat") await engine.callbacks.heartbeat(callback);
  else if (action.what === "success")
    await engine.callbacks.succeed(callback, ANSWERS[name] ?? `answer ${action.name}`);
  else
    await engine.callbacks.fail(
      callback,
      Object.assign(new Error("not approved"), { name: "RejectedError" }),
    );
}

/** Time passes as soon as nothing else happens. */
function hurried(): NonNullable<OpenOptions["world"]> {
  const time = { now: 1_000_000 };
  const timers: { readonly at: number; readonly go: () => void }[] = [];
  const pass = (): void => {
    const [next] = timers.sort((a, b) => a.at - b.at).splice(0, 1);
    if (next === undefined) return;
    time.now = Math.max(time.now, next.at);
    next.go();
  };
  return {
    now: () => time.now,
    random: () => 0.5,
    uuid: () => crypto.randomUUID(),
    setTimer(at, go) {
      const timer = { at, go };
      timers.push(timer);
      setTimeout(pass, 1);
      return () => void timers.splice(timers.indexOf(timer) >>> 0, 1);
    },
  };
}

describe.skipIf(!existsSync(SUITE))(`AWS's conformance suite (skipped where ${SUITE} is absent)`, () => {
  it("has a handler here for each of its requirements", () => {
    const wanted = SUBJECTS.flatMap((subject) =>
      readdirSync(join(SUITE, subject)).map(
        (file) => `${subject}_${file.replace(".yaml", "").replace("-", "_")}`,
      ),
    );
    expect(
      Object.keys(handlers)
        .filter((name) => /_\d/.test(name))
        .sort(),
    ).toEqual(wanted.sort());
  });

  it.each(Object.keys(handlers).filter((name) => /_\d/.test(name)))(
    "%s: status, result and order of events",
    async (name) => {
      const { input, status, result, events, actions } = read(name);
      const fn = handlers[name] as DurableFunction<unknown>;
      const options = { functions, lingerMs: 0, ...(SLOW.has(name) ? { world: hurried() } : {}) };
      let engine = await engineOf(options);
      const { id } = await engine.start(fn, input);
      if (CRASHES.has(name)) {
        await until(() => world.outside.has("crashed"));
        await crash(engine);
        engine = await engineOf(options);
      }
      for (const action of actions) await act(engine, { id, name }, action);
      const told = async (): Promise<readonly string[]> =>
        (await engine.history(id))
          .filter(({ op, kind }) => op !== undefined && kind !== "StepStarted")
          .map(({ kind }) => (kind === "StepRetryScheduled" ? "StepFailed" : kind));
      const delay = UNFINISHED[name];
      if (delay !== undefined) {
        await until(async () => (await told()).length > 0);
        const [started] = (await engine.history(id)).filter(({ kind }) => kind === "WaitStarted");
        expect((started?.until ?? 0) - (started?.time ?? 0)).toBe(delay);
      } else await engine.result(id).catch(() => undefined);
      const view = await engine.get(id);
      expect(view?.status).toBe(status ?? "RUNNING");
      if (name in RESULTS) expect(view?.result).toEqual(RESULTS[name]);
      else if (result !== undefined && result !== "'*'") expect(view?.result).toBe(result);
      expect(await told()).toEqual(events);
    },
  );
});
