/** Entering a scope: its variables become the machine's, hoisted functions are made, early boxes too. */
import { ts } from "ts-morph";
import type { Code, Variable } from "../ir.ts";
import { invariant } from "../invariant.ts";
import type { Binding } from "../1-read/scopes.ts";
import { closureCode } from "./closures.ts";
import { code, read, text, writeWhole } from "./code.ts";
import { addVariable, emit } from "./draft.ts";
import { destructure } from "./destructuring.ts";
import { assign, spill, type MachineLowering } from "./lowering.ts";
import { patternCode } from "./toCode.ts";
import { notYet } from "./unit.ts";

/** Makes a binding a variable of the machine. */
export function setVariable(c: MachineLowering, binding: Binding, kind: Variable["kind"]): Variable {
  const [declaration] = binding.declarations;
  invariant(declaration !== undefined, `${binding.name} has no declaration`);
  const variable = addVariable(c.machine.draft, {
    name: c.unit.names.get(binding) ?? binding.name,
    kind,
    declaration,
    boxed: c.unit.boxes.boxed.has(declaration),
  });
  c.variables.set(binding, variable);
  return variable;
}

/** Declares `let`, `const`, classes and functions of the scope that `node` opens, and makes the functions. */
export function declareBlockScoped(c: MachineLowering, node: ts.Node): void {
  const bindings = [...(c.unit.scopes.scope(node)?.bindings.values() ?? [])];
  const scoped = bindings.filter(({ kind }) => ["let", "const", "class", "function"].includes(kind));
  for (const binding of scoped) {
    setVariable(c, binding, "local");
    const [declaration] = binding.declarations;
    if (declaration && c.unit.deadZones.dead.has(declaration)) {
      initialiseHoisted(c, binding);
      continue;
    }
    const capturedAt = declaration && c.unit.boxes.early.get(declaration);
    if (capturedAt === undefined) continue;
    const hasStatements = ts.isBlock(node) || node === c.fn;
    if (!hasStatements || capturedAt <= node.pos) initialiseHoisted(c, binding);
    else c.machine.pending.set(binding, capturedAt);
  }
  const other = bindings.find(({ kind }) => kind === "other")?.declarations[0];
  if (other)
    notYet(c.unit, other, { construct: "an enum or namespace in a function", way: "Move it to the module." });
  for (const binding of scoped) if (binding.kind === "function") makeFunction(c, binding);
}

/** Makes the early boxes that closures in this statement capture first. Until then no state has to hold them. */
export function makePendingBoxes(c: MachineLowering, statement: ts.Statement): void {
  for (const [binding, at] of c.machine.pending) {
    if (at < statement.pos || at >= statement.end) continue;
    c.machine.pending.delete(binding);
    initialiseHoisted(c, binding);
  }
}

/** Each turn of a loop has variables of its own: those that closures or uses may meet before they have a value. */
export function freshen(c: MachineLowering, node: ts.Node): void {
  for (const binding of c.unit.scopes.scope(node)?.bindings.values() ?? []) {
    const [declaration] = binding.declarations;
    const isLexical = binding.kind === "let" || binding.kind === "const";
    if (isLexical && declaration && isEarly(c, declaration)) initialiseHoisted(c, binding);
  }
}

/** `x = undefined`, or an empty box, or the mark of the dead zone, where the variable's scope is entered. */
export function initialiseHoisted(c: MachineLowering, binding: Binding): void {
  const variable = c.variables.get(binding);
  invariant(variable !== undefined, `${binding.name} is not declared`);
  const isDead = binding.declarations.some((name) => c.unit.deadZones.dead.has(name));
  setWhole(c, variable, [text(isDead ? c.unit.words.dead : "undefined")]);
}

function isEarly(c: MachineLowering, declaration: ts.Node): boolean {
  return c.unit.boxes.early.has(declaration) || c.unit.deadZones.dead.has(declaration);
}

function makeFunction(c: MachineLowering, binding: Binding): void {
  const fn = binding.declarations.at(-1)?.parent;
  const variable = c.variables.get(binding);
  invariant(
    fn !== undefined && ts.isFunctionDeclaration(fn) && variable !== undefined,
    "a function is no declaration",
  );
  const made = closureCode(c, fn);
  if (made !== null) initialise(c, variable, made);
}

/** Gives a declared variable its first value: fills an early box, makes a late one. */
export function initialise(c: MachineLowering, variable: Variable, value: Code): void {
  const early = variable.declaration !== null && isEarly(c, variable.declaration);
  if (!early || !variable.boxed) return setWhole(c, variable, value);
  emit(c.machine.draft, code`${read(variable, variable.declaration?.getStart() ?? -1)} = ${value};`);
}

function setWhole(c: MachineLowering, variable: Variable, value: Code): void {
  if (!variable.boxed) return assign(c, variable, value);
  const at = variable.declaration?.getStart() ?? -1;
  emit(c.machine.draft, code`${writeWhole(variable, at)} = ${c.unit.words.box}(${value});`, [variable]);
}

/** `const { a, b } = value`: a fresh box for each boxed variable in it, then one assignment. */
export function initialisePattern(c: MachineLowering, name: ts.BindingName, value: Code): void {
  if (ts.isIdentifier(name)) {
    const binding = c.unit.scopes.declared(name);
    const variable = binding && c.variables.get(binding);
    invariant(variable !== undefined, `${name.text} is not declared`);
    // A `var` has its variable, or box, since the function was entered.
    if (binding?.kind !== "var" && binding?.kind !== "parameter") return initialise(c, variable, value);
    return variable.boxed
      ? emit(c.machine.draft, code`${read(variable, name.getStart())} = ${value};`)
      : assign(c, variable, value);
  }
  if (c.unit.awaits.has(name)) return destructure(c, name, holdValue(c, name, value));
  for (const variable of variablesIn(c, name)) if (variable.boxed) prepareBox(c, variable);
  const pattern = patternCode(c, name, true);
  const assignment = code`${pattern} = ${value}`;
  emit(c.machine.draft, ts.isObjectBindingPattern(name) ? code`(${assignment});` : code`${assignment};`);
}

/** In a temporary, unless it is in one: what is taken apart is read more than once. */
function holdValue(c: MachineLowering, name: ts.BindingPattern, value: Code): Code {
  const [piece] = value;
  const isHeld = value.length === 1 && piece?.kind === "read" && piece.variable.kind === "temporary";
  return isHeld ? value : spill(c, value, name);
}

function prepareBox(c: MachineLowering, variable: Variable): void {
  const { declaration } = variable;
  const isVar =
    declaration !== null && ["var", "parameter"].includes(c.unit.scopes.declared(declaration)?.kind ?? "");
  if (!isVar && declaration !== null && !isEarly(c, declaration)) setWhole(c, variable, [text("undefined")]);
}

function variablesIn(c: MachineLowering, name: ts.BindingName): readonly Variable[] {
  if (ts.isIdentifier(name)) {
    const binding = c.unit.scopes.declared(name);
    const variable = binding && c.variables.get(binding);
    return variable ? [variable] : [];
  }
  return name.elements.flatMap((element) =>
    ts.isBindingElement(element) ? variablesIn(c, element.name) : [],
  );
}
