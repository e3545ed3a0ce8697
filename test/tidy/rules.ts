/**
 * What `docs` and reviews would otherwise have to repeat, as rules that read source text and name what breaks them.
 * Each rule is a pure function of one parsed file, so that `tidy.test.ts` can also feed it samples that must fail.
 */
import { ts } from "ts-morph";

export interface SourceText {
  /** Relative to the repository, forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const fileLinesMax = 400;
const functionLinesMax = 70;
const parametersMax = 3;

/**
 * Words of the machine contract (docs/machine.md) and their one implementation: emitted code calls them with
 * positional arguments, because an object a call would be garbage on the hottest path there is.
 */
const positionalWords: ReadonlySet<string> = new Set(["start", "step", "call"]);

type Rule = (file: ts.SourceFile) => readonly Found[];
interface Found {
  readonly node: ts.Node;
  readonly message: string;
}

const rules: readonly Rule[] = [
  findLooseTypes,
  findLooseExports,
  findEnums,
  findBigFunctions,
  findImportsWithoutExtension,
];

/** Problems of one file, by position. */
export function findProblems(source: SourceText): readonly Problem[] {
  const file = parse(source);
  const found = rules.flatMap((rule) => rule(file));
  const problems = found.map(({ node, message }) => ({
    path: source.path,
    line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
    message,
  }));
  return [...problems, ...findTextProblems(source)].sort((a, b) => a.line - b.line);
}

const parsed = new WeakMap<SourceText, ts.SourceFile>();

/** Once: several tests look at all that we have written. */
export function parse(source: SourceText): ts.SourceFile {
  const file =
    parsed.get(source) ?? ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
  parsed.set(source, file);
  return file;
}

function findTextProblems({ path, text }: SourceText): Problem[] {
  const lines = text.split("\n");
  const problems: Problem[] = [];
  const lineCount = text.endsWith("\n") ? lines.length - 1 : lines.length;
  if (lineCount > fileLinesMax)
    problems.push({ path, line: 1, message: `${lineCount} lines, at most ${fileLinesMax}` });
  // Spelt in halves, so that this file keeps its own rule.
  const marker = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
  const silencer = new RegExp(`@ts-(${["ig" + "nore", "no" + "check"].join("|")})`);
  lines.forEach((line, index) => {
    if (marker.test(line)) problems.push({ path, line: index + 1, message: "a left-over marker" });
    if (silencer.test(line)) problems.push({ path, line: index + 1, message: "a silenced type check" });
  });
  return problems;
}

function findLooseTypes(file: ts.SourceFile): Found[] {
  return findAll(file, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) return "`any`";
    if (!ts.isAsExpression(node)) return null;
    const inner = ts.isParenthesizedExpression(node.expression)
      ? node.expression.expression
      : node.expression;
    const doubled = ts.isAsExpression(inner) && inner.type.kind === ts.SyntaxKind.UnknownKeyword;
    return doubled ? "a cast through `unknown`" : null;
  });
}

function findLooseExports(file: ts.SourceFile): Found[] {
  const isConfig = /(^|\/)[\w.-]+\.config\.ts$/.test(file.fileName);
  return file.statements.flatMap((node): Found[] => {
    const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
    const has = (kind: ts.SyntaxKind) => modifiers.some((modifier) => modifier.kind === kind);
    if (!isConfig && (ts.isExportAssignment(node) || has(ts.SyntaxKind.DefaultKeyword)))
      return [{ node, message: "a default export" }];
    const isLet = ts.isVariableStatement(node) && (node.declarationList.flags & ts.NodeFlags.Const) === 0;
    return isLet && has(ts.SyntaxKind.ExportKeyword) ? [{ node, message: "an exported `let`" }] : [];
  });
}

function findEnums(file: ts.SourceFile): Found[] {
  return findAll(file, (node) => (ts.isEnumDeclaration(node) ? "an `enum`" : null));
}

function findBigFunctions(file: ts.SourceFile): Found[] {
  return findAll(file, (node) => {
    if (!isFunctionWithBody(node)) return null;
    const parameters = node.parameters.filter(({ name }) => name.getText(file) !== "this");
    const name = node.name?.getText(file) ?? "a function";
    const isWord = file.fileName.startsWith("runtime/") && positionalWords.has(name);
    if (parameters.length > parametersMax && !isWord && !isRow(node))
      return `${name} has ${parameters.length} parameters, at most ${parametersMax}`;
    const lineAt = (position: number) => file.getLineAndCharacterOfPosition(position).line;
    const lineCount = lineAt(node.end) - lineAt(node.getStart(file)) + 1;
    if (lineCount > functionLinesMax && !isSuite(node))
      return `${name} has ${lineCount} lines, at most ${functionLinesMax}`;
    return null;
  });
}

function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

/** The callback of `describe` is a list of tests, not a function with steps to follow. */
function isSuite(node: ts.Node): boolean {
  const call = node.parent;
  return ts.isCallExpression(call) && /^describe\b/.test(call.expression.getText());
}

/** The callback of `test.each` has a parameter for each column of its table. */
function isRow(node: ts.Node): boolean {
  const call = node.parent;
  return (
    ts.isCallExpression(call) &&
    ts.isCallExpression(call.expression) &&
    /\.each$/.test(call.expression.expression.getText())
  );
}

/** Node runs our sources as they stand, and `tsc` rewrites the ending. */
function findImportsWithoutExtension(file: ts.SourceFile): Found[] {
  return importsOf(file)
    .filter(({ specifier }) => specifier.startsWith(".") && !/\.(ts|json)$/.test(specifier))
    .map(({ node, specifier }) => ({ node, message: `import of "${specifier}" without \`.ts\`` }));
}

export interface Import {
  readonly node: ts.Node;
  readonly specifier: string;
}

/** Static, dynamic and type imports, and re-exports. */
export function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined) => {
    if (specifier && ts.isStringLiteralLike(specifier)) found.push({ node, specifier: specifier.text });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node, node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function findAll(file: ts.SourceFile, describe: (node: ts.Node) => string | null): Found[] {
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    const message = describe(node);
    if (message !== null) found.push({ node, message });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
