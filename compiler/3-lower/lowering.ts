/** The state of lowering one function. Passed along, never ambient. */
import { ts } from "ts-morph";
import type { Checkpoint, Code, GeneratorKind, LiftedClosure, Template, Variable } from "../ir.ts";
import { invariant } from "../invariant.ts";
import type { Binding } from "../1-read/scopes.ts";
import { code, read } from "./code.ts";
import { addVariable, emit, type Draft } from "./draft.ts";
import type { Exit } from "./exits.ts";
import type { Unit } from "./unit.ts";

export interface Lowering {
  readonly unit: Unit;
  readonly fn: ts.FunctionLikeDeclaration;
  /** The variables that are not native where this code is printed: managed ones, captures. */
  readonly variables: Map<Binding, Variable>;
  /** Null in the text of a closure that is no durable function. */
  readonly machine: MachineDraft | null;
  /** Closures found so far; they belong to the machine around. */
  readonly closures: LiftedClosure[];
  /** The machine around. */
  readonly around: Around;
  /** False inside a step's body: what is made there never lives in durable state, so it stays as written. */
  readonly lifts: boolean;
}

/** What a closure's text needs of the machine around it: where the bodies of the steps it starts go. */
export interface Around {
  readonly constant: string;
  readonly calls: { readonly checkpoint: number; readonly code: Code }[];
}

export interface MachineDraft {
  readonly draft: Draft;
  readonly generator: GeneratorKind | null;
  /** What a `break`, `continue` or `return` passes on its way out, outermost first. */
  readonly exits: Exit[];
  /** What the scopes around have opened with `using`, outermost first. */
  readonly disposables: Variable[];
  readonly checkpoints: readonly Checkpoint[];
  readonly numbers: ReadonlyMap<ts.Node, number>;
  readonly calls: { readonly checkpoint: number; readonly code: Code }[];
  readonly templates: Template[];
  /** Early boxes still to be made, each before the statement whose closure first captures it. */
  readonly pending: Map<Binding, number>;
}

export type MachineLowering = Lowering & { readonly machine: MachineDraft };

export function isMachine(c: Lowering): c is MachineLowering {
  return c.machine !== null;
}

export function temporary(c: MachineLowering, origin?: ts.Node): Variable {
  const { draft } = c.machine;
  const n = draft.variables.filter(({ kind }) => kind === "temporary").length + 1;
  const name = c.unit.words.free(`$${n}`);
  return addVariable(draft, origin ? { name, kind: "temporary", origin } : { name, kind: "temporary" });
}

/** Evaluates `value` now and gives back code that reads what it was. */
export function spill(c: MachineLowering, value: Code, origin: ts.Node): Code {
  const held = temporary(c, origin);
  assign(c, held, value);
  return [read(held, origin.getStart())];
}

/** `variable = value;` for a variable without a box. */
export function assign(c: MachineLowering, variable: Variable, value: Code): void {
  invariant(!variable.boxed, `${variable.name} is assigned past its box`);
  emit(c.machine.draft, code`${variable.name} = ${value};`, [variable]);
}

export function numberOf(c: MachineLowering, node: ts.Node): number {
  const number = c.machine.numbers.get(node);
  invariant(number !== undefined, `the await or start at ${node.getStart()} has no number`);
  return number;
}
