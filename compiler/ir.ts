/**
 * The intermediate form: one *machine* a durable function, a control-flow graph whose blocks end where control can
 * leave them. Code inside a block stays the author's text: a list of pieces, so that what needs no lowering is
 * printed as it was written, and source positions are never lost.
 */
import type { ts } from "ts-morph";
import type { CheckpointKind } from "@durablec/runtime/machine";

/** A local of the durable function that the machine manages: author's variable, parameter, capture, or temporary. */
export interface Variable {
  /** Unique in its machine; also the slot's name. */
  readonly name: string;
  /** The author's declaration; null for temporaries. */
  readonly declaration: ts.Node | null;
  readonly kind: "parameter" | "local" | "capture" | "temporary" | "completion" | "cursor";
  /** Captured and assigned: lives in a box, read as `name.v`. */
  readonly boxed: boolean;
}

/** Text with references in it. Printing a list of pieces is concatenation. */
export type Piece =
  /** Text of ours. */
  | { readonly kind: "text"; readonly text: string }
  /** The author's text from `start` to `end`, free of references to managed variables. */
  | { readonly kind: "source"; readonly start: number; readonly end: number }
  /** The variable's value is used. `whole`: the box itself (a capture), not its content. */
  | { readonly kind: "read"; readonly variable: Variable; readonly at: number; readonly whole?: boolean }
  /** The variable is assigned here (or may be: then it is also listed as read by liveness). */
  | { readonly kind: "write"; readonly variable: Variable; readonly at: number; readonly sure: boolean };

export type Code = readonly Piece[];

/** One statement inside a block. */
export interface Instruction {
  readonly code: Code;
}

export type BlockId = number;

export type Terminator =
  | { readonly kind: "goto"; readonly to: BlockId }
  | { readonly kind: "branch"; readonly test: Code; readonly yes: BlockId; readonly no: BlockId }
  /** Parks at `checkpoint` on `value`; `result` receives the settled value in block `resume`. */
  | {
      readonly kind: "await";
      readonly value: Code;
      readonly checkpoint: number;
      readonly resume: BlockId;
      readonly result: Variable | null;
    }
  | { readonly kind: "return"; readonly value: Code | null }
  | { readonly kind: "throw"; readonly value: Code }
  /** The end of a `finally`: goes where its completion says. */
  | {
      readonly kind: "complete";
      readonly completion: Variable;
      readonly targets: readonly { readonly when: number; readonly to: BlockId }[];
    };

export interface Block {
  readonly id: BlockId;
  readonly body: readonly Instruction[];
  readonly end: Terminator;
  /** Where an exception thrown in this block goes; null leaves the function. */
  readonly handler: { readonly to: BlockId; readonly error: Variable } | null;
}

export interface Checkpoint {
  readonly number: number;
  readonly kind: CheckpointKind;
  readonly name: string | null;
  /** The await, or the call that starts an operation which is not awaited there. */
  readonly node: ts.Node;
  readonly awaited: boolean;
  /** Filled by liveness: what is read after the checkpoint. Sorted by declaration order. */
  readonly live: readonly Variable[];
}

/** A closure's code, lifted to the module: `factory(...captures)` makes the function. */
export interface LiftedClosure {
  readonly id: string;
  readonly node: ts.FunctionLikeDeclaration;
  readonly captures: readonly Variable[];
  /** Set when the closure is durable itself. */
  readonly machine: Machine | null;
}

export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly node: ts.FunctionLikeDeclaration;
  readonly variables: readonly Variable[];
  readonly blocks: readonly Block[];
  readonly entry: BlockId;
  readonly checkpoints: readonly Checkpoint[];
  readonly closures: readonly LiftedClosure[];
  /** Bodies of implicit steps by checkpoint number: `(...$a) => reserve(...$a)`. */
  readonly calls: readonly { readonly checkpoint: number; readonly code: Code }[];
}
