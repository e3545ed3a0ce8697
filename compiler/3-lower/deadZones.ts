/**
 * Uses of a `let`, `const` or class that may come before its declaration ran. Where the text proves that it did, a use is
 * printed as it is and costs nothing. Where not (a closure that is called early, a later case of a `switch`), the variable
 * holds a sentinel from the start of its scope, and the use asks for it:
 *
 *     const show = () => x; show(); const x = 1;        x = $box($dead); ...        () => $live(x.v, "x")
 */
import { ts } from "ts-morph";
import { skipWrappers } from "../1-read/wrappers.ts";
import type { Binding, Reference } from "../1-read/scopes.ts";
import type { Code } from "../ir.ts";
import { isInitialisedIn } from "./findBoxes.ts";
import type { Boxes } from "./findBoxes.ts";
import { code, read, text } from "./code.ts";
import type { Lowering } from "./lowering.ts";

export interface DeadZones {
  /** The uses that ask. */
  readonly asking: ReadonlySet<ts.Node>;
  /** By declaring identifier: variables that hold the sentinel first. */
  readonly dead: ReadonlySet<ts.Node>;
}

export function hasDeadZone({ kind }: Binding): boolean {
  return kind === "let" || kind === "const" || kind === "class";
}

export function findDeadZones(bindings: readonly Binding[], { unproven }: Boxes): DeadZones {
  const asking = new Set<ts.Node>();
  const dead = new Set<ts.Node>();
  for (const binding of bindings.filter(hasDeadZone)) {
    const closures = unproven.get(binding) ?? [];
    for (const { node, within } of binding.references) {
      const isOwn = within === binding.scope.owner;
      const isEarly = isOwn
        ? !isInitialisedIn(binding, node)
        : closures.some((fn) => node.pos >= fn.pos && node.end <= fn.end);
      if (!isEarly) continue;
      asking.add(node);
      binding.declarations.forEach((name) => dead.add(name));
    }
  }
  return { asking, dead };
}

/** A variable's value, with the question where it is needed. */
export function askedCode(c: Lowering, node: ts.Node, value: Code): Code {
  if (!c.unit.deadZones.asking.has(node)) return value;
  return code`${text(`${c.unit.words.live}(`, node.getStart())}${value}, ${JSON.stringify(node.getText())})`;
}

/** `class C extends C {}`: inside, the name is the class's own, and its value comes when the class is made. */
export function isInClassHead({ binding, within }: Reference): boolean {
  if (binding === null || binding.kind !== "ownName") return false;
  return ts.isClassLike(binding.scope.node) && within === binding.scope.owner;
}

/** Said outright: what strips the types takes such a name for one from outside. */
export function deadCode(c: Lowering, node: ts.Node): Code {
  const { live, dead } = c.unit.words;
  return [text(`${live}(${dead}, ${JSON.stringify(node.getText())})`, node.getStart())];
}

/** The name that an assignment or `++` may write too early. */
export function findAsking(c: Lowering, target: ts.Expression): ts.Identifier | null {
  const inner = skipWrappers(target);
  return ts.isIdentifier(inner) && c.unit.deadZones.asking.has(inner) ? inner : null;
}

/** The value of `x = value`: evaluated, and only then refused. */
export function keptCode(c: Lowering, name: ts.Identifier, value: Code): Code {
  const binding = c.unit.scopes.reference(name)?.binding;
  const variable = binding && c.variables.get(binding);
  if (!variable) return value;
  return code`${c.unit.words.keep}(${value}, ${read(variable, name.getStart())}, ${JSON.stringify(name.text)})`;
}
