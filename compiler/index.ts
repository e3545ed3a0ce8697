/**
 * The pipeline, one line a pass. The program can be looked at after each of them: `durablec show FILE#FN --pass`.
 */
import { ts } from "ts-morph";
import type { Diagnostic } from "./diagnostic.ts";
import type { Machine } from "./ir.ts";
import type { DurableModule, DurableProgram } from "./program.ts";
import { sortFindings } from "./diagnostics/sortFindings.ts";
import { isShared, toForm, toReach, toSuffix, type ModuleForm } from "./moduleForm.ts";
import { toCompleteOptions, type TransformOptions } from "./transformOptions.ts";
import { findScopes } from "./1-read/scopes.ts";
import { readText } from "./1-read/readText.ts";
import { checkRefused } from "./2-check/checkRefused.ts";
import { checkSloppy } from "./2-check/checkSloppy.ts";
import { assertMachine } from "./3-lower/assertMachine.ts";
import { findLiveness } from "./3-lower/findLiveness.ts";
import { lowerFunction } from "./3-lower/lowerFunction.ts";
import { simplify } from "./3-lower/simplify.ts";
import { toWords } from "./3-lower/words.ts";
import { toDescription, type FunctionDescription } from "./4-emit/toDescription.ts";
import { findEarlyErrors } from "./4-emit/findEarlyErrors.ts";
import { groupAwaits } from "./4-emit/groupAwaits.ts";
import { emitModule } from "./4-emit/emitModule.ts";
import type { EmitContext } from "./4-emit/emitRun.ts";
import { placeHashes } from "./4-emit/placeHashes.ts";
import { printText } from "./4-emit/printText.ts";
import { stripTypes, type StripOptions } from "./4-emit/stripTypes.ts";

export type { TransformOptions, RuntimeReach } from "./transformOptions.ts";
export type { FunctionDescription, CheckpointDescription } from "./4-emit/toDescription.ts";
export type { Diagnostic } from "./diagnostic.ts";

export interface CompileOptions extends StripOptions {
  /** Runs the verifier after each pass. Default: false. */
  readonly verify?: boolean;
  /** Called after each pass with what it left: a machine, or from `print` on the module's text. */
  readonly onPass?: (pass: Pass, left: Machine | string) => void;
  /** Default: what the file is by itself. */
  readonly form?: ModuleForm;
}

/** The passes after reading and checking, in their order. `print` leaves TypeScript, `emit` JavaScript. */
export type Pass = "lower" | "simplify" | "liveness" | "print" | "emit";

export interface CompiledModule {
  /** `src/fulfil.ts` */
  readonly path: string;
  readonly code: string;
  /** Source map, version 3, as JSON; its source is `path`. */
  readonly map: string;
  readonly machines: readonly Machine[];
  /** For the manifest: outermost functions first, each followed by the durable closures in it. */
  readonly functions: readonly FunctionDescription[];
}

export interface CompileResult {
  readonly modules: readonly CompiledModule[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface TransformResult {
  /** JavaScript. Null where a diagnostic is an error. */
  readonly code: string | null;
  /** Source map, version 3, as JSON; its source is `fileName`. Null where there is no code. */
  readonly map: string | null;
  readonly diagnostics: readonly Diagnostic[];
  /** What was compiled: outermost functions first, each followed by the durable closures in it. */
  readonly functions: readonly FunctionDescription[];
}

/**
 * Compiles one file without its project, for loaders, bundlers, playgrounds and conformance runners: no types are
 * needed and no program is made, so it takes milliseconds. What calls mean is told from the syntax and the imports
 * (`docs/transform.md` says how); `durablec build` asks the type checker, and checks much more.
 *
 * Text that does not parse, and whatever else is wrong, comes back as diagnostics; an option that cannot be is a
 * `TypeError`.
 */
export function transformText(source: string, options: TransformOptions = {}): TransformResult {
  const complete = toCompleteOptions(options);
  const { fileName, directive, runtime } = complete;
  const global = "global" in runtime ? runtime.global : null;
  const read = readText(source, fileName, { directive, global });
  const form = { isScript: complete.sourceType === "script", reach: toReach(runtime) };
  const refused = [...checkRefused(read.program), ...checkSloppy(read.program, form.isScript)];
  const found = [...read.diagnostics, ...refused];
  const none = { code: null, map: null, functions: [] };
  const [module] = read.program.modules;
  if (module === undefined) return { ...none, diagnostics: found };
  const compileOptions: CompileOptions = { ...complete, form };
  const lowered = toMachines(module, compileOptions);
  const diagnostics = sortFindings([...found, ...lowered.diagnostics]);
  if (diagnostics.some(({ severity }) => severity === "error")) return { ...none, diagnostics };
  // What the parser lets pass and the printer does not is wrong in the author's text, and is shown there.
  const early = findEarlyErrors(module.file, form.isScript);
  if (early.length > 0) return { ...none, diagnostics: early };
  const { code = null, map = null, functions = [] } = emitLowered(lowered, compileOptions) ?? {};
  return { code, map, diagnostics, functions };
}

/** The passes after reading and checking. A module with a finding that is an error has no output. */
export function compileProgram(program: DurableProgram, options: CompileOptions = {}): CompileResult {
  const compiled = program.modules.map((module) => compileModule(module, options));
  return {
    modules: compiled.flatMap(({ output }) => output ?? []),
    diagnostics: compiled.flatMap(({ diagnostics }) => diagnostics),
  };
}

interface Compiled {
  readonly output: CompiledModule | null;
  readonly diagnostics: readonly Diagnostic[];
}

function compileModule(module: DurableModule, options: CompileOptions): Compiled {
  const lowered = toMachines(module, options);
  return { output: emitLowered(lowered, options), diagnostics: lowered.diagnostics };
}

/** The passes after lowering. Null where lowering found an error. */
export function emitLowered(lowered: LoweredModule, options: CompileOptions = {}): CompiledModule | null {
  const { module, machines, diagnostics, context } = lowered;
  if (diagnostics.some(({ severity }) => severity === "error")) return null;
  const { file, path, oracle } = module;
  const constants = oracle.constantUses(file);
  const { isScript, reach, strict = false } = options.form ?? toForm(file);
  const parts = { module, words: context.words, context, machines, reach, strict };
  const emitted = printText(groupAwaits(emitModule(parts), file), { file, name: path, constants });
  const source = { file, fileName: path, isScript, constants };
  const hashed = placeHashes(context, { machines, source, text: emitted.text });
  // Under Node's own module settings the format is each file's, by its extension and its package.json.
  const commonjs = options.commonjs || file.impliedNodeFormat === ts.ModuleKind.CommonJS;
  const { code, map } = stripTypes({ ...emitted, text: hashed.text }, source, { ...options, commonjs });
  options.onPass?.("print", hashed.text);
  options.onPass?.("emit", code);
  const functions = machines.flatMap((machine) =>
    toDescription(context, { machine, hashes: hashed.hashes, module }),
  );
  return { path, code, map, machines, functions };
}

export interface LoweredModule {
  readonly module: DurableModule;
  readonly machines: readonly Machine[];
  readonly diagnostics: readonly Diagnostic[];
  readonly context: EmitContext;
}

/** Lower, simplify, liveness, for every durable function of a module. Also what checks of live variables read. */
export function toMachines(module: DurableModule, options: CompileOptions = {}): LoweredModule {
  const scopes = findScopes(module.file);
  const form = options.form ?? toForm(module.file);
  const words = toWords(scopes.names, toSuffix(form, module.path));
  const after = (pass: "lower" | "simplify" | "liveness", machine: Machine): Machine => {
    if (options.verify && pass !== "lower") assertMachine(machine, pass === "simplify" ? "lower" : pass);
    options.onPass?.(pass, machine);
    return machine;
  };
  const lowered = module.functions.map((fn) => lowerFunction({ module, scopes, words }, fn));
  const machines = lowered
    .flatMap(({ machine }) => (machine === null ? [] : after("lower", machine)))
    .map((machine) => after("simplify", simplify(machine)))
    .map((machine) => after("liveness", findLiveness(machine)));
  return {
    module,
    machines,
    diagnostics: lowered.flatMap(({ diagnostics }) => diagnostics),
    context: toContext(module, words, isShared(form) ? "var" : "const"),
  };
}

function toContext(
  { file, path }: DurableModule,
  words: EmitContext["words"],
  declare: EmitContext["declare"],
): EmitContext {
  const positionOf = (at: number): { readonly line: number; readonly column: number } => {
    const { line, character } = file.getLineAndCharacterOfPosition(at);
    return { line: line + 1, column: character + 1 };
  };
  return { words, declare, path, positionOf };
}
