/**
 * What `1-read` finds in the author's files. Nouns: a *durable function* is marked `"use durable"` (or is an async
 * function written inside one); a *body* is an async function that an operation runs as a step; an *oracle* answers
 * what a call means, from the type checker or, in one-file mode, from the syntax alone.
 */
import type { ts } from "ts-morph";

export interface DurableProgram {
  /** Absolute path, forward slashes; ids and source names are relative to it. */
  readonly root: string;
  /** Absent in one-file mode. */
  readonly program: ts.Program | null;
  /** The project's own source files that are to be checked: all, or those that were asked for. */
  readonly files: readonly ts.SourceFile[];
  /** Those of them with a durable function or with a class that durable state may hold. */
  readonly modules: readonly DurableModule[];
}

export interface DurableModule {
  readonly file: ts.SourceFile;
  /** `src/fulfil.ts` */
  readonly path: string;
  /** Outermost durable functions, in source order. */
  readonly functions: readonly DurableFunction[];
  /** Top-level classes to register, by name. */
  readonly classes: readonly {
    readonly id: string;
    readonly name: string;
    readonly node: ts.ClassDeclaration;
  }[];
  readonly oracle: Oracle;
}

export type DurableNode =
  ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction | ts.MethodDeclaration;

export interface DurableFunction {
  /** `src/fulfil.ts#fulfil` */
  readonly id: string;
  readonly name: string;
  readonly node: DurableNode;
}

/** The package whose declarations are operations. */
export const RUNTIME_PACKAGE = "@durablec/runtime";

/** The operations of `@durablec/runtime`, by exported name. */
export const OPERATION_NAMES = [
  "step",
  "transaction",
  "wait",
  "createCallback",
  "waitForCallback",
  "waitForCondition",
  "runInChildContext",
  "parallel",
  "map",
  "withRetry",
  "invoke",
  "waitForSignal",
  "cancel",
  "compensate",
  "checkpoint",
  "now",
  "random",
  "uuid",
] as const;
/** Those that answer at once; the others give a promise. */
export const SYNC_OPERATIONS: ReadonlySet<string> = new Set([
  "now",
  "random",
  "uuid",
  "cancel",
  "compensate",
]);

/** Those whose function argument is ordinary code. */
export const RUNS_BODY: ReadonlySet<string> = new Set([
  "step",
  "transaction",
  "waitForCallback",
  "waitForCondition",
  "compensate",
]);

/** Operations that are methods of the runtime's classes. */
export const OPERATION_METHODS: Readonly<Record<string, OperationName>> = {
  "Signals.next": "waitForSignal",
  "DurableExecution.waitForCallback": "waitForCallback",
  "DurableExecution.checkpoint": "checkpoint",
  "DurableExecution.sleep": "wait",
};
export type OperationName = (typeof OPERATION_NAMES)[number];

/** What a call inside a durable function is. */
export type CallMeaning =
  /** An operation of the runtime. `now`, `random` and `uuid` answer at once; the others return a promise. */
  | { readonly kind: "operation"; readonly operation: OperationName }
  /**
   * A durable function known at compile time: a child task. `open`: a method of this name that a class or an instance
   * may have replaced by an ordinary one, which shows at run time.
   */
  | { readonly kind: "task"; readonly open?: string }
  /** A known function that returns a promise: an implicit step, named after the callee. `optioned`: "use step". */
  | { readonly kind: "step"; readonly name: string; readonly optioned: boolean }
  /** Returns a promise, or may, but which function it is shows only at run time. */
  | { readonly kind: "dynamic"; readonly name: string }
  /** The intrinsic `Promise.all`. */
  | { readonly kind: "promiseAll" }
  /** Any other call: runs in place. */
  | { readonly kind: "plain" };

/** What a function written inside a durable function is. */
export type InnerFunctionRole =
  /** Async: has a machine of its own. */
  | "durable"
  /** The function argument of `step`, `transaction`, `waitForCallback` or `waitForCondition`: printed as written, runs as ordinary code. */
  | "body"
  /** Not async: printed as written. */
  | "plain";

/** A constant that stands in the output in the place of its name. */
export interface ConstantUse {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Oracle {
  call(node: ts.CallExpression): CallMeaning;
  role(node: ts.FunctionLikeDeclaration): InnerFunctionRole;
  /** The type of a variable for people (`Order | undefined`), or null without a checker. */
  typeText(node: ts.Node): string | null;
  /** What stored states call the function or service that a name of the module stands for (`src/parse.ts#parse`), or null. */
  valueName(node: ts.Identifier | ts.PropertyAccessExpression): string | null;
  /** True if what is exported is a type alone, so that JavaScript has nothing to export. False without a checker. */
  isTypeExport(node: ts.ExportSpecifier): boolean;
  /** Where a module names a constant that JavaScript does not have, in source order. None without a checker. */
  constantUses(file: ts.SourceFile): readonly ConstantUse[];
}
