import { ts } from "ts-morph";
import type { Analysis } from "../../compiler/build.ts";
import type { Io } from "../io.ts";

/** Says what a project's analysis found, as people read it: TypeScript's own errors as `tsc` prints them. */
export function printFindings(
  { findings, typeErrors }: Pick<Analysis, "findings" | "typeErrors">,
  io: Io,
): void {
  const host = {
    getCurrentDirectory: () => io.cwd,
    getCanonicalFileName: (name: string) => name,
    getNewLine: () => "\n",
  };
  if (typeErrors.length > 0) io.err(ts.formatDiagnostics(typeErrors, host).trimEnd());
  for (const one of findings)
    io.err(`${one.file}:${one.start} ${one.severity} ${one.code}: ${one.message}\n  ${one.advice}`);
}

/** TypeScript's errors for programs. */
export function toPlainErrors(errors: readonly ts.Diagnostic[]): readonly object[] {
  return errors.map(({ code, file, start, messageText }) => ({
    code: `TS${code}`,
    message: ts.flattenDiagnosticMessageText(messageText, "\n"),
    ...(file === undefined ? {} : { file: file.fileName, start, ...toLine(file, start ?? 0) }),
  }));
}

function toLine(file: ts.SourceFile, start: number): { readonly line: number; readonly column: number } {
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return { line: line + 1, column: character + 1 };
}
