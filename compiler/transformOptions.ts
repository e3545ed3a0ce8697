/** The options of `transformText`, and what each of them may be. */
import type { StripOptions } from "./4-emit/stripTypes.ts";

/** What emitted code calls is the namespace of `@durablec/runtime/machine`; this is how a module gets it. */
export type RuntimeReach =
  /** `import { machine } from "..."`; for modules. */
  | { readonly import: string }
  /** `const { machine } = require("...")`; for scripts that a CommonJS loader runs. */
  | { readonly require: string }
  /**
   * `globalThis[name].machine`, for code that has nothing to import with. The object has the operations too:
   * `globalThis.durablec = { ...(await import("@durablec/runtime")), machine: await import("@durablec/runtime/machine") }`,
   * and `durablec.step(...)` is one.
   */
  | { readonly global: string };

export interface TransformOptions extends StripOptions {
  /**
   * Relative to the project's root, with forward slashes: it becomes part of ids, of state and of the source map. Its
   * ending says what the text is: `.ts`, `.mts`, `.cts`, `.tsx`, `.js`, `.mjs`, `.cjs`, `.jsx`. Default: `module.ts`.
   */
  readonly fileName?: string;
  /** A script is sloppy unless it says "use strict", and has no imports. Default: `script` for `.cjs`, else `module`. */
  readonly sourceType?: "module" | "script";
  /**
   * Default: `{ import: "@durablec/runtime/machine" }` for modules, `{ require: ... }` of the same for `.cjs`, and
   * `{ global: "durablec" }` for other scripts.
   */
  readonly runtime?: RuntimeReach;
  /** `all`: every async function is durable, marked or not. Default: `required`. */
  readonly directive?: "required" | "all";
  /** Runs the verifier after each pass. Default: false. */
  readonly verify?: boolean;
}

export type CompleteOptions = TransformOptions &
  Required<Pick<TransformOptions, "fileName" | "sourceType" | "runtime" | "directive">>;

const MACHINE_WORDS = "@durablec/runtime/machine";

type Allowed = "boolean" | "string" | readonly string[];

const ALLOWED: Readonly<Record<Exclude<keyof TransformOptions, "runtime">, Allowed>> = {
  fileName: "string",
  sourceType: ["module", "script"],
  directive: ["required", "all"],
  verify: "boolean",
  target: ["es2022", "es2023", "es2024", "esnext"],
  jsx: ["automatic", "classic", "preserve"],
  jsxImportSource: "string",
  jsxFactory: "string",
  jsxFragmentFactory: "string",
  experimentalDecorators: "boolean",
  emitDecoratorMetadata: "boolean",
  useDefineForClassFields: "boolean",
  commonjs: "boolean",
  esModuleInterop: "boolean",
  keepDynamicImport: "boolean",
  verbatimModuleSyntax: "boolean",
  rewriteRelativeImportExtensions: "boolean",
};

/** Fills in what is left out. Throws a `TypeError` that names the option which cannot be. */
export function toCompleteOptions(options: TransformOptions): CompleteOptions {
  for (const [name, value] of Object.entries(options)) assertOption(name, value);
  const fileName = options.fileName ?? "module.ts";
  const isCommonJs = fileName.endsWith(".cjs");
  const sourceType = options.sourceType ?? (isCommonJs ? "script" : "module");
  const runtime = options.runtime ?? toDefaultReach(sourceType, isCommonJs);
  if (!/\.[cm]?[jt]s$|\.[jt]sx$/.test(fileName))
    fail(`fileName is ${JSON.stringify(fileName)}: its ending must say what the text is, as in "module.ts".`);
  if (sourceType === "script" && "import" in runtime)
    fail('a script has no imports: say how it reaches the runtime, as in runtime: { global: "durablec" }.');
  if (sourceType === "script" && options.commonjs === true)
    fail("commonjs is for modules: a script has no exports to turn.");
  if (sourceType === "module" && options.commonjs !== true && "require" in runtime)
    fail('an ES module has no require: say runtime: { import: "..." }, or commonjs: true.');
  const commonjs = options.commonjs ?? fileName.endsWith(".cts");
  return { ...options, fileName, sourceType, runtime, commonjs, directive: options.directive ?? "required" };
}

function toDefaultReach(sourceType: "module" | "script", isCommonJs: boolean): RuntimeReach {
  if (sourceType === "module") return { import: MACHINE_WORDS };
  return isCommonJs ? { require: MACHINE_WORDS } : { global: "durablec" };
}

function assertOption(name: string, value: unknown): void {
  if (value === undefined) return;
  if (name === "runtime") return assertReach(value);
  const allowed = (ALLOWED as Readonly<Record<string, Allowed>>)[name];
  if (allowed === undefined)
    fail(`there is no option ${name}. There are: ${["runtime", ...Object.keys(ALLOWED)].sort().join(", ")}.`);
  if (typeof allowed === "string") {
    if (typeof value !== allowed) fail(`${name} is ${show(value)}, and must be a ${allowed}.`);
  } else if (!allowed.includes(value as string))
    fail(`${name} is ${show(value)}, and must be one of ${allowed.map(show).join(", ")}.`);
}

function assertReach(value: unknown): void {
  const [[kind, name] = [], ...others] =
    typeof value === "object" && value !== null ? Object.entries(value) : [];
  const isKnown = kind === "import" || kind === "require" || kind === "global";
  if (!isKnown || typeof name !== "string" || name === "" || others.length > 0)
    fail(
      `runtime is ${show(value)}, and must be one of { import: "..." }, { require: "..." }, { global: "..." }.`,
    );
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function fail(message: string): never {
  throw new TypeError(`transformText: ${message}`);
}
