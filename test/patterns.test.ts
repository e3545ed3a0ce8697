/**
 * The patterns and programs of `fixtures/patterns`, each in virtual time, and each killed before and after every commit;
 * and what the testing kit itself promises, with them as its subjects.
 */
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { TestResult } from "@aws/durable-execution-sdk-js-testing";
import { StepTimeoutError, toAwsHistory } from "@durablec/runtime";
import type { TestExecution, TestRunner } from "@durablec/runtime/testing";
import { createTestRunner, everyCheckpoint, TestStuckError } from "@durablec/runtime/testing";
import type * as Services from "../fixtures/patterns/services.ts";
import { compileFixture } from "./support/compileFixture.ts";

const compiled = await compileFixture("fixtures/patterns");
const load = async <T>(name: string): Promise<T> => (await import(join(compiled, `${name}.js`))) as T;

const { calls } = await load<typeof Services>("services");
const chaining = await load<typeof import("../fixtures/patterns/functionChaining.ts")>("functionChaining");
const fan = await load<typeof import("../fixtures/patterns/fanOutFanIn.ts")>("fanOutFanIn");
const http = await load<typeof import("../fixtures/patterns/asyncHttp.ts")>("asyncHttp");
const { monitor, monitorInContext } = await load<typeof import("../fixtures/patterns/monitor.ts")>("monitor");
const human = await load<typeof import("../fixtures/patterns/humanInteraction.ts")>("humanInteraction");
const aggregator = await load<typeof import("../fixtures/patterns/aggregator.ts")>("aggregator");
const { fulfilOrder, OutOfStock } =
  await load<typeof import("../fixtures/patterns/programs/orderFulfilment.ts")>("programs/orderFulfilment");
const { digest } =
  await load<typeof import("../fixtures/patterns/programs/aiPipeline.ts")>("programs/aiPipeline");
const { pay } = await load<typeof import("../fixtures/patterns/programs/payment.ts")>("programs/payment");
const { rollOut } = await load<typeof import("../fixtures/patterns/programs/iot.ts")>("programs/iot");
const { bookTrip } =
  await load<typeof import("../fixtures/patterns/programs/apiOrchestration.ts")>("programs/apiOrchestration");
const { agent } = await load<typeof import("../fixtures/patterns/programs/agent.ts")>("programs/agent");

beforeEach(() => void calls.splice(0));

const ORDER = { id: "order-7", cents: 900, articles: ["lamp", "desk"] };
const WATCH = { city: "Oslo", limit: 27, days: 365 };
const WINDOW = { topic: "power", enough: 3 };
const WAVES = [
  ["a", "b"],
  ["c", "broken-1", "d"],
];

type OfficialEvent = Pick<
  ReturnType<TestResult["getHistoryEvents"]>[number],
  "EventType" | "SubType" | "EventId" | "Id" | "Name" | "ParentId" | "EventTimestamp"
>;

type Run = (runner: TestRunner) => Promise<TestExecution>;

/** The same, sent by somebody who knows the execution. */
async function aggregated(runner: TestRunner): Promise<TestExecution> {
  const execution = await runner.start(aggregator.aggregate, WINDOW, { id: "window" });
  for (const source of ["roof", "cellar"])
    await runner.engine.signal("window", "reading", { source, value: 21 });
  return execution.ended();
}

/** Two readings come, the third does not. */
function withReadings(run: Run): Run {
  return (runner) => {
    let count = 0;
    runner.onCallback("reading", (callback) => {
      if (++count <= 2) return callback.succeed({ source: "roof", value: 21 });
    });
    return run(runner);
  };
}

/** The team lead says nothing, the director yes. */
function withDirector(run: Run): Run {
  return (runner) => {
    let count = 0;
    runner.onCallback("decision", (callback) => {
      if (++count === 2) return callback.succeed("yes");
    });
    return run(runner);
  };
}

function withPerson(allowed: boolean, run: Run): Run {
  return (runner) => {
    runner.onCallback("may I", (callback) => callback.succeed(allowed));
    return run(runner);
  };
}

function failing(name: string, attempts: readonly number[], run: Run): Run {
  return (runner) => {
    runner.failStep(name, attempts);
    return run(runner);
  };
}

/** Name, how it is run, and what comes of it. */
const cases: readonly (readonly [string, Run, unknown])[] = [
  ["function chaining", (r) => r.run(chaining.chain, "u"), "post-20"],
  ["function chaining, in a context", (r) => r.run(chaining.chainInContext, "u"), "post-20"],
  ["fan-out/fan-in", (r) => r.run(fan.album, ["a", "b"]), "album of a.small, b.small"],
  [
    "fan-out/fan-in, with a limit and a failure",
    failing("resize", [1], (r) => r.run(fan.carefulAlbum, ["a", "b", "c"])),
    "album of a.small, b.small, c.small",
  ],
  ["fan-out/fan-in, in a context", (r) => r.run(fan.albumInContext, ["a", "b"]), "album of a.small, b.small"],
  ["async HTTP", (r) => r.run(http.longJob, "x"), "output of job-x"],
  ["async HTTP, in a context", (r) => r.run(http.longJobInContext, "x"), "output of job-x"],
  ["monitor", (r) => r.run(monitor, WATCH), "warned at 29"],
  ["monitor, in a context", (r) => r.run(monitorInContext, { ...WATCH, limit: 99 }), "all quiet"],
  ["human interaction", withDirector((r) => r.run(human.approval, "leave")), "director: yes"],
  [
    "human interaction, in a context",
    withDirector((r) => r.run(human.approvalInContext, "leave")),
    "director: yes",
  ],
  ["aggregator", aggregated, "power: 42"],
  [
    "aggregator, in a context",
    withReadings((r) => r.run(aggregator.aggregateInContext, WINDOW)),
    "power: 42",
  ],
  [
    "order fulfilment",
    failing("charge", [1, 2], (r) => r.run(fulfilOrder, ORDER)),
    "payment of order-7: parcel with lamp, parcel with desk",
  ],
  [
    "order fulfilment, out of stock",
    (r) => r.run(fulfilOrder, { ...ORDER, articles: ["lamp", "unicorn"] }),
    "refunded: no unicorn",
  ],
  ["AI pipeline", (r) => r.run(digest, "a/b/c"), { digest: "<<a>+<c>>", dropped: 1 }],
  ["payment", (r) => r.run(pay, { key: "k", cents: 5 }), "captured"],
  ["IoT", (r) => r.run(rollOut, WAVES), "updated a, b, c, d"],
  ["IoT, rolled back", (r) => r.run(rollOut, [["a", "broken-1", "broken-2"]]), "rolled back 1"],
  [
    "API orchestration, with a substitute",
    failing("convert", [1, 2], (r) => r.run(bookTrip, "Rome")),
    "F-Rome booked, H-Rome booked for 58000",
  ],
  [
    "AI agent, with a person's yes",
    withPerson(true, (r) => r.run(agent, "pay")),
    { answer: "done after 2 tools", turns: 3 },
  ],
  [
    "AI agent, with a person's no",
    withPerson(false, (r) => r.run(agent, "pay")),
    { answer: "done after 2 tools", turns: 3 },
  ],
];

describe("patterns and programs", () => {
  it("each event of an operation knows where it stands in the source, branches of batches too", async () => {
    await using runner = await createTestRunner();
    const { history } = await runner.run(rollOut, WAVES);
    const branch = history.find(({ name }) => name === "broken-1");
    expect(branch?.source).toMatchObject({ file: "programs/iot.ts", line: 17 });
    expect(history.filter(({ op, source }) => op !== undefined && source === undefined)).toEqual([]);
  });

  it.each(cases)(
    "%s: the same result with a crash before and after every commit, finished steps once",
    async (_name, run, result) => {
      const { execution, crashes } = await everyCheckpoint("crash", run);
      expect(execution.result).toEqual(result);
      expect(crashes).toBeGreaterThan(3);
    },
  );

  it("a payment is captured once, whatever crashes: what nobody knows is looked up", async () => {
    await everyCheckpoint("crash", async (runner) => {
      calls.splice(0);
      const execution = await runner.run(pay, { key: "k", cents: 5 });
      expect(calls.filter((name) => name.startsWith("capture")).length).toBeLessThanOrEqual(1);
      return execution;
    });
  });

  it("all of them run when the process dies after each of its commits", async () => {
    for (const [, run, result] of cases) {
      const { execution, crashes } = await everyCheckpoint("restart", run);
      expect(execution.result).toEqual(result);
      expect(crashes).toBeGreaterThan(1);
    }
  });
});

describe("history in AWS's vocabulary", () => {
  const told = (events: readonly OfficialEvent[]): string[] =>
    events.map(({ EventType, SubType = "", Id, Name = "", ParentId = "-" }) =>
      [EventType, SubType, Id === "one" ? "" : Id, Name, ParentId].join(" ").replaceAll(/ +/g, " "),
    );

  it("a callback with a submitter is a context, and a timeout fails it", async () => {
    await using runner = await createTestRunner();
    const run = withDirector((r) => r.run(human.approval, "leave", { id: "one" }));
    const { history } = await run(runner);
    expect(told(toAwsHistory(history, "one"))).toEqual([
      "ExecutionStarted -",
      "ContextStarted WaitForCallback 1 decision -",
      "CallbackStarted Callback 1/callback 1",
      "StepStarted Step 1/submitter 1",
      "StepSucceeded Step 1/submitter 1",
      "CallbackTimedOut Callback 1/callback 1",
      "ContextFailed WaitForCallback 1 decision -",
      "StepStarted Step 2 notify -",
      "StepSucceeded Step 2 notify -",
      "ContextStarted WaitForCallback 3 decision -",
      "CallbackStarted Callback 3/callback 3",
      "StepStarted Step 3/submitter 3",
      "StepSucceeded Step 3/submitter 3",
      "CallbackSucceeded Callback 3/callback 3",
      "ContextSucceeded WaitForCallback 3 decision -",
      "ExecutionSucceeded -",
    ]);
  });

  it("attempts, conditions, waits and batches have their own words, and their numbers", async () => {
    await using runner = await createTestRunner();
    runner.failStep("resize", 1);
    const { history } = await runner.run(fan.albumInContext, ["a"], { id: "one" });
    const events = toAwsHistory(history, "one");
    expect(told(events)).toEqual([
      "ExecutionStarted -",
      "ContextStarted Map 1 resize all -",
      "ContextStarted MapIteration 1.1 map-item-0 1",
      "StepStarted Step 1.1.1.1 resize 1.1",
      "StepFailed Step 1.1.1.1 resize 1.1",
      "StepStarted Step 1.1.1.1 resize 1.1",
      "StepSucceeded Step 1.1.1.1 resize 1.1",
      "ContextSucceeded MapIteration 1.1 map-item-0 1",
      "ContextSucceeded Map 1 resize all -",
      "StepStarted Step 2 makeAlbum -",
      "StepSucceeded Step 2 makeAlbum -",
      "ExecutionSucceeded -",
    ]);
    const failed = events.find(({ EventType }) => EventType === "StepFailed")?.StepFailedDetails;
    expect(failed).toMatchObject({
      Error: { Payload: { ErrorMessage: "resize failed", ErrorType: "Error" } },
    });
    expect(failed).toMatchObject({
      RetryDetails: { CurrentAttempt: 1, NextAttemptDelaySeconds: expect.any(Number) as number },
    });
    const job = toAwsHistory((await runner.run(http.longJob, "x", { id: "two" })).history, "one");
    const polled = job
      .filter(({ SubType }) => SubType === "WaitForCondition")
      .map(({ EventType }) => EventType);
    expect(polled).toEqual(Array(3).fill(["StepStarted", "StepSucceeded"]).flat());
    const year = toAwsHistory((await runner.run(monitor, WATCH, { id: "three" })).history, "one");
    expect(year.find(({ EventType }) => EventType === "WaitStarted")?.WaitStartedDetails).toMatchObject({
      Duration: 2_592_000,
    });
  });
});

describe("the testing kit", () => {
  it("passes over a year at once, and every time is exact", async () => {
    await using runner = await createTestRunner({ startAt: Date.UTC(2026, 0, 1) });
    const execution = await runner.run(monitor, { ...WATCH, limit: 99, days: 360 });
    expect(execution.result).toBe("all quiet");
    expect(new Date(runner.now()).toISOString()).toBe("2026-12-27T00:00:00.000Z");
    const waits = execution.getOperations({ kind: "wait" });
    expect(waits).toHaveLength(12);
    expect(waits.map(({ startedAt, endedAt = 0 }) => endedAt - startedAt)).toEqual(
      waits.map(() => 30 * 86_400_000),
    );
  });

  it("fails the attempts of a step that it is told to, and shows each operation", async () => {
    await using runner = await createTestRunner();
    runner.failStep("charge", [1, 2], new TypeError("bank is closed"));
    const execution = await runner.run(fulfilOrder, ORDER);
    const charge = execution.getOperation("charge");
    expect(charge).toMatchObject({
      id: "1",
      index: 0,
      kind: "step",
      status: "SUCCEEDED",
      attempts: 3,
      result: "payment of order-7",
    });
    expect(charge.events.map(({ kind }) => kind)).toEqual([
      "StepRetryScheduled",
      "StepRetryScheduled",
      "StepSucceeded",
    ]);
    expect((charge.endedAt ?? 0) - charge.startedAt).toBe(15_000);
    expect(charge.source).toMatchObject({ file: "programs/orderFulfilment.ts", line: 32 });
    expect(execution.getOperation("reserve", 1)).toMatchObject({ id: "3", result: "desk" });
    expect(execution.getOperationByIndex(3)).toMatchObject({ name: "cooling off", kind: "wait" });
    expect(execution.getOperationById("1").name).toBe("charge");
    expect(() => execution.getOperation("chrge")).toThrow(/no operation "chrge".* 1 step "charge"/);
    expect(
      execution.history.filter(({ op }) => op !== undefined).every(({ source }) => source !== undefined),
    ).toBe(true);
  });

  it("throws what the execution threw, of its own class, only when the result is asked for", async () => {
    await using runner = await createTestRunner();
    runner.failStep("refund", [1, 2, 3, 4, 5, 6], new RangeError("no way back"));
    const execution = await runner.run(fulfilOrder, { ...ORDER, articles: ["unicorn"] });
    expect(execution.status).toBe("FAILED");
    expect(execution.error).toBeInstanceOf(RangeError);
    expect(() => execution.result).toThrow("no way back");
    expect(execution.getOperation("reserve").error).toBeInstanceOf(OutOfStock);
  });

  it("a step that hangs is ended by its timeout, without waiting for it", async () => {
    await using runner = await createTestRunner();
    runner.hangStep("complete", [1, 2, 3, 4]);
    const execution = await runner.start(digest, "a");
    // The fourth is for good; the one that joins the drafts has no timeout.
    expect((await execution.waitForOperation("sections", { status: "SUCCEEDED" })).status).toBe("SUCCEEDED");
    await expect(execution.ended()).rejects.toThrow(/step "complete", which hangs/);
    const [drafted] = execution.getOperations({ name: "complete", status: "FAILED" });
    expect(drafted?.attempts).toBe(4);
    expect(drafted?.error).toBeInstanceOf(StepTimeoutError);
  });

  it("settles callbacks from the test, and lets their time run out", async () => {
    await using runner = await createTestRunner();
    const execution = await runner.start(human.approval, "leave");
    const first = await execution.waitForOperation("decision");
    expect(first).toMatchObject({ kind: "callback", status: "STARTED" });
    await runner.advance({ days: 3 });
    await expect(first.succeed("too late")).rejects.toThrow(/time/i);
    const second = await execution.waitForOperation("decision", { index: 1 });
    await second.fail(new RangeError("not without a reason"));
    expect((await execution.ended()).error).toMatchObject({ cause: new RangeError("not without a reason") });
    expect(execution.getOperation("decision").status).toBe("TIMED_OUT");
  });

  it("goes on in another process after a crash at any moment", async () => {
    await using runner = await createTestRunner();
    const execution = await runner.start(agent, "pay");
    await execution.waitForOperation("may I");
    await runner.crash();
    await (await execution.waitForOperation("may I")).succeed(true);
    await runner.crash();
    expect((await execution.ended()).result.turns).toBe(3);
    expect(runner.restarts).toBe(3);
    expect(calls.filter((name) => name.startsWith("may I"))).toHaveLength(1);
  });

  it("the same seed gives the same ids, times and history", async () => {
    const told = async (seed: string): Promise<string> => {
      await using runner = await createTestRunner({ seed });
      runner.failStep("resize", 1);
      return JSON.stringify((await runner.run(fan.album, ["a", "b"])).history);
    };
    expect(await told("one")).toBe(await told("one"));
    expect(await told("one")).not.toBe(await told("two"));
  });

  it("says what an execution waits for when nothing will come", async () => {
    await using runner = await createTestRunner();
    const error = await runner.run(agent, "pay").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TestStuckError);
    expect(String(error)).toMatch(/callback "may I" \(programs\/agent\.ts:\d+\)/);
  });

  it("refuses plans for a step that no execution has", async () => {
    await using runner = await createTestRunner();
    runner.failStep("chrge", 1);
    await expect(runner.run(fulfilOrder, ORDER)).rejects.toThrow(/"chrge".*Steps that ran: "charge"/);
  });

  it("everyCheckpoint names the crash that changes the outcome", async () => {
    let runs = 0;
    const forgetful: Run = (runner) => {
      const mine = ++runs;
      runner.onStep("publish", () => ({ id: `post-${mine}` }));
      return runner.run(chaining.chain, "u");
    };
    await expect(everyCheckpoint("crash", forgetful)).rejects.toThrow(
      /crash before commit 1 .*post-2.*post-1/,
    );
  });
});
