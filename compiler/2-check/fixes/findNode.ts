import { ts } from "ts-morph";

/** The outermost node with exactly this span: a finding says where it is, not which node it was made from. */
export function findNode(file: ts.SourceFile, start: number, end: number): ts.Node | null {
  const visit = (node: ts.Node): ts.Node | undefined => {
    if (node.pos > start || node.end < end) return undefined;
    if (node.getStart(file) === start && node.end === end) return node;
    return ts.forEachChild(node, visit);
  };
  return ts.forEachChild(file, visit) ?? null;
}

/** The function whose code a node is. In a parameter it is the function outside: defaults run before the first await. */
export function findOwner(node: ts.Node): ts.FunctionLikeDeclaration | null {
  const owner = ts.findAncestor(
    node.parent,
    (at): at is ts.FunctionLikeDeclaration => ts.isFunctionLike(at) || ts.isClassLike(at),
  );
  return owner !== undefined && ts.isFunctionLike(owner) ? owner : null;
}

export function isInParameter(node: ts.Node): boolean {
  const found = ts.findAncestor(node, (at) => ts.isParameter(at) || ts.isBlock(at) || ts.isArrowFunction(at));
  return found !== undefined && ts.isParameter(found);
}
