/**
 * Makes a failing program smaller, as long as it still fails: leaves out statements, puts a block's content in its place,
 * and an operand or a number in the place of an expression; the largest first. Limit: 400 tries.
 */
import { ts } from "ts-morph";

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export async function reduceProgram(
  source: string,
  isBad: (source: string) => Promise<boolean>,
): Promise<string> {
  let small = source;
  let tries = 400;
  for (let smaller = true; smaller && tries > 0;) {
    smaller = false;
    let edits = toEdits(small);
    for (let index = 0; index < edits.length && tries > 0; index++) {
      const candidate = apply(small, edits[index] as Edit);
      if (candidate.length >= small.length) continue;
      tries--;
      if (!(await isBad(candidate))) continue;
      const before = edits.length;
      small = candidate;
      smaller = true;
      edits = toEdits(small);
      // Edits that have been tried stand before: those of a program with less in it begin about there.
      index = Math.max(-1, index - 1 - Math.max(0, before - edits.length));
    }
  }
  return small;
}

function apply(source: string, { start, end, text }: Edit): string {
  return source.slice(0, start) + text + source.slice(end);
}

function toEdits(source: string): readonly Edit[] {
  const file = ts.createSourceFile("program.ts", source, ts.ScriptTarget.Latest, true);
  const edits: Edit[] = [];
  const visit = (node: ts.Node): void => {
    if (!isKept(node)) edits.push(...editsOf(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return edits.sort((a, b) => b.end - b.start - b.text.length - (a.end - a.start - a.text.length));
}

/** The import, the directives, and what makes it a program. */
function isKept(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node) || ts.isSourceFile(node)) return true;
  if (ts.isFunctionDeclaration(node) && node.name?.text === "main") return true;
  return ts.isExpressionStatement(node) && ts.isStringLiteral(node.expression);
}

function editsOf(node: ts.Node): readonly Edit[] {
  const [start, end] = [node.getStart(), node.end];
  const by = (text: string): Edit => ({ start, end, text });
  if (
    ts.isStatement(node) &&
    !(ts.isBlock(node) && !ts.isBlock(node.parent) && !ts.isSourceFile(node.parent))
  ) {
    const inList =
      ts.isBlock(node.parent) || ts.isSourceFile(node.parent) || ts.isCaseOrDefaultClause(node.parent);
    return [by(inList ? "" : ";"), ...blocksIn(node).map((block) => by(block.getText().slice(1, -1)))];
  }
  if (ts.isExpression(node) && !ts.isIdentifier(node) && !ts.isLiteralExpression(node)) {
    const inner: Edit[] = [];
    ts.forEachChild(node, (child) => {
      if (ts.isExpression(child)) inner.push(by(child.getText()));
    });
    return [by("0"), ...inner];
  }
  return [];
}

function blocksIn(statement: ts.Statement): readonly ts.Block[] {
  const found: ts.Block[] = [];
  ts.forEachChild(statement, (child) => {
    if (ts.isBlock(child) && !ts.isFunctionLike(statement)) found.push(child);
    if (ts.isCatchClause(child)) found.push(child.block);
  });
  return found;
}
