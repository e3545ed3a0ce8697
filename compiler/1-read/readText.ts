/** Reads one file without its project, for tools that see one file at a time. Nothing outside the text is known. */
import { ts } from "ts-morph";
import type { Diagnostic } from "../diagnostic.ts";
import type { DurableProgram } from "../program.ts";
import { findDirectives } from "./findDirectives.ts";
import { findScopes } from "./scopes.ts";
import { createSyntacticOracle } from "./syntacticOracle.ts";

export interface ReadText {
  readonly program: DurableProgram;
  readonly diagnostics: readonly Diagnostic[];
}

/** `fileName` is relative to the project's root, with forward slashes; it becomes part of ids. */
export function readText(source: string, fileName: string): ReadText {
  const kind = /x$/.test(fileName) ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true, kind);
  const errors = findSyntaxErrors(file);
  if (errors.length > 0)
    return { program: { root: "/", program: null, files: [file], modules: [] }, diagnostics: errors };
  const { functions, marks, problems } = findDirectives(file, fileName);
  const classes = file.statements.flatMap((node) =>
    ts.isClassDeclaration(node) && node.name
      ? [{ id: `${fileName}#${node.name.text}`, name: node.name.text, node }]
      : [],
  );
  const oracle = createSyntacticOracle({ scopes: findScopes(file), marks });
  const module = { file, path: fileName, functions, classes, oracle };
  return { program: { root: "/", program: null, files: [file], modules: [module] }, diagnostics: problems };
}

/** TypeScript's own: what does not parse has no meaning to compile. */
function findSyntaxErrors(file: ts.SourceFile): readonly Diagnostic[] {
  const { parseDiagnostics } = file as ts.SourceFile & {
    readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[];
  };
  return (parseDiagnostics ?? []).map(({ code, messageText, start, length }) => ({
    code: `TS${code}`,
    severity: "error",
    message: ts.flattenDiagnosticMessageText(messageText, "\n"),
    file: file.fileName,
    start,
    end: start + length,
    notes: [],
    advice: "Correct the syntax.",
  }));
}
