/**
 * Assembles a module: the author's text with each durable function replaced by its shell, and after the imports the
 * machines. They refer to module bindings only inside functions, so they may stand before everything else, and a
 * hoisted durable function works from the first line on.
 */
import { ts } from "ts-morph";
import type { Code, Machine } from "../ir.ts";
import type { DurableModule } from "../program.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { code, text } from "../3-lower/code.ts";
import { findInferredName } from "../3-lower/inferredName.ts";
import type { Words } from "../3-lower/words.ts";
import type { EmitContext } from "./emitRun.ts";
import { emitClassMethod, emitLiteralMethod } from "./emitMethod.ts";
import { selfConstant } from "./emitMachine.ts";
import { emitSeated } from "./emitSeat.ts";
import { emitShell } from "./emitShell.ts";

/** How the words come into the module. The name is that of the vocabulary's module, or of a property of `globalThis`. */
export interface Reach {
  readonly kind: "import" | "require" | "global";
  readonly name: string;
}

const VOCABULARY_WORDS = [
  "machine",
  "start",
  "generate",
  "generator",
  "durable",
  "box",
  "closure",
  "cursor",
  "asyncCursor",
  "listing",
  "keys",
  "omit",
  "coercible",
  "dead",
  "live",
  "keep",
  "template",
  "all",
  "allSettled",
  "any",
  "race",
  "Promise",
  "disposables",
  "arity",
  "registerClass",
  "registerValue",
  "symbol",
  "toKey",
  "invoke",
  "superOf",
  "named",
  "klass",
  "stepHere",
  "callHere",
  "memberOf",
  "bindable",
  "importer",
] as const;

export interface ModuleParts {
  readonly module: DurableModule;
  readonly words: Words;
  readonly context: EmitContext;
  readonly machines: readonly Machine[];
  readonly reach: Reach;
  /** Says "use strict" first. Default: false. */
  readonly strict?: boolean;
}

export function emitModule(parts: ModuleParts): Code {
  const { words, context, machines, module, reach, strict = false } = parts;
  const seated = machines.map((machine) => emitSeated(context, machine));
  const emitted = seated.flatMap(({ top }) => top);
  const inserted = seated.flatMap(({ inside }) =>
    inside.map(({ at, code: added }) => ({ start: at, end: at, code: added })),
  );
  const hoisted = machines.filter(isHoisted).map((machine) => emitHoistedMark(words, machine));
  const announced = emitAnnounced(parts);
  const edits = [
    ...inserted,
    ...machines.map((machine) => toShellEdit(context, machine)),
    ...toClassEdits(parts),
    ...toSymbolEdits(parts),
  ];
  const used = namesIn([
    ...emitted,
    ...edits.flatMap((edit) => edit.code),
    text(`${hoisted.join("")}${announced}`),
  ]);
  const { top, afterImports } = findPlaces(module.file);
  const all = [
    ...edits,
    ...toDirectiveEdits(module.file),
    ...toTypeExportEdits(module),
    {
      start: top,
      end: top,
      code: [text(`${strict ? '"use strict";\n' : ""}${emitReach(words, used, reach)}`)],
    },
    {
      start: afterImports,
      end: afterImports,
      code: code`\n${emitted}${hoisted.join("")}${announced}\n`,
    },
  ];
  return applyEdits(module.file, all);
}

/** Functions and imports of the module that stored states have a name for. */
function emitAnnounced({ words, context, machines }: ModuleParts): string {
  const lines = machines.flatMap(({ seat }) => [
    ...(seat?.values ?? []).map(
      ({ name, node }) => `${words.named}(${JSON.stringify(name)}, () => ${node.getText()});\n`,
    ),
    ...[...(seat?.imports ?? [])].map(([specifier, constant]) =>
      emitImporter(context, { specifier, constant }),
    ),
  ]);
  return [...new Set(lines)].join("");
}

interface Importer {
  readonly specifier: string | null;
  readonly constant: string;
}

function emitImporter({ words, path, declare }: EmitContext, { specifier, constant }: Importer): string {
  const [name, load] =
    specifier === null
      ? [path, `(${words.key}) => import(${words.key})`]
      : [`${path} ${specifier}`, `() => import(${JSON.stringify(specifier)})`];
  return `${declare} ${constant} = ${words.importer}(${JSON.stringify(name)}, ${load});\n`;
}

function isHoisted({ node }: Machine): boolean {
  return ts.isFunctionDeclaration(node) && node.name !== undefined && ts.isSourceFile(node.parent);
}

function emitHoistedMark(words: Words, { node, constant }: Machine): string {
  return `${words.durable}(${node.name?.getText() ?? ""}, ${constant});\n`;
}

/** Names that the emitted text brings in; they start with `$`, and a string that looks like one does no harm. */
function namesIn(emitted: Code): ReadonlySet<string> {
  const own = emitted.map((piece) => (piece.kind === "text" ? piece.text : "")).join(" ");
  return new Set(own.match(/\$[\w$]*/g) ?? []);
}

function emitReach(words: Words, used: ReadonlySet<string>, { kind, name }: Reach): string {
  const reached = VOCABULARY_WORDS.filter((word) => used.has(words[word]));
  if (reached.length === 0) return "";
  const list = (between: string): string =>
    reached.map((word) => `${word}${between}${words[word]}`).join(", ");
  const from = JSON.stringify(name);
  switch (kind) {
    case "import":
      return `import { ${list(" as ")} } from ${from};\n`;
    case "require":
      return `const { ${list(": ")} } = require(${from});\n`;
    // Scripts of one realm share their names: one that is there already may only be declared again with `var`.
    case "global":
      return `var { ${list(": ")} } = globalThis[${from}].machine;\n`;
  }
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly code: Code;
}

/** Before everything but a shebang and directives; and after the imports that the module starts with. */
function findPlaces(file: ts.SourceFile): { readonly top: number; readonly afterImports: number } {
  const first = file.statements.find((statement) => !isDirective(statement));
  const before = file.statements.filter((statement) => isDirective(statement)).at(-1);
  const top = before?.end ?? ts.getShebang(file.text)?.length ?? 0;
  const start = first === undefined ? 0 : file.statements.indexOf(first);
  const leading = file.statements.slice(start);
  const count = leading.findIndex((statement) => !isImport(statement));
  const last = leading.slice(0, count < 0 ? leading.length : count).at(-1);
  if (last === undefined) return { top, afterImports: top };
  return { top, afterImports: ts.getTrailingCommentRanges(file.text, last.end)?.at(-1)?.end ?? last.end };
}

function isImport(statement: ts.Statement): boolean {
  return ts.isImportDeclaration(statement) || ts.isImportEqualsDeclaration(statement);
}

function isDirective(statement: ts.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}

/** `"use durable"` has done its work; a tool that meets the output must not compile it again. */
function toDirectiveEdits(file: ts.SourceFile): readonly Edit[] {
  const found = file.statements.filter(
    (statement) => isDirective(statement) && /^["']use durable["']/.test(statement.getText(file)),
  );
  return found.map((statement) => ({ start: statement.getStart(file), end: statement.end, code: [] }));
}

/** `export { Order } from "./order.js"` of a type: what takes the types out sees one file, and would keep it. */
function toTypeExportEdits({ file, oracle }: DurableModule): readonly Edit[] {
  const clauses = file.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && !statement.isTypeOnly && statement.exportClause !== undefined
      ? [statement.exportClause]
      : [],
  );
  return clauses
    .flatMap((clause) => (ts.isNamedExports(clause) ? clause.elements : []))
    .filter((specifier) => !specifier.isTypeOnly && oracle.isTypeExport(specifier))
    .map((specifier) => specifier.getStart(file))
    .map((start) => ({ start, end: start, code: [text("type ")] }));
}

/** A declaration keeps its place and its `export`; an expression becomes a marked function. */
function toShellEdit(context: EmitContext, machine: Machine): Edit {
  const { node, constant } = machine;
  const { durable } = context.words;
  const [start, end] = [node.getStart(), node.end];
  if (ts.isMethodDeclaration(node)) {
    const emit = ts.isClassLike(node.parent) ? emitClassMethod : emitLiteralMethod;
    return { start, end, code: emit(machine, context.words) };
  }
  const made = machine.seat?.made ?? null;
  if (made !== null) {
    return { start, end, code: [text(`${made.constant}(${made.captures.length > 0 ? "this" : ""})`, start)] };
  }
  if (!ts.isFunctionDeclaration(node)) {
    const shell = emitShell(context, { machine, enter: null, inferredName: findInferredName(node) });
    const self = selfConstant(machine);
    const held = self === null ? "" : `${self} = `;
    return { start, end, code: code`${held}${durable}(${shell}, ${constant})` };
  }
  const isExport = ({ kind }: ts.ModifierLike): boolean =>
    kind === ts.SyntaxKind.ExportKeyword || kind === ts.SyntaxKind.DefaultKeyword;
  const modifiers = (ts.getModifiers(node) ?? [])
    .filter(isExport)
    .map((modifier) => `${modifier.getText()} `);
  if (node.name === undefined) {
    const shell = emitShell(context, { machine, enter: null, inferredName: "default" });
    return {
      start: node.getStart(),
      end: node.end,
      code: code`export default ${durable}(${shell}, ${constant});`,
    };
  }
  const shell = emitShell(context, { machine, enter: null, inferredName: null });
  const mark = ts.isSourceFile(node.parent) ? "" : `\n${durable}(${node.name.text}, ${constant});`;
  return { start: node.getStart(), end: node.end, code: code`${modifiers.join("")}${shell}${mark}` };
}

function toClassEdits({ module, words }: ModuleParts): readonly Edit[] {
  return module.classes.map(({ id, name, node }) => ({
    start: node.end,
    end: node.end,
    code: [text(`\n${words.registerClass}(${JSON.stringify(id)}, ${name});`)],
  }));
}

/** `const S = Symbol()` at the top of the module: states hold it by name. */
function toSymbolEdits({ module, words }: ModuleParts): readonly Edit[] {
  const constants = module.file.statements
    .filter((node) => ts.isVariableStatement(node))
    .filter(({ declarationList }) => (declarationList.flags & ts.NodeFlags.Const) !== 0);
  return constants.flatMap((statement) =>
    statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      ts.isIdentifier(name) && initializer !== undefined && isNewSymbol(initializer)
        ? [toRegistration(`${module.path}#${name.text}`, name.text, { words, end: statement.end })]
        : [],
    ),
  );
}

function toRegistration(
  id: string,
  name: string,
  { words, end }: { readonly words: Words; readonly end: number },
): Edit {
  const call = `\n${words.registerValue}(${JSON.stringify(id)}, ${name});`;
  return { start: end, end, code: [text(call)] };
}

function isNewSymbol(initializer: ts.Expression): boolean {
  const value = skipWrappers(initializer);
  return (
    ts.isCallExpression(value) && ts.isIdentifier(value.expression) && value.expression.text === "Symbol"
  );
}

function applyEdits(file: ts.SourceFile, edits: readonly Edit[]): Code {
  // What is put before a function comes before what replaces it, also where the file begins with it.
  const isReplacement = ({ start, end }: Edit): number => (end > start ? 1 : 0);
  const sorted = [...edits].sort((a, b) => a.start - b.start || isReplacement(a) - isReplacement(b));
  const pieces: Code[] = [];
  let at = 0;
  for (const { start, end, code: replacement } of sorted) {
    pieces.push([{ kind: "source", start: at, end: start }], replacement);
    at = end;
  }
  return [...pieces.flat(), { kind: "source", start: at, end: file.text.length }];
}
