/**
 * Every fixture of the language, with an await wherever one may stand: run native, compiled, rebuilt and restarted, whose
 * logs must be equal.
 */
import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { ts } from "ts-morph";
import { OPERATION_NAMES } from "../../compiler/program.ts";
import { CompileError, runAll, runRestarted, toProgram } from "../language/runs.ts";
import { insertAwaits } from "./insertAwaits.ts";

const FIXTURES = new URL("../../fixtures/language/", import.meta.url);
const OPERATIONS: ReadonlySet<string> = new Set(OPERATION_NAMES);

/** Their ends depend on variables of a module, or on the identity of a template's strings. */
const NOT_RESTARTED: ReadonlySet<string> = new Set(["private-names", "tagged-template"]);

/** Awaits a promise before the code that settles it, once everything is awaited. */
const NEVER_ENDS: ReadonlySet<string> = new Set(["promises-made"]);

export type Outcome =
  | { readonly kind: "same" }
  /** The same until a value that no state can hold was the result of a step. */
  | { readonly kind: "unstorable"; readonly message: string }
  /** Some construct with an await in it is not compiled yet. */
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "different"; readonly message: string };

export function listFixtures(): readonly string[] {
  return readdirSync(FIXTURES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => !NEVER_ENDS.has(name));
}

export function toStressed(name: string): string {
  const source = readFileSync(new URL(`${name}/input.ts`, FIXTURES), "utf8");
  const file = ts.createSourceFile("input.ts", source, ts.ScriptTarget.Latest, true);
  // The body of a step is one where it stands.
  const keepsArguments = ({ expression }: ts.CallExpression): boolean => OPERATIONS.has(expression.getText());
  return insertAwaits(file, { keepsArguments });
}

/** `restarts`: also written and brought back from bytes at every await. Slow, and for values that can be stored. */
export async function stressFixture(name: string, restarts: boolean): Promise<Outcome> {
  const source = toStressed(name);
  try {
    const program = toProgram(source, `fixtures/language/${name}/input.ts`);
    const logs = await runAll(program, !source.includes('"@durablec/runtime"'));
    const native = withoutCallees(logs.native);
    for (const way of ["compiled", "rebuilt"] as const) {
      const found = withoutCallees(logs[way]);
      if (!isDeepStrictEqual(found, native)) return toDifference(way, native, found);
    }
    if (!restarts || NOT_RESTARTED.has(name)) return { kind: "same" };
    const again = await runRestarted(program);
    const [expected, found] = [withoutCallees(again.native), withoutCallees(again.restarted.log)];
    if (expected.at(-1) === found.at(-1)) return { kind: "same" };
    // Every call that is awaited is a step here, and a step's result has to be recorded.
    const [last = ""] = found.slice(-1);
    if (last.includes("threw EncodeError")) return { kind: "unstorable", message: last };
    return toDifference("restarted", expected, found);
  } catch (error) {
    if (error instanceof CompileError) return { kind: "refused", message: error.message };
    return { kind: "different", message: String((error as Error).stack) };
  }
}

/**
 * `(intermediate value).m is not a function`: of a call that may be a step, the error names only the step, and of an
 * object that was awaited, our temporary.
 */
function withoutCallees(log: readonly string[]): readonly string[] {
  return log.map((line) => line.replaceAll(/\(intermediate value\)\.|super\.|\$\d+\.(?=\w+ is not a)/g, ""));
}

function toDifference(
  ...[way, expected, found]: [way: string, expected: readonly string[], found: readonly string[]]
): Outcome {
  const at = Math.max(
    0,
    expected.findIndex((line, index) => line !== found[index]),
  );
  const from = Math.max(0, at - 2);
  const show = (log: readonly string[]): string => JSON.stringify(log.slice(from, at + 3));
  return { kind: "different", message: `${way}\n  expected ${show(expected)}\n     found ${show(found)}` };
}
