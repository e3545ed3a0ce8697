/**
 * Programs of operations, made by chance, and their source: one text in the context form, which both sides run.
 */
import fc from "fast-check";
import { FLAT, LOOSE, skewed, told, toldCause } from "./outcome.ts";

export type Operation =
  | { readonly kind: "step"; readonly failures: number; readonly attempts: number }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "callback"; readonly answer: Answer }
  | { readonly kind: "condition"; readonly until: number; readonly checks: number }
  | { readonly kind: "throw" }
  | { readonly kind: "invoke"; readonly fails: boolean }
  | { readonly kind: "combine"; readonly combinator: Combinator; readonly of: Combined }
  | { readonly kind: "try"; readonly body: readonly Operation[] }
  | {
      readonly kind: "retry";
      readonly failures: number;
      readonly attempts: number;
      readonly inPlace: boolean;
      readonly body: readonly Operation[];
    }
  | {
      readonly kind: "child";
      readonly options: "none" | "virtual" | "mapped";
      readonly body: readonly Operation[];
    }
  | {
      readonly kind: "parallel";
      readonly branches: readonly (readonly Operation[])[];
      readonly config: BatchConfig;
    }
  | {
      readonly kind: "map";
      readonly items: number;
      readonly body: readonly Operation[];
      readonly config: BatchConfig;
    };

/** What a callback gets from outside. */
export type Answer = "success" | "failure" | "timeout";

type Combinator = "all" | "allSettled" | "any" | "race";
/** What a combinator waits for: the step ends at once, so that nothing depends on how long the two harnesses take. */
interface Combined {
  readonly fails: boolean;
  readonly seconds: number;
}

export interface BatchConfig {
  readonly nesting?: "FLAT";
  /** In place of the other ways to end. */
  readonly custom?: { readonly successes: number; readonly failures: number };
  readonly maxConcurrency?: number;
  readonly completionConfig?: Readonly<
    Partial<Record<"minSuccessful" | "toleratedFailureCount" | "toleratedFailurePercentage", number>>
  >;
}

export interface Program {
  readonly source: string;
  /** Callbacks by name. */
  readonly answers: Readonly<Record<string, Answer>>;
}

const config: fc.Arbitrary<BatchConfig> = fc.record(
  {
    maxConcurrency: fc.integer({ min: 1, max: 3 }),
    nesting: fc.constant("FLAT" as const),
    custom: fc.record({
      successes: fc.integer({ min: 1, max: 3 }),
      failures: fc.integer({ min: 0, max: 2 }),
    }),
    completionConfig: fc.oneof(
      fc.record({ minSuccessful: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ toleratedFailureCount: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ toleratedFailurePercentage: fc.constantFrom(0, 25, 50, 100) }),
    ),
  },
  { requiredKeys: [] },
);

const step = fc.record({
  kind: fc.constant("step" as const),
  failures: fc.integer({ min: 0, max: 3 }),
  attempts: fc.integer({ min: 1, max: 4 }),
});
const wait = fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 9 }) });
const leaf: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: step },
  { weight: 2, arbitrary: wait },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("invoke" as const), fails: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("combine" as const),
      combinator: fc.constantFrom<Combinator>("all", "allSettled", "any", "race"),
      of: fc.record({ fails: fc.boolean(), seconds: fc.integer({ min: 1, max: 5 }) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("callback" as const),
      answer: fc.constantFrom<Answer>("success", "success", "failure", "timeout"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("condition" as const),
      until: fc.integer({ min: 1, max: 3 }),
      checks: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "throw" } as const) },
);

const { body } = fc.letrec<{ operation: Operation; body: readonly Operation[] }>((tie) => ({
  operation: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    leaf,
    leaf,
    fc.record({ kind: fc.constant("try" as const), body: tie("body") }),
    fc.record({
      kind: fc.constant("child" as const),
      options: fc.constantFrom("none" as const, "none" as const, "virtual" as const, "mapped" as const),
      body: tie("body"),
    }),
    fc.record({
      kind: fc.constant("retry" as const),
      failures: fc.integer({ min: 0, max: 2 }),
      attempts: fc.integer({ min: 1, max: 3 }),
      inPlace: fc.boolean(),
      body: tie("body"),
    }),
    fc.record({
      kind: fc.constant("parallel" as const),
      branches: fc.array(tie("body"), { minLength: 1, maxLength: 3 }),
      config,
    }),
    fc.record({
      kind: fc.constant("map" as const),
      items: fc.integer({ min: 0, max: 3 }),
      body: tie("body"),
      config,
    }),
  ),
  body: fc.array(tie("operation"), { minLength: 1, maxLength: 3 }),
}));

export const programs: fc.Arbitrary<Program> = body.map(toProgram);

function toProgram(operations: readonly Operation[]): Program {
  const writer = { names: { count: 0 }, inBatch: false, answers: {} as Record<string, Answer> };
  const lines = toBody(operations, writer, "  ");
  const source = [
    'import { completeBatch, CompletionOutcome, continueBatch, StepError, withRetry, type DurableContext } from "@durablec/runtime";',
    "",
    "export async function invoked({ fails }: { fails: boolean }, ctx: DurableContext): Promise<string> {",
    '  "use durable";',
    '  await ctx.wait("before", { seconds: 1 });',
    '  return await ctx.step("inside", () => { if (fails) throw new RangeError("inside"); return "inside"; }, ' +
      "{ retryStrategy: () => ({ shouldRetry: false }) });",
    "}",
    "export async function handler(event: { skew?: number }, ctx: DurableContext): Promise<unknown> {",
    '  "use durable";',
    ...lines,
    "}",
    told.toString(),
    toldCause.toString(),
    skewed.toString(),
    "",
  ].join("\n");
  return { source, answers: writer.answers };
}

interface Writer {
  readonly names: { count: number };
  readonly inBatch: boolean;
  readonly answers: Record<string, Answer>;
}

function toBody(operations: readonly Operation[], writer: Writer, indent: string): readonly string[] {
  const lines = operations.flatMap((operation) => toLines(operation, writer));
  return ["const out: unknown[] = [];", ...lines, "return out;"].map((line) => indent + line);
}

function toLines(operation: Operation, writer: Writer): readonly string[] {
  const isFlat = "config" in operation && operation.config.nesting === "FLAT";
  const name = `${operation.kind}${++writer.names.count}${isFlat ? FLAT : ""}`;
  const push = (call: string): readonly string[] => [`out.push(await ${call});`];
  switch (operation.kind) {
    case "step":
      return push(toStep(name, operation));
    case "wait":
      return [`await ctx.wait("${name}", ${after(operation.seconds, name)});`];
    case "invoke":
      // The two harnesses take their time for it: see callbacks.
      if (writer.inBatch) return [`await ctx.wait("${name}", ${after(3, name)});`];
      return push(`ctx.invoke("${name}", "invoked", { fails: ${operation.fails} })`);
    case "combine":
      return toCombined(name, operation);
    case "retry":
      return toRetry(name, operation, writer);
    case "callback":
      // Answers from outside race with the timers of other branches, and the two harnesses answer at different moments.
      if (writer.inBatch) return [`await ctx.wait("${name}", ${after(5, name)});`];
      writer.answers[name] = operation.answer;
      return push(`ctx.waitForCallback("${name}", async () => {}, { timeout: { seconds: 60 } })`);
    case "condition":
      return push(
        `ctx.waitForCondition("${name}", async (s: number) => s + 1, { initialState: 0, waitStrategy: (s, n) => ` +
          `s < ${operation.until} && n < ${operation.checks} ? { shouldContinue: true, delay: ${after(3, name)} } : { shouldContinue: false } })`,
      );
    case "throw":
      return [`if (out.length >= 0) throw new TypeError("${name}");`];
    case "try":
      return toTry(operation.body, writer);
    case "child":
      return [
        `out.push(await ctx.runInChildContext("${name}", async (ctx) => {`,
        ...toBody(operation.body, writer, "  "),
        `}${CHILD_OPTIONS[operation.options]}));`,
      ];
    case "parallel":
      return toBatch(name, operation.config, [
        `await ctx.parallel("${name}", [`,
        ...operation.branches.flatMap((branch, index) => [
          `  { name: "${name}b${index}", func: async (ctx: DurableContext) => {`,
          ...toBody(branch, { ...writer, inBatch: true }, "    "),
          "  } },",
        ]),
        "]",
      ]);
    case "map":
      return toBatch(name, operation.config, [
        `await ctx.map("${name}", [${Array.from({ length: operation.items }, (_, index) => index).join(", ")}], async (ctx, item) => {`,
        ...toBody(operation.body, { ...writer, inBatch: true }, "  "),
        "}",
      ]);
  }
}

const CHILD_OPTIONS = {
  none: "",
  virtual: ", { virtualContext: true }",
  mapped: ', { errorMapper: (e) => new StepError("mapped " + told(e.message), e) }',
} as const;

/** A duration, as source. */
function after(seconds: number, name: string): string {
  return `skewed(${seconds}, "${name}", event)`;
}

function toStep(
  name: string,
  { failures, attempts }: Pick<Extract<Operation, { kind: "step" }>, "failures" | "attempts">,
): string {
  return (
    `ctx.step("${name}", async (c) => { if (c.attempt <= ${failures}) throw new RangeError("${name} " + c.attempt); return "${name}"; }, ` +
    `{ retryStrategy: (_e, n) => ({ shouldRetry: n < ${attempts}, delay: ${after(2, name)} }) })`
  );
}

function toCombined(
  name: string,
  { combinator, of: { fails, seconds } }: Extract<Operation, { kind: "combine" }>,
): readonly string[] {
  const step = toStep(`${name}step`, { failures: fails ? 1 : 0, attempts: 1 });
  const wait = `ctx.wait("${name}${combinator === "allSettled" ? "wait" : LOOSE}", ${after(seconds, name)})`;
  const shown =
    combinator === "allSettled"
      ? "(r) => r.map((one) => one.status === 'fulfilled' ? [one.value] : one.reason.message)"
      : "(r) => r";
  return [`out.push((${shown})(await ctx.promise.${combinator}("${name}", [${step}, ${wait}])));`];
}

/** Each attempt has the same names, so there is no callback in it. */
function toRetry(
  name: string,
  { failures, attempts, inPlace, body }: Extract<Operation, { kind: "retry" }>,
  writer: Writer,
): readonly string[] {
  const place = inPlace ? ", wrapWithRunInChildContext: false" : "";
  return [
    `out.push(await withRetry(ctx, "${name}", async (ctx, attempt) => {`,
    `  if (attempt <= ${failures}) throw new RangeError("${name} " + attempt);`,
    ...toBody(body, { ...writer, inBatch: true }, "  "),
    `}, { retryStrategy: (_e, n) => ({ shouldRetry: n < ${attempts}, delay: ${after(2, name)} })${place} }));`,
  ];
}

/** As source: a decision is code. */
function toConfig({ custom, ...config }: BatchConfig): string {
  if (custom === undefined) return JSON.stringify(config);
  const { completionConfig: _other, ...rest } = config;
  const decide =
    `shouldComplete: (s) => s.failureCount > ${custom.failures} ? completeBatch(CompletionOutcome.FAILED) : ` +
    `s.successCount >= ${custom.successes} ? completeBatch() : continueBatch()`;
  return `{ ...${JSON.stringify(rest)}, completionConfig: { ${decide} } }`;
}

function toBatch(name: string, config: BatchConfig, call: readonly string[]): readonly string[] {
  const variable = `r_${name}`;
  const [first = "", ...rest] = call;
  return [
    `const ${variable} = ${first}`,
    ...rest.slice(0, -1),
    `${rest.at(-1) ?? ""}, ${toConfig(config)});`,
    `out.push([${variable}.status, ${variable}.completionReason, ${variable}.totalCount, ${variable}.successCount, ${variable}.failureCount, ` +
      `${variable}.startedCount, ${variable}.hasFailure, ${variable}.getResults(), ${variable}.getErrors().map((e) => told(e.message))]);`,
  ];
}

function toTry(body: readonly Operation[], writer: Writer): readonly string[] {
  return [
    "try {",
    ...body.flatMap((inner) => toLines(inner, writer)).map((line) => `  ${line}`),
    "} catch (e) {",
    "  const error = e as Error & { errorType?: string };",
    '  out.push(["caught", error.name, error.errorType ?? null, toldCause(error), told(error.message)]);',
    "}",
  ];
}
