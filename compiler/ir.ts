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
  /** For a temporary: the expression whose value it holds, where there is one. */
  readonly origin: ts.Node | null;
  /**
   * `this`, `arguments`: the author's. `self`: the function itself, by its own name. `disposables`: what a scope has
   * opened. `completion`: how and with what a `finally` goes on.
   */
  readonly kind:
    | "parameter"
    | "local"
    | "capture"
    | "this"
    | "arguments"
    | "self"
    | "temporary"
    | "completion"
    | "cursor"
    | "disposables";
  /** Captured and assigned: lives in a box, read as `name.v`. */
  readonly boxed: boolean;
}

/** Text with references in it. Printing a list of pieces is concatenation. */
export type Piece =
  /** Text of ours; `at` is the author's position that it stands for. */
  | { readonly kind: "text"; readonly text: string; readonly at?: number }
  /** The author's text from `start` to `end`, free of references to managed variables. */
  | { readonly kind: "source"; readonly start: number; readonly end: number }
  /** The variable's value is used. `whole`: the box itself (a capture), not its content. */
  | { readonly kind: "read"; readonly variable: Variable; readonly at: number; readonly whole?: boolean }
  /**
   * The variable is assigned here. `sure`: on every path, and before whatever follows in the text (never so for
   * `x = x + 1`, which reads after the name is written; such assignments are named by their instruction).
   * `whole`: the box itself is replaced.
   */
  | {
      readonly kind: "write";
      readonly variable: Variable;
      readonly at: number;
      readonly sure: boolean;
      readonly whole?: boolean;
      /** Not printed: the name stands there already as a read (`x += 1`). */
      readonly silent?: boolean;
    }
  /** Leaves the author's text for another block: a `break`, `continue` or `return` inside a verbatim statement. */
  | { readonly kind: "jump"; readonly to: BlockId };

export type Code = readonly Piece[];

/** One statement inside a block. */
export interface Instruction {
  readonly code: Code;
  /** Assigned on every path, after everything that `code` reads. */
  readonly assigns: readonly Variable[];
}

export type BlockId = number;

export type Terminator =
  | { readonly kind: "goto"; readonly to: BlockId }
  | { readonly kind: "branch"; readonly test: Code; readonly yes: BlockId; readonly no: BlockId }
  /** Parks at `checkpoint` on `value`; `result` receives the settled value in block `resume`. */
  | {
      readonly kind: "await";
      /** Absent: `$f.await`. `own`: the code of `value` parks by itself (`$f.next(2, $each1)`). */
      readonly word?: "own" | "yield" | "delegate";
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

/** Where an exception goes, and the variable that receives it. */
export interface Handler {
  readonly to: BlockId;
  readonly error: Variable;
}

export interface Block {
  readonly id: BlockId;
  readonly body: readonly Instruction[];
  readonly end: Terminator;
  /** Where an exception thrown in this block goes; null leaves the function. */
  readonly handler: Handler | null;
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
  /** `src/fulfil.ts#fulfil.$1` */
  readonly id: string;
  /** The constant that holds the factory: `$fulfil_1`. */
  readonly constant: string;
  readonly node: ts.FunctionLikeDeclaration | ts.ClassLikeDeclaration;
  readonly captures: readonly Variable[];
  /**
   * `class`: `operands` are the parameters after the captures, for `extends` and computed names. `method`: a durable
   * method of such a class, whose shell stands in the class.
   */
  readonly kind: "function" | "class" | "method";
  readonly operands: readonly string[];
  /** The name the function has in JavaScript by where it stands (`const f = () => 1`); null if it has its own, or none. */
  readonly inferredName: string | null;
  /** The function's text. Empty when the closure is durable. */
  readonly code: Code;
  /** Set when the closure is durable itself. */
  readonly machine: Machine | null;
}

/** Where an outermost machine's code stands: at the top of the module, or where what it uses is seen. */
export type Place =
  | { readonly kind: "module" }
  | { readonly kind: "block"; readonly node: ts.Block | ts.ModuleBlock }
  | { readonly kind: "class"; readonly node: ts.ClassLikeDeclaration };

/** The object whose prototype `super` means: noted in `constant` when `holder` is evaluated. */
export interface Home {
  /** The method, or the class's field around an arrow. */
  readonly owner: ts.Node;
  readonly holder: ts.ClassLikeDeclaration | ts.ObjectLiteralExpression;
  readonly isStatic: boolean;
  readonly constant: string;
}

/** How an outermost durable function stands in its module. */
export interface Seat {
  readonly place: Place;
  readonly home: Home | null;
  /** For a function that each evaluation makes anew (a class's field): its code as a closure. Null: there is one. */
  readonly made: Pick<LiftedClosure, "constant" | "captures" | "inferredName"> | null;
  /** Functions of the module that it uses as values. */
  readonly values: readonly NamedValue[];
  /** The constants that stand for its `import()`s, by specifier; null for one that is only known at run time. */
  readonly imports: ReadonlyMap<string | null, string>;
}

/** A function of the module, or of one that it imports, under the name that stored states have for it. */
export interface NamedValue {
  /** `src/parse.ts#parseAll`, `lodash#chunk` */
  readonly name: string;
  readonly node: ts.Identifier | ts.PropertyAccessExpression;
}

export type GeneratorKind = "sync" | "async";

/** The strings of a tagged template: one object for its place in the source, found again by its id. */
export interface Template {
  readonly id: string;
  readonly constant: string;
  /** The literal, with `0` for each value. */
  readonly code: Code;
}

export interface Machine {
  /** Null for a closure's. */
  readonly seat: Seat | null;
  readonly id: string;
  readonly name: string;
  /** The constant that holds the machine: `$fulfil`. */
  readonly constant: string;
  /** Set for a generator function. */
  readonly generator: GeneratorKind | null;
  readonly node: ts.FunctionLikeDeclaration;
  /** The author's parameter list. */
  readonly parameters: Code;
  readonly variables: readonly Variable[];
  readonly blocks: readonly Block[];
  readonly entry: BlockId;
  readonly checkpoints: readonly Checkpoint[];
  readonly closures: readonly LiftedClosure[];
  /**
   * Bodies of implicit steps by checkpoint number: `(...$a) => reserve(...$a)`. Those that closures start, which have no
   * checkpoint, count downwards from -1.
   */
  readonly calls: readonly { readonly checkpoint: number; readonly code: Code }[];
  /** The strings of tagged templates. */
  readonly templates: readonly Template[];
}
