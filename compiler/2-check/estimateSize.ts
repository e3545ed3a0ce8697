/** How many bytes a value may take, told from its type and from lengths that are written in the code. An estimate. */
import { ts } from "ts-morph";
import type { Resolver } from "../1-read/resolver.ts";
import { skipWrappers } from "../1-read/wrappers.ts";

/** How long a list is taken to be, and how many rounds a loop to have. */
export const LENGTH_GUESS = 20;
const TEXT_BYTES = 40;
const BUFFER_BYTES = 64_000;
const DEPTH_MAX = 5;

const BUFFERS =
  /^(?:Uint8Array|Uint8ClampedArray|Int8Array|U?[Ii]nt(?:16|32)Array|Float(?:16|32|64)Array|Big(?:Int|Uint)64Array|Buffer|ArrayBuffer|DataView)$/;

export function estimateType({ checker }: Resolver, type: ts.Type, depth = 0): number {
  if ((type.flags & (ts.TypeFlags.NumberLike | ts.TypeFlags.BigIntLike | ts.TypeFlags.BooleanLike)) !== 0)
    return 8;
  if ((type.flags & ts.TypeFlags.StringLike) !== 0) return TEXT_BYTES;
  if (depth > DEPTH_MAX) return 0;
  const below = (part: ts.Type): number => estimateType({ checker } as Resolver, part, depth + 1);
  if (type.isUnion()) return Math.max(...type.types.map(below));
  if ((type.flags & ts.TypeFlags.Object) === 0) return 0;
  const name = (type.symbol as ts.Symbol | undefined)?.name ?? "";
  if (BUFFERS.test(name)) return BUFFER_BYTES;
  if (checker.isTupleType(type)) return sum(checker.getTypeArguments(type as ts.TypeReference).map(below));
  if (checker.isArrayType(type) || /^(?:Readonly)?(?:Map|Set)$/.test(name))
    return LENGTH_GUESS * sum(checker.getTypeArguments(type as ts.TypeReference).map(below));
  if (type.getCallSignatures().length > 0 || name === "Promise" || name === "Date") return 8;
  const properties = checker
    .getPropertiesOfType(type)
    .filter(({ flags }) => (flags & ts.SymbolFlags.Method) === 0);
  return sum(properties.map((property) => below(checker.getTypeOfSymbol(property))));
}

/** The size that the code itself states: `new Uint8Array(1e6)`, `Buffer.alloc(1e6)`, `"x".repeat(1e6)`. Else 0. */
export function estimateMade(resolver: Resolver, made: ts.Expression): number {
  const value = skipWrappers(made);
  if (!ts.isNewExpression(value) && !ts.isCallExpression(value)) return 0;
  const length = toNumber(value.arguments?.[0]);
  if (length === null) return 0;
  const symbol = resolver.valueOf(value.expression);
  const member = symbol === null ? "" : (resolver.originOf(symbol)?.member ?? "");
  if (ts.isNewExpression(value)) {
    const bytes = Number(/(?:8|16|32|64)(?=(?:Clamped)?Array$)/.exec(member)?.[0] ?? 8) / 8;
    return BUFFERS.test(member) ? length * bytes : member === "Array" ? length * 8 : 0;
  }
  return /(?:^|\.)Buffer\w*\.alloc(?:Unsafe)?$|^BufferConstructor\.alloc|^String\.repeat$/.test(member)
    ? length
    : 0;
}

function toNumber(node: ts.Expression | undefined): number | null {
  if (node === undefined) return null;
  const inner = skipWrappers(node);
  if (ts.isNumericLiteral(inner)) return Number(inner.text.replaceAll("_", ""));
  if (!ts.isBinaryExpression(inner)) return null;
  const [left, right] = [toNumber(inner.left), toNumber(inner.right)];
  if (left === null || right === null) return null;
  if (inner.operatorToken.kind === ts.SyntaxKind.AsteriskToken) return left * right;
  return inner.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken ? left ** right : null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
