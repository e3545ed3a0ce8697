import { ts } from "ts-morph";
import { skipWrappers } from "./wrappers.ts";

/**
 * The functions a module exports, in source order: declarations, `export const f = async () => {}`, and either of
 * them exported by name (`export { f as g }`, `export default f`). A function reached only through another value
 * (an object, a call's result) is not exported as itself.
 */
export function findExportedFunctions(file: ts.SourceFile): readonly ts.FunctionLikeDeclaration[] {
  const names = findExportedNames(file);
  return file.statements.flatMap((statement): ts.FunctionLikeDeclaration[] => {
    if (ts.isFunctionDeclaration(statement)) {
      const exported =
        isExported(statement) || (statement.name !== undefined && names.has(statement.name.text));
      return exported && statement.body !== undefined ? [statement] : [];
    }
    if (ts.isExportAssignment(statement)) return toFunctions(statement.expression);
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations
      .filter(({ name }) => isExported(statement) || (ts.isIdentifier(name) && names.has(name.text)))
      .flatMap(({ initializer }) => (initializer === undefined ? [] : toFunctions(initializer)));
  });
}

/** Local names that stand in an `export { ... }` or `export default name` of their own file. */
function findExportedNames(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of file.statements) {
    if (ts.isExportAssignment(statement) && ts.isIdentifier(statement.expression))
      names.add(statement.expression.text);
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier !== undefined) continue;
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) continue;
    for (const { name, propertyName } of statement.exportClause.elements)
      names.add((propertyName ?? name).text);
  }
  return names;
}

function isExported(statement: ts.FunctionDeclaration | ts.VariableStatement): boolean {
  return (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function toFunctions(expression: ts.Expression): ts.FunctionLikeDeclaration[] {
  const inner = skipWrappers(expression);
  return ts.isArrowFunction(inner) || ts.isFunctionExpression(inner) ? [inner] : [];
}
