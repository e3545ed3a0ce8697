/**
 * What is known about one outermost durable function before any of it is lowered: which nodes await, which variables
 * need a box, what everything will be called. All facts are computed once, here, and only read afterwards.
 */
import { ts } from "ts-morph";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { DurableFunction, DurableModule } from "../program.ts";
import {
  isFunctionBoundary,
  isFunctionWithBody,
  isTypeOnly,
  type Binding,
  type Scopes,
} from "../1-read/scopes.ts";
import type { Home, Template } from "../ir.ts";
import { findDeadZones, type DeadZones } from "./deadZones.ts";
import { isUsing } from "./disposals.ts";
import { findBoxes, type Boxes } from "./findBoxes.ts";
import { findHome } from "./seat.ts";
import type { Words } from "./words.ts";
import { parks } from "./yields.ts";

export interface Unit {
  readonly module: DurableModule;
  readonly fn: DurableFunction;
  readonly scopes: Scopes;
  readonly words: Words;
  readonly diagnostics: Diagnostic[];
  /** Nodes that contain an await, or a yield, of their own function. */
  readonly awaits: ReadonlySet<ts.Node>;
  readonly boxes: Boxes;
  readonly deadZones: DeadZones;
  /** Statements that declare what native code cannot hold (a boxed variable, a hoisted function). */
  readonly mustLower: ReadonlySet<ts.Node>;
  /** Slot names, unique in the unit. */
  readonly names: ReadonlyMap<Binding, string>;
  /** The number of each function, and of each class, written inside, from 1, in source order. */
  readonly closureNumbers: ReadonlyMap<ts.Node, number>;
  /** Those of all its machines, so that each has a number of its own. */
  readonly templates: Template[];
  /** The constant of the outermost machine: `$fulfil`. */
  readonly constant: string;
  /** Constants for the `import()`s met so far: see `Seat.imports`. */
  readonly imports: Map<string | null, string>;
  /** Set where the function uses `super`. */
  readonly home: Home | null;
}

/** What one module's units have in common. */
export interface UnitContext {
  readonly module: DurableModule;
  readonly scopes: Scopes;
  readonly words: Words;
}

export function toUnit({ module, scopes, words }: UnitContext, fn: DurableFunction): Unit {
  const diagnostics: Diagnostic[] = [];
  const bindings = bindingsIn(fn.node, scopes);
  const boxes = findBoxes({ scopes }, bindings);
  const constant = toConstants(module, words).get(fn) ?? fn.name;
  return {
    module,
    fn,
    scopes,
    words,
    diagnostics,
    awaits: findAwaits(fn.node),
    boxes,
    deadZones: findDeadZones(bindings, boxes),
    mustLower: findMustLower(fn.node, bindings, boxes),
    names: toNames({ root: fn.node, scopes, words }, bindings),
    closureNumbers: numberClosures(fn.node),
    templates: [],
    constant,
    imports: new Map(),
    home: findHome(fn.node, `${constant}$home`),
  };
}

/** Of a `using` declaration. Not every Node knows them, and what swc makes of them is not exact. */
function isUsed({ parent }: ts.Node): boolean {
  return ts.isVariableDeclaration(parent) && isUsing(parent.parent);
}

/** Says that a construct waits for a later version. The caller goes on, so that one run finds them all. */
export function notYet(
  unit: Unit,
  node: ts.Node,
  words: { readonly construct: string; readonly way: string },
): void {
  const found = report("DC110", node, words);
  const same = (known: Diagnostic): boolean => known.start === found.start && known.message === found.message;
  if (!unit.diagnostics.some(same)) unit.diagnostics.push(found);
}

/** Every variable declared by the function or by functions inside it, in order of declaration. */
function bindingsIn(root: ts.Node, scopes: Scopes): readonly Binding[] {
  const found: Binding[] = [];
  const visit = (node: ts.Node): void => {
    found.push(...(scopes.scope(node)?.bindings.values() ?? []));
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found.sort((a, b) => a.index - b.index);
}

function findAwaits(root: ts.Node): ReadonlySet<ts.Node> {
  const found = new Set<ts.Node>();
  const visit = (node: ts.Node, path: readonly ts.Node[]): void => {
    const inside = isFunctionBoundary(node) ? [] : [...path, node];
    if (parks(node)) inside.forEach((outer) => found.add(outer));
    // A computed name is evaluated where the function is made.
    const pathOf = (child: ts.Node): readonly ts.Node[] => (ts.isComputedPropertyName(child) ? path : inside);
    if (!isTypeOnly(node))
      ts.forEachChild(node, (child) => visit(child, isFunctionBoundary(node) ? pathOf(child) : inside));
  };
  visit(root, []);
  return found;
}

function findMustLower(root: ts.Node, bindings: readonly Binding[], boxes: Boxes): ReadonlySet<ts.Node> {
  const found = new Set<ts.Node>();
  for (const { kind, declarations, scope } of bindings) {
    const needed = declarations.some((node) => boxes.boxed.has(node) || isUsed(node)) || kind === "function";
    if (!needed || kind === "parameter" || kind === "var") continue;
    const stop = scope.owner ?? root;
    for (const declaration of declarations) {
      for (let at: ts.Node = declaration.parent; at !== stop && at !== root; at = at.parent) {
        // A nested function's own declaration is not inside itself.
        found.add(at);
      }
    }
  }
  return found;
}

/**
 * Block-scoped variables of one name become slots of different names. A variable also makes way for a binding from
 * outside (module, global) that the unit uses under that name elsewhere: slots are declared once, for the whole `run`.
 */
function toNames(
  { root, scopes, words }: { readonly root: ts.Node; readonly scopes: Scopes; readonly words: Words },
  bindings: readonly Binding[],
): ReadonlyMap<Binding, string> {
  const own = new Set(bindings);
  const taken = new Set<string>();
  const visit = (node: ts.Node): void => {
    const reference = scopes.reference(node);
    if (reference && ts.isIdentifier(node) && !(reference.binding && own.has(reference.binding)))
      taken.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(root);
  const names = new Map<Binding, string>();
  for (const binding of bindings) {
    const wanted = toWantedName(binding, words);
    let name = wanted;
    for (let n = 2; taken.has(name) || (n > 2 && scopes.names.has(name)); n++) name = `${wanted}$${n}`;
    taken.add(name);
    names.set(binding, name);
  }
  return names;
}

function toWantedName({ kind, name }: Binding, words: Words): string {
  if (kind === "this") return words.thisValue;
  return kind === "arguments" ? words.argumentsValue : name;
}

function numberClosures(root: ts.Node): ReadonlyMap<ts.Node, number> {
  const numbers = new Map<ts.Node, number>();
  let functions = 0;
  let classes = 0;
  const visit = (node: ts.Node): void => {
    if (node !== root && isFunctionWithBody(node)) numbers.set(node, ++functions);
    if (ts.isClassLike(node)) numbers.set(node, ++classes);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return numbers;
}

/** A constant for each function of the module that no other function's, or closure's (`$fulfil_1`), can be. */
function toConstants({ functions }: DurableModule, words: Words): ReadonlyMap<DurableFunction, string> {
  const constants = new Map<DurableFunction, string>();
  for (const fn of functions) {
    let constant = words.free(`$${fn.name.replaceAll(/[^\w$]/g, "_")}${words.suffix}`);
    const clashes = (other: string): boolean => isClosureOf(other, constant) || isClosureOf(constant, other);
    while ([...constants.values()].some((other) => other === constant || clashes(other))) {
      constant = words.free(`$${constant}`);
    }
    constants.set(fn, constant);
  }
  return constants;
}

function isClosureOf(constant: string, outer: string): boolean {
  return constant.startsWith(`${outer}_`) && /^_t?\d+m?$/.test(constant.slice(outer.length));
}
