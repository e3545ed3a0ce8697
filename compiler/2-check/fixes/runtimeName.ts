/**
 * The name an operation of the runtime has in a file, and the edits that give it one: an import there is used, one of
 * other operations is extended, else one is added. A name that the file uses for something else is left alone:
 *
 *     const now = 5;            import { now as durableNow } from "@durablec/runtime";
 */
import { ts } from "ts-morph";
import { isReference } from "../../1-read/references.ts";
import { RUNTIME_PACKAGE, type OperationName } from "../../program.ts";
import type { DiagnosticEdit } from "../../diagnostic.ts";

export interface RuntimeName {
  /** `now`, `durableNow`, `runtime.now` */
  readonly text: string;
  /** What has to be added for it, if anything. */
  readonly edits: readonly DiagnosticEdit[];
}

/** Null where a file has no import declarations of its own to go by: CommonJS in JavaScript. */
export function toRuntimeName(
  checker: ts.TypeChecker,
  node: ts.Node,
  operation: OperationName,
): RuntimeName | null {
  const file = node.getSourceFile();
  const imports = file.statements.filter(ts.isImportDeclaration);
  const ofRuntime = imports.filter(
    ({ moduleSpecifier, importClause }) =>
      ts.isStringLiteral(moduleSpecifier) &&
      moduleSpecifier.text === RUNTIME_PACKAGE &&
      importClause !== undefined &&
      importClause.phaseModifier === undefined,
  );
  for (const { importClause } of ofRuntime) {
    const known = findImported(importClause?.namedBindings, operation);
    if (known !== null && isVisible(checker, node, known.name))
      return { text: known.isNamespace ? `${known.name.text}.${operation}` : known.name.text, edits: [] };
  }
  if (/\.c?jsx?$/.test(file.fileName) && !ts.isExternalModule(file)) return null;
  const local = findFreeName(file, operation);
  const specifier = local === operation ? local : `${operation} as ${local}`;
  return { text: local, edits: [toImportEdit(file, imports, { ofRuntime, specifier })] };
}

function findImported(
  bindings: ts.NamedImportBindings | undefined,
  operation: OperationName,
): { readonly name: ts.Identifier; readonly isNamespace: boolean } | null {
  if (bindings === undefined) return null;
  if (ts.isNamespaceImport(bindings)) return { name: bindings.name, isNamespace: true };
  const element = bindings.elements.find(
    ({ name, propertyName, isTypeOnly }) => !isTypeOnly && (propertyName ?? name).text === operation,
  );
  return element === undefined ? null : { name: element.name, isNamespace: false };
}

/** False where something nearer has the same name. */
function isVisible(checker: ts.TypeChecker, node: ts.Node, name: ts.Identifier): boolean {
  const meant = checker.resolveName(name.text, node, ts.SymbolFlags.Value | ts.SymbolFlags.Alias, false);
  return meant !== undefined && meant === checker.getSymbolAtLocation(name);
}

function findFreeName(file: ts.SourceFile, operation: OperationName): string {
  const long = `durable${operation.charAt(0).toUpperCase()}${operation.slice(1)}`;
  const taken = findNames(file);
  for (let count = 1; ; count++) {
    const name = count === 1 ? operation : count === 2 ? long : `${long}${count - 1}`;
    if (!taken.has(name)) return name;
  }
}

/** Every name in the file that stands for a value or a type: what is no member's name. */
function findNames(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && (isReference(node) || isBindingName(node))) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function isBindingName({ parent }: ts.Identifier): boolean {
  return (
    !ts.isPropertyAccessExpression(parent) &&
    !ts.isPropertyAssignment(parent) &&
    !ts.isClassElement(parent) &&
    !ts.isTypeElement(parent)
  );
}

interface Wanted {
  readonly ofRuntime: readonly ts.ImportDeclaration[];
  readonly specifier: string;
}

function toImportEdit(
  file: ts.SourceFile,
  imports: readonly ts.ImportDeclaration[],
  { ofRuntime, specifier }: Wanted,
): DiagnosticEdit {
  for (const { importClause } of ofRuntime) {
    const bindings = importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
    const last = bindings.elements.at(-1);
    if (last !== undefined) return insert(file, last.end, `, ${specifier}`);
    return insert(file, bindings.getStart(file) + 1, ` ${specifier} `);
  }
  const [first] = imports;
  const quote = first?.moduleSpecifier.getText(file).startsWith("'") === true ? "'" : '"';
  const line = `import { ${specifier} } from ${quote}${RUNTIME_PACKAGE}${quote};`;
  const lineEnd = file.text.includes("\r\n") ? "\r\n" : "\n";
  if (first !== undefined) return insert(file, first.getStart(file), line + lineEnd);
  // Below a shebang and below directives: above them, they would no longer be at the head of the module.
  const directive = file.statements.filter(isDirective).at(-1);
  if (directive !== undefined) return insert(file, directive.end, lineEnd + lineEnd + line);
  const shebang = /^#![^\r\n]*(?:\r?\n)?/.exec(file.text)?.[0] ?? "";
  return insert(file, shebang.length, line + lineEnd + lineEnd);
}

function isDirective(_: ts.Statement, index: number, all: readonly ts.Statement[]): boolean {
  return all
    .slice(0, index + 1)
    .every((one) => ts.isExpressionStatement(one) && ts.isStringLiteral(one.expression));
}

function insert(file: ts.SourceFile, at: number, text: string): DiagnosticEdit {
  return { file: file.fileName, start: at, end: at, text };
}
