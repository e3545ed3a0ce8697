/** The name that JavaScript gives a function that has none of its own, by where it stands. */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { walkUpWrappers } from "../1-read/wrappers.ts";
import { code } from "./code.ts";

export function findInferredName(fn: ts.FunctionLikeDeclaration | ts.ClassLikeDeclaration): string | null {
  if (fn.name !== undefined) return null;
  const outer = walkUpWrappers(fn);
  const { parent } = outer;
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) {
    return parent.initializer === outer && ts.isIdentifier(parent.name) ? parent.name.text : null;
  }
  if (ts.isPropertyAssignment(parent)) return nameOfProperty(parent.name);
  if (ts.isPropertyDeclaration(parent)) return parent.initializer === outer ? nameOfField(parent.name) : null;
  if (ts.isShorthandPropertyAssignment(parent)) return parent.name.text;
  if (ts.isBinaryExpression(parent)) return nameOfTarget(parent, outer);
  return ts.isExportAssignment(parent) ? "default" : null;
}

function nameOfProperty(name: ts.PropertyName): string | null {
  if (ts.isComputedPropertyName(name)) return null;
  // `{ __proto__: () => 1 }` sets the prototype and names nothing.
  return name.text === "__proto__" ? null : name.text;
}

/** A field may be called `__proto__`, and then its function is too. */
function nameOfField(name: ts.PropertyName): string | null {
  return ts.isComputedPropertyName(name) ? null : name.text;
}

function nameOfTarget({ left, operatorToken, right }: ts.BinaryExpression, value: ts.Node): string | null {
  const naming = [
    ts.SyntaxKind.EqualsToken,
    ts.SyntaxKind.BarBarEqualsToken,
    ts.SyntaxKind.AmpersandAmpersandEqualsToken,
    ts.SyntaxKind.QuestionQuestionEqualsToken,
  ];
  return right === value && naming.includes(operatorToken.kind) && ts.isIdentifier(left) ? left.text : null;
}

/** Gives an anonymous function its name: `({ add: (n) => n }).add`. No binding comes with it that could hide one. */
export function toNamedCode(fn: Code, name: string | null): Code {
  if (name === null) return fn;
  const key = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);
  return toMemberCode(code`${key}: ${fn}`, key);
}

/** `({ add(n) { return n; } }).add` */
export function toMemberCode(member: Code, key: string): Code {
  if (key.startsWith("[")) return code`({ ${member} })${key}`;
  return code`({ ${member} })${/^["'\d]/.test(key) ? `[${key}]` : `.${key}`}`;
}
