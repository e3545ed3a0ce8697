/**
 * Which operation of the runtime a callee is, from the syntax of one file: imported, required, a member of the global
 * object that one-file mode was told of, or a method of a context. A context is recognised by where it comes from and how
 * it is used:
 *
 *     async function f(event, ctx: DurableContext) { "use durable"; ... }      // by its type
 *     async function f(event, ctx) { "use durable"; await ctx.step(...); }     // second parameter, used as one
 *     ctx.runInChildContext("a", async (child) => child.step(...))             // what an operation gives its function
 */
import { ts } from "ts-morph";
import { OPERATION_METHODS, OPERATION_NAMES, RUNTIME_PACKAGE, type OperationName } from "../program.ts";
import type { Directive } from "./directiveSpelling.ts";
import { isFunctionWithBody, type Binding, type Scopes } from "./scopes.ts";
import { skipWrappers, walkUpWrappers } from "./wrappers.ts";

export interface SyntacticContext {
  readonly scopes: Scopes;
  readonly marks: ReadonlyMap<ts.Node, Directive>;
  /** The global object that holds the runtime, where there is one. */
  readonly global: string | null;
}

const OPERATIONS: ReadonlySet<string> = new Set(OPERATION_NAMES);

/** What a context has, and arrays and maps do not: one such use tells it from them. */
const CONTEXT_MEMBERS: ReadonlySet<string> = new Set(
  (
    "step transaction wait createCallback waitForCallback waitForCondition waitForSignal signals invoke runInChildContext parallel " +
    "cancel compensate checkpoint promise logger configureLogger configureSerdes executionContext lambdaContext"
  ).split(" "),
);

export function findOperation(context: SyntacticContext, callee: ts.Expression): OperationName | null {
  const inner = skipWrappers(callee);
  if (ts.isIdentifier(inner)) return toOperation(findImportedName(bindingOf(context, inner)));
  if (!ts.isPropertyAccessExpression(inner)) return null;
  const object = skipWrappers(inner.expression);
  if (!ts.isIdentifier(object)) return null;
  if (isRuntimeObject(context, object) || isContext(context, object)) return toOperation(inner.name.text);
  const made = findMadeClass(context, object);
  return made === null ? null : (OPERATION_METHODS[`${made}.${inner.name.text}`] ?? null);
}

/** `const execution = new DurableExecution()`: the runtime's class of which a variable holds an instance. */
function findMadeClass(context: SyntacticContext, name: ts.Identifier): string | null {
  const binding = bindingOf(context, name);
  const declaration = binding?.declarations[0]?.parent;
  if (binding?.kind !== "const" || !declaration || !ts.isVariableDeclaration(declaration)) return null;
  const value = declaration.initializer && skipWrappers(declaration.initializer);
  if (value === undefined || !ts.isNewExpression(value) || !ts.isIdentifier(value.expression)) return null;
  return findImportedName(bindingOf(context, value.expression));
}

/** True for `ctx` itself. */
export function isContext(context: SyntacticContext, name: ts.Identifier): boolean {
  const binding = bindingOf(context, name);
  const declaration = binding?.declarations[0]?.parent;
  if (binding?.kind !== "parameter" || !declaration || !ts.isParameter(declaration)) return false;
  if (!ts.isIdentifier(declaration.name) || binding.references.some(({ access }) => access !== "read"))
    return false;
  if (declaration.type !== undefined) return isContextType(context, declaration.type);
  const fn = declaration.parent;
  if (!isFunctionWithBody(fn)) return false;
  const index = fn.parameters.indexOf(declaration);
  if (index === 0 && isGivenContext(context, fn)) return true;
  return index === 1 && context.marks.get(fn) === "use durable" && isUsedAsContext(binding);
}

function bindingOf({ scopes }: SyntacticContext, name: ts.Identifier): Binding | null {
  return scopes.reference(name)?.binding ?? null;
}

function toOperation(name: string | null): OperationName | null {
  return name !== null && OPERATIONS.has(name) ? (name as OperationName) : null;
}

/** The name under which the runtime exports what a variable holds, or null. */
function findImportedName(binding: Binding | null): string | null {
  const declaration = binding?.declarations[0]?.parent;
  if (!declaration) return null;
  if (ts.isImportSpecifier(declaration) && isImportOfRuntime(declaration))
    return (declaration.propertyName ?? declaration.name).text;
  const isRequired =
    ts.isBindingElement(declaration) &&
    ts.isVariableDeclaration(declaration.parent.parent) &&
    isRequireOfRuntime(declaration.parent.parent.initializer);
  if (!isRequired) return null;
  const name = declaration.propertyName ?? declaration.name;
  return ts.isIdentifier(name) ? name.text : null;
}

/** `import * as rt`, `const rt = require(...)`, or the global object. */
function isRuntimeObject(context: SyntacticContext, name: ts.Identifier): boolean {
  const binding = bindingOf(context, name);
  if (binding === null) return name.text === context.global;
  const declaration = binding.declarations[0]?.parent;
  if (!declaration) return false;
  if (ts.isNamespaceImport(declaration)) return isImportOfRuntime(declaration);
  if (ts.isImportEqualsDeclaration(declaration))
    return (
      ts.isExternalModuleReference(declaration.moduleReference) &&
      isRuntimeName(declaration.moduleReference.expression)
    );
  return ts.isVariableDeclaration(declaration) && isRequireOfRuntime(declaration.initializer);
}

function isImportOfRuntime(specifier: ts.Node): boolean {
  const declaration = ts.findAncestor(specifier, ts.isImportDeclaration);
  return declaration !== undefined && isRuntimeName(declaration.moduleSpecifier);
}

function isRequireOfRuntime(initializer: ts.Expression | undefined): boolean {
  if (initializer === undefined || !ts.isCallExpression(initializer)) return false;
  const { expression, arguments: args } = initializer;
  return (
    ts.isIdentifier(expression) &&
    expression.text === "require" &&
    args[0] !== undefined &&
    isRuntimeName(args[0])
  );
}

function isRuntimeName(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) && node.text === RUNTIME_PACKAGE;
}

function isContextType({ scopes }: SyntacticContext, type: ts.TypeNode): boolean {
  if (!ts.isTypeReferenceNode(type)) return false;
  const { typeName } = type;
  if (ts.isQualifiedName(typeName)) return typeName.right.text === "DurableContext";
  const binding = scopes.scope(type.getSourceFile())?.bindings.get(typeName.text) ?? null;
  return findImportedName(binding) === "DurableContext";
}

/** The function argument of an operation that gives it a context of its own. */
function isGivenContext(context: SyntacticContext, fn: ts.Node): boolean {
  const outer = walkUpWrappers(fn);
  const call = outer.parent;
  if (ts.isCallExpression(call) && call.arguments.some((argument) => argument === outer)) {
    const operation = findOperation(context, call.expression);
    return operation === "runInChildContext" || operation === "map" || operation === "withRetry";
  }
  const branch = ts.isPropertyAssignment(call) && call.name.getText() === "func" ? call.parent : outer;
  const list = walkUpWrappers(branch).parent;
  if (!ts.isArrayLiteralExpression(list)) return false;
  const parallel = walkUpWrappers(list).parent;
  return ts.isCallExpression(parallel) && findOperation(context, parallel.expression) === "parallel";
}

/** Every member that is used is a context's, and at least one only a context's. */
function isUsedAsContext({ references }: Binding): boolean {
  const members = references.flatMap(({ node }) => {
    const { parent } = node;
    return ts.isPropertyAccessExpression(parent) && parent.expression === node ? [parent.name.text] : [];
  });
  return (
    members.some((name) => CONTEXT_MEMBERS.has(name)) &&
    members.every((name) => CONTEXT_MEMBERS.has(name) || OPERATIONS.has(name))
  );
}
