/**
 * Functions and modules as values: what a stored state has to know by name is announced at the top of the module.
 *
 *     const parse = strict ? parseAll : parseSome;      ->      $named("src/parse.ts#parseAll", () => parseAll); ...
 *     const later = save.bind(db, 1);                   ->      $bindable(save).bind(db, 1)
 *     const { render } = await import("./render.js");   ->      $f$import1("./render.js")
 */
import { ts } from "ts-morph";
import type { Code, NamedValue } from "../ir.ts";
import type { Oracle } from "../program.ts";
import { isTypeOnly, type Scopes } from "../1-read/scopes.ts";
import { skipWrappers, walkUpWrappers } from "../1-read/wrappers.ts";
import { code, text } from "./code.ts";
import type { Lowering } from "./lowering.ts";
import { argumentsCode } from "./calls.ts";
import { toCode, type Overrides } from "./toCode.ts";

/** The functions of the module, its own and imported, that code uses as values. */
export function findNamedValues(fn: ts.Node, scopes: Scopes, oracle: Oracle): readonly NamedValue[] {
  const found = new Map<string, NamedValue>();
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    const value = ts.isIdentifier(node) ? toValue(node, scopes) : null;
    const name = value === null ? null : oracle.valueName(value);
    if (value !== null && name !== null) found.set(name, { name, node: value });
    ts.forEachChild(node, visit);
  };
  visit(fn);
  return [...found.values()];
}

/** The expression of a module's binding, or member of an imported namespace, that stands for a value. */
function toValue(node: ts.Identifier, scopes: Scopes): NamedValue["node"] | null {
  const reference = scopes.reference(node);
  const binding = reference?.binding ?? null;
  if (reference?.access !== "read" || binding === null || !ts.isSourceFile(binding.scope.node)) return null;
  if (!["import", "function", "const"].includes(binding.kind)) return null;
  const isNamespace = binding.declarations.some(({ parent }) => ts.isNamespaceImport(parent));
  const { parent } = node;
  if (!isNamespace) return isUsed(node) ? node : null;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.expression === node;
  return isMember && isUsed(parent) ? parent : null;
}

/** Not only called, constructed, tested against, or read from. */
function isUsed(node: ts.Expression): boolean {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.expression !== outer;
  if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent))
    return parent.expression !== outer;
  if (ts.isBinaryExpression(parent))
    return parent.right !== outer || parent.operatorToken.kind !== ts.SyntaxKind.InstanceOfKeyword;
  return !(
    ts.isExpressionWithTypeArguments(parent) ||
    ts.isTaggedTemplateExpression(parent) ||
    ts.isTypeOfExpression(parent) ||
    ts.isJsxOpeningLikeElement(parent) ||
    ts.isJsxClosingElement(parent)
  );
}

/** `import(...)` by a word that remembers where the module came from. */
export function importCode(c: Lowering, call: ts.CallExpression, overrides: Overrides): Code | null {
  const [specifier, ...more] = call.arguments;
  if (call.expression.kind !== ts.SyntaxKind.ImportKeyword || specifier === undefined || more.length > 0)
    return null;
  const { unit } = c;
  const literal = ts.isStringLiteralLike(specifier) ? specifier.text : null;
  const known = unit.imports.get(literal);
  const constant = known ?? unit.words.free(`${unit.constant}$import${unit.imports.size + 1}`);
  unit.imports.set(literal, constant);
  return code`${text(`${constant}(`, call.getStart())}${argumentsCode(c, call, overrides)})`;
}

/** `f.bind(...)`, so that the bound function can be written. */
export function bindCode(c: Lowering, call: ts.CallExpression, overrides: Overrides): Code | null {
  const callee = skipWrappers(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "bind" || ts.isOptionalChain(call))
    return null;
  if (overrides.has(callee) || callee.expression.kind === ts.SyntaxKind.SuperKeyword) return null;
  const target = toCode(c, callee.expression, overrides);
  const bind = text(".bind(", callee.name.getStart());
  return code`${c.unit.words.bindable}(${target})${bind}${argumentsCode(c, call, overrides)})`;
}
