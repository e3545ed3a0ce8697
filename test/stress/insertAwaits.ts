/**
 * Puts an `await` wherever one may stand in the async functions of a source: at every operand, argument, initialiser,
 * condition, key, spread, element and template span. The program does the same as before, but with a checkpoint between
 * any two things that it does.
 *
 *     const n = f(a + b.c);      ->      const n = (await (f((await ((await (a)) + (await ((await (b)).c)))))));
 */
import { ts } from "ts-morph";

export interface Insertion {
  /** Whether a function that is not async is to become so: then it is walked as if it were. */
  readonly becomesAsync?: (fn: ts.Node) => boolean;
  /** Whether the arguments of a call stay as they are written, because their form means something. */
  readonly keepsArguments?: (call: ts.CallExpression) => boolean;
}

export interface Edit {
  readonly at: number;
  readonly text: string;
}

export function insertAwaits(file: ts.SourceFile, insertion: Insertion = {}): string {
  const edits: Edit[] = [];
  const walk: Walk = { edits, insertion };
  visit(walk, file, false);
  return applyEdits(file.text, edits);
}

/** In order of place; what is put at one place stays in the order in which it was put there. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits
    .map((edit, index) => ({ ...edit, index }))
    .sort((a, b) => a.at - b.at || a.index - b.index);
  let result = "";
  let at = 0;
  for (const edit of sorted) {
    result += text.slice(at, edit.at) + edit.text;
    at = edit.at;
  }
  return result + text.slice(at);
}

interface Walk {
  readonly edits: Edit[];
  readonly insertion: Insertion;
}

/** `isAsync`: whether an await may stand here. */
function visit(walk: Walk, node: ts.Node, isAsync: boolean): void {
  if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isEnumDeclaration(node))
    return;
  if (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword) return;
  if (ts.isDecorator(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
  if (ts.isFunctionLike(node)) return visitFunction(walk, node, isAsync);
  if (ts.isPropertyDeclaration(node) || ts.isClassStaticBlockDeclaration(node)) {
    if (ts.isPropertyDeclaration(node)) visit(walk, node.name, isAsync);
    return ts.forEachChild(node, (child) => {
      if (!("name" in node && child === node.name)) visit(walk, child, false);
    });
  }
  const isWrapped = isAsync && ts.isExpression(node) && mayAwait(walk, node);
  if (isWrapped) walk.edits.push({ at: node.getStart(), text: `${toPrefix(node)}(await (` });
  ts.forEachChild(node, (child) => visit(walk, child, isAsync));
  if (isWrapped) walk.edits.push({ at: node.end, text: "))" });
}

/** `{ a }` needs its name again; and a statement that begins with `(` an end of the one before. */
function toPrefix(node: ts.Expression): string {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return `${node.getText()}: `;
  const isInList =
    ts.isExpressionStatement(parent) &&
    (ts.isBlock(parent.parent) || ts.isCaseOrDefaultClause(parent.parent));
  return isInList ? ";" : "";
}

function visitFunction(walk: Walk, fn: ts.SignatureDeclaration, around: boolean): void {
  const becomes = walk.insertion.becomesAsync?.(fn) ?? false;
  const isAsync =
    becomes || (ts.getCombinedModifierFlags(fn as ts.Declaration) & ts.ModifierFlags.Async) !== 0;
  if (becomes) walk.edits.push({ at: fn.getStart(), text: "async " });
  const { name } = fn;
  if (name !== undefined && ts.isComputedPropertyName(name)) visit(walk, name, around);
  // Parameters of async functions may not await.
  for (const parameter of fn.parameters) visit(walk, parameter, false);
  if (!("body" in fn) || fn.body === undefined) return;
  const body = fn.body as ts.ConciseBody;
  if (ts.isBlock(body)) return visit(walk, body, isAsync);
  if (isAsync) walk.edits.push({ at: body.getStart(), text: "(await (" });
  visit(walk, body, isAsync);
  if (isAsync) walk.edits.push({ at: body.end, text: "))" });
}

/** Whether the value of `node` is used as a value where it stands, so that awaiting it first is the same. */
function mayAwait({ insertion }: Walk, node: ts.Expression): boolean {
  const { parent } = node;
  if (isNeverAwaited(node) || isTarget(node)) return false;
  if (ts.isBinaryExpression(parent)) return true;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
    if (parent.expression === node) return false;
    return !(ts.isCallExpression(parent) && isKept(insertion, parent));
  }
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node && !isInsideChain(node);
  if (ts.isElementAccessExpression(parent)) return parent.argumentExpression === node || !isInsideChain(node);
  if (ts.isTypeOfExpression(parent)) return !ts.isIdentifier(node);
  if (ts.isPrefixUnaryExpression(parent))
    return parent.operator < ts.SyntaxKind.PlusPlusToken || parent.operator > ts.SyntaxKind.MinusMinusToken;
  if (ts.isSpreadElement(parent))
    return !(ts.isCallExpression(parent.parent) && isKept(insertion, parent.parent));
  if (ts.isTaggedTemplateExpression(parent)) return false;
  return isValuePlace(parent, node);
}

function isValuePlace(parent: ts.Node, node: ts.Expression): boolean {
  return (
    ts.isConditionalExpression(parent) ||
    ts.isTemplateSpan(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isSpreadAssignment(parent) ||
    ts.isShorthandPropertyAssignment(parent) ||
    ts.isComputedPropertyName(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isThrowStatement(parent) ||
    ts.isIfStatement(parent) ||
    ts.isDoStatement(parent) ||
    ts.isWhileStatement(parent) ||
    ts.isSwitchStatement(parent) ||
    ts.isCaseClause(parent) ||
    ts.isForStatement(parent) ||
    ts.isVoidExpression(parent) ||
    ts.isExpressionStatement(parent) ||
    ((ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent) || ts.isBindingElement(parent)) &&
      parent.initializer === node) ||
    ((ts.isForOfStatement(parent) || ts.isForInStatement(parent)) && parent.expression === node) ||
    (ts.isExpressionWithTypeArguments(parent) && ts.isHeritageClause(parent.parent))
  );
}

function isKept({ keepsArguments }: Insertion, call: ts.CallExpression): boolean {
  const { kind } = call.expression;
  return kind === ts.SyntaxKind.ImportKeyword || (keepsArguments?.(call) ?? false);
}

function isNeverAwaited(node: ts.Expression): boolean {
  const isDirective = ts.isStringLiteral(node) && ts.isExpressionStatement(node.parent);
  return (
    isDirective ||
    node.kind === ts.SyntaxKind.SuperKeyword ||
    // Under its own name its combinators are known.
    (ts.isIdentifier(node) && node.text === "Promise") ||
    ts.isAwaitExpression(node) ||
    ts.isYieldExpression(node) ||
    ts.isSpreadElement(node) ||
    ts.isOmittedExpression(node) ||
    ts.isPrivateIdentifier(node) ||
    ts.isExpressionWithTypeArguments(node)
  );
}

/** Left of an assignment, or a part of a pattern there. A member's object is a value all the same. */
function isTarget(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent) && parent.left === node) {
    const { kind } = parent.operatorToken;
    return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
  }
  if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) return parent.initializer === node;
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent))
    return (
      parent.operator === ts.SyntaxKind.PlusPlusToken || parent.operator === ts.SyntaxKind.MinusMinusToken
    );
  if (ts.isDeleteExpression(parent)) return true;
  const isPart =
    ts.isArrayLiteralExpression(parent) ||
    ts.isObjectLiteralExpression(parent) ||
    ts.isParenthesizedExpression(parent) ||
    ts.isSpreadElement(parent) ||
    ts.isSpreadAssignment(parent) ||
    ts.isShorthandPropertyAssignment(parent) ||
    (ts.isPropertyAssignment(parent) && parent.initializer === node) ||
    (ts.isBinaryExpression(parent) && parent.left === node);
  return isPart && isTarget(parent);
}

/** `a?.b` in `a?.b.c`: in parentheses it would no longer end the whole chain. */
function isInsideChain(node: ts.Expression): boolean {
  return ts.isOptionalChain(node) || ts.isNonNullExpression(node);
}
