/**
 * Advises where ordinary code, or the body of a step, calls a durable function as if it were an ordinary one.
 *
 *     app.post("/orders", async (order) => { await fulfil(order); });     // DC224
 *
 * Asks the checker only about calls whose name may be that of a durable function: most of a project calls none.
 */
import { ts } from "ts-morph";
import { createResolver, type Resolver } from "../1-read/resolver.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { report } from "../diagnostics/report.ts";
import type { DurableModule, DurableProgram, Oracle } from "../program.ts";
import { isFunctionWithBody, isTypeOnly, runsInStep } from "./durableCode.ts";

export function checkDirectCalls(program: DurableProgram): readonly Diagnostic[] {
  if (program.program === null) return [];
  const resolver = createResolver(program.program, program.root);
  const names = new Set(
    program.program
      .getSourceFiles()
      .filter((file) => resolver.isProjectFile(file))
      .flatMap((file) => resolver.directivesOf(file).functions)
      .map(({ node }) => node.name ?? findVariable(node))
      .flatMap((name) => (name === undefined ? [] : [name.getText()])),
  );
  if (names.size === 0) return [];
  const oracles = new Map(program.modules.map((module) => [module.file, module] as const));
  return program.files
    .filter((file) => !isTest(file.fileName.slice(program.root.length)))
    .flatMap((file) => checkFile(resolver, file, { names, module: oracles.get(file) }));
}

function findVariable({ parent }: ts.Node): ts.Node | undefined {
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name : undefined;
}

function isTest(path: string): boolean {
  return /\.(?:test|spec)\.[cm]?tsx?$|\/(?:tests?|__tests__)\//.test(path);
}

function checkFile(
  resolver: Resolver,
  file: ts.SourceFile,
  { names, module }: { readonly names: ReadonlySet<string>; readonly module: DurableModule | undefined },
): Diagnostic[] {
  const known = new Set([...names, ...findRenamed(file, names)]);
  const found: Diagnostic[] = [];
  const visit = (node: ts.Node, where: Where): void => {
    if (isTypeOnly(node)) return;
    const inside = enter(node, { where, resolver, oracle: module?.oracle });
    if (inside !== "in durable code" && ts.isCallExpression(node) && known.has(toLastName(node.expression))) {
      const fn = resolver.functionOf(node.expression);
      // A generator's object does nothing until it is asked, and by whom is not seen here.
      if (fn !== null && resolver.markOf(fn) === "use durable" && fn.asteriskToken === undefined)
        found.push(report("DC224", node.expression, { name: toLastName(node.expression), where: inside }));
    }
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(file, "in ordinary code");
  return found;
}

type Where = "in ordinary code" | "in durable code" | "inside a step";

/** What kind of code a node's children are. */
function enter(
  node: ts.Node,
  {
    where,
    resolver,
    oracle,
  }: { readonly where: Where; readonly resolver: Resolver; readonly oracle: Oracle | undefined },
): Where {
  if (!isFunctionWithBody(node)) return where;
  const mark = resolver.markOf(node);
  if (mark !== null) return mark === "use durable" ? "in durable code" : "inside a step";
  return where === "in durable code" && oracle !== undefined && runsInStep(node, oracle)
    ? "inside a step"
    : where;
}

/** `import { fulfil as run }`: names of this file for those names. */
function findRenamed(file: ts.SourceFile, names: ReadonlySet<string>): string[] {
  return file.statements.filter(ts.isImportDeclaration).flatMap(({ importClause }) => {
    const bindings = importClause?.namedBindings;
    const own = importClause?.name === undefined ? [] : [importClause.name.text];
    if (bindings === undefined || !ts.isNamedImports(bindings)) return own;
    const renamed = bindings.elements.filter(
      ({ propertyName }) => propertyName !== undefined && names.has(propertyName.text),
    );
    return [...own, ...renamed.map(({ name }) => name.text)];
  });
}

function toLastName(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) return callee.text;
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
}
