import { posix } from "node:path";
import { ts } from "ts-morph";

interface Use {
  /** The binding's name, or a member of an imported namespace. */
  readonly node: ts.Identifier | ts.PropertyAccessExpression;
  /** The importing module's path. */
  readonly path: string;
}

/** `src/services.js#charge`, `lodash#chunk`: an import by the module it names, and the name it has there. */
export function toImportedName(declaration: ts.Node, { node, path }: Use): string | null {
  const statement = ts.findAncestor(declaration, ts.isImportDeclaration);
  if (!statement || !ts.isStringLiteral(statement.moduleSpecifier)) return null;
  const { text } = statement.moduleSpecifier;
  const isRelative = text.startsWith("./") || text.startsWith("../");
  const module = isRelative ? posix.join(posix.dirname(path), text) : text;
  return `${module}#${toExportedName(declaration, node)}`;
}

function toExportedName(declaration: ts.Node, node: Use["node"]): string {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isImportSpecifier(declaration)) return (declaration.propertyName ?? declaration.name).text;
  return "default";
}
