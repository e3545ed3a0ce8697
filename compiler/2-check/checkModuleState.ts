/**
 * Reports variables at the top of a module that change while the program runs, where durable code uses them: they are no
 * part of its state, so a resumed execution, in another process, meets another value.
 *
 *     let count = 0;
 *     async function main() { "use durable"; count++; }     // DC218
 *
 * What changes only while its module is loaded is as good as constant. Found by use in durable code itself: a cache
 * behind a helper function is the helper's affair.
 */
import { ts } from "ts-morph";
import { isReference } from "../1-read/references.ts";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { note, report } from "../diagnostics/report.ts";
import type { DurableProgram } from "../program.ts";
import { isTypeOnly, walkDurableCode } from "./durableCode.ts";
import { findMutation } from "./findMutation.ts";

export function checkModuleState(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  const changes = new Map<ts.Symbol, ts.Node | null>();
  const found: Diagnostic[] = [];
  for (const { functions, oracle } of program.modules)
    for (const { node: region } of functions) {
      const reported = new Set<ts.Symbol>();
      walkDurableCode(region, oracle, (node) => {
        if (!ts.isIdentifier(node) || !isReference(node) || ts.isTypeOfExpression(node.parent))
          return undefined;
        const symbol = resolver.symbolOf(node);
        if (symbol === null || reported.has(symbol) || !isModuleVariable(resolver, symbol)) return undefined;
        if (!changes.has(symbol)) changes.set(symbol, findChange(resolver, symbol));
        const change = findMutation(resolver, node) === null ? changes.get(symbol) : node;
        if (change === null || change === undefined) return undefined;
        reported.add(symbol);
        const notes = change === node ? [] : [note(`'${symbol.name}' is changed here.`, change)];
        found.push(report("DC218", node, { variable: node.text, notes }));
        return undefined;
      });
    }
  return found;
}

function isModuleVariable(resolver: Resolver, symbol: ts.Symbol): boolean {
  const declaration = symbol.valueDeclaration;
  if (declaration === undefined || !resolver.isProjectFile(declaration.getSourceFile())) return false;
  if (!ts.isVariableDeclaration(declaration) && !ts.isBindingElement(declaration)) return false;
  const owner = ts.findAncestor(
    declaration.parent,
    (at) => ts.isFunctionLike(at) || ts.isClassLike(at) || ts.isBlock(at),
  );
  return owner === undefined;
}

/** A place in the variable's module, inside a function, that changes it. Other modules cannot assign it. */
function findChange(resolver: Resolver, symbol: ts.Symbol): ts.Node | null {
  const file = symbol.valueDeclaration?.getSourceFile();
  const visit = (node: ts.Node, isLater: boolean): ts.Node | undefined => {
    if (isTypeOnly(node)) return undefined;
    if (isLater && ts.isIdentifier(node) && node.text === symbol.name && isReference(node)) {
      if (resolver.symbolOf(node) === symbol && findMutation(resolver, node) !== null) return node;
    }
    return ts.forEachChild(node, (child) => visit(child, isLater || ts.isFunctionLike(node)));
  };
  return file === undefined ? null : (ts.forEachChild(file, (child) => visit(child, false)) ?? null);
}
