/**
 * Turns a CommonJS source of synchronous functions into one of async functions with an await wherever one may stand. A
 * function becomes async where all its callers can await it:
 *
 * - it has a name, and the name is only ever called; or it is exported; or it is called where it stands;
 * - it is the callback of an array's method, which becomes a loop of ours: `xs.map(f)` -> `$async.map(xs, f)`;
 * - it is a test: the callback of `test(...)`.
 *
 * What is called by a function that stays as it is stays as it is too.
 */
import { ts } from "ts-morph";
import { findScopes, isFunctionWithBody, type Scopes } from "../../compiler/1-read/scopes.ts";
import { walkUpWrappers } from "../../compiler/1-read/wrappers.ts";
import { insertAwaits } from "./insertAwaits.ts";

const LOOPS: ReadonlySet<string> = new Set(["forEach", "map", "filter", "some", "every", "reduce"]);
const THROWS: ReadonlySet<string> = new Set(["throws", "doesNotThrow"]);

export interface Asynchronous {
  readonly code: string;
  readonly functionCount: number;
}

export function makeAsync(source: string, fileName: string): Asynchronous {
  const file = ts.createSourceFile(
    fileName,
    toLoops(source, fileName),
    ts.ScriptTarget.Latest,
    true,
    ts.ScriptKind.JS,
  );
  const found = findAsync(file);
  const code = insertAwaits(file, {
    becomesAsync: (fn) => found.has(fn),
    // The words of tests and modules are found by their form.
    keepsArguments: ({ expression }) => ["require", "test"].includes(expression.getText()),
  });
  return { code, functionCount: found.size };
}

/** `xs.map(function (x) {...})` as a call of ours, which can await its callback. So too with functions that must throw. */
function toLoops(source: string, fileName: string): string {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const print = (node: ts.Node): string => {
    const loop = toLoop(node);
    if (loop !== null) {
      const { object, method, args } = loop;
      const before = source.slice(node.getFullStart(), node.getStart(file));
      return `${before}$async.${method}(${[object, ...args].map(print).join(", ")})`;
    }
    let text = "";
    let at = node.getFullStart();
    ts.forEachChild(node, (child) => {
      text += source.slice(at, child.getFullStart()) + print(child);
      at = child.end;
    });
    return text + source.slice(at, node.end);
  };
  return print(file) + source.slice(file.end);
}

interface Loop {
  readonly object: ts.Expression;
  readonly method: string;
  readonly args: readonly ts.Expression[];
}

function toLoop(node: ts.Node): Loop | null {
  if (!ts.isCallExpression(node)) return null;
  const { expression, arguments: args } = node;
  const [callback] = args;
  const isLiteral =
    callback !== undefined && (ts.isFunctionExpression(callback) || ts.isArrowFunction(callback));
  if (!isLiteral) return null;
  const key = ts.isPropertyAccessExpression(expression)
    ? expression.name.text
    : ts.isElementAccessExpression(expression) && ts.isStringLiteral(expression.argumentExpression)
      ? expression.argumentExpression.text
      : "";
  if (!LOOPS.has(key) && !THROWS.has(key)) return null;
  const { expression: object } = expression as ts.PropertyAccessExpression;
  return { object, method: key, args };
}

type Fn = ts.FunctionLikeDeclaration;

function findAsync(file: ts.SourceFile): ReadonlySet<ts.Node> {
  const scopes = findScopes(file);
  const found = new Set<Fn>();
  const visit = (node: ts.Node): void => {
    const isPlain =
      ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node) || ts.isArrowFunction(node);
    if (isPlain && findCallers(node, scopes) !== null) found.add(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const fn of found) {
      const callers = findCallers(fn, scopes) ?? [];
      const canAwait = callers.every((call) => {
        const around = ts.findAncestor(call, (at) => at !== fn && isFunctionWithBody(at)) as Fn | undefined;
        return around !== undefined && found.has(around);
      });
      if (!canAwait) found.delete(fn);
    }
  }
  return found;
}

/** Where a function is called; null if that cannot be told. Callers of what is exported are elsewhere, and await. */
function findCallers(fn: Fn, scopes: Scopes): readonly ts.Node[] | null {
  const own = fn.name !== undefined && ts.isIdentifier(fn.name) ? callsOf(fn.name, scopes) : [];
  if (own === null || ts.isFunctionDeclaration(fn)) return own;
  const outer = walkUpWrappers(fn);
  const { parent } = outer;
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) {
    const calls = callsOf(parent.name, scopes);
    return calls && [...own, ...calls];
  }
  if (ts.isBinaryExpression(parent)) return /^(module\.)?exports/.test(parent.left.getText()) ? own : null;
  if (!ts.isCallExpression(parent)) return null;
  if (parent.expression === outer) return [...own, parent];
  const callee = parent.expression.getText();
  if (callee.startsWith("$async.")) return [...own, parent];
  return /(^|\.)test$/.test(callee) ? own : null;
}

function callsOf(name: ts.Identifier, scopes: Scopes): readonly ts.Node[] | null {
  const references = scopes.declared(name)?.references ?? [];
  const calls = references.map(({ node }) => {
    const outer = walkUpWrappers(node);
    return ts.isCallExpression(outer.parent) && outer.parent.expression === outer ? outer.parent : null;
  });
  return calls.every((call) => call !== null) ? (calls as ts.Node[]) : null;
}
