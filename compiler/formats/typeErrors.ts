/** TypeScript's own errors: as `tsc` prints them, and as findings for the faces that are no terminal. */
import { ts } from "ts-morph";
import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";

/** Exactly what `tsc` prints; `colors` stands for its `--pretty`. */
export function formatTypeErrors(
  errors: readonly ts.Diagnostic[],
  { cwd, colors }: { readonly cwd: string; readonly colors: boolean },
): string {
  const host: ts.FormatDiagnosticsHost = {
    getCurrentDirectory: () => cwd,
    getCanonicalFileName: (name) => (ts.sys.useCaseSensitiveFileNames ? name : name.toLowerCase()),
    getNewLine: () => "\n",
  };
  if (!colors) return ts.formatDiagnostics(errors, host);
  // One at a time, as tsc does, for the empty line between two.
  return errors.map((error) => `${ts.formatDiagnosticsWithColorAndContext([error], host)}\n`).join("");
}

/** `tsconfig`: where errors of no file belong. */
export function toFindings(errors: readonly ts.Diagnostic[], tsconfig: string): readonly Diagnostic[] {
  return errors.map((error) => ({
    code: `TS${error.code}`,
    severity: error.category === ts.DiagnosticCategory.Warning ? "warning" : "error",
    message: toText(error),
    ...toSpan(error, tsconfig),
    notes: (error.relatedInformation ?? []).map((related): DiagnosticNote => ({
      message: toText(related),
      ...toSpan(related, tsconfig),
    })),
    advice: "",
  }));
}

function toText({ messageText }: ts.DiagnosticRelatedInformation): string {
  return ts.flattenDiagnosticMessageText(messageText, "\n");
}

function toSpan(
  { file, start = 0, length = 0 }: ts.DiagnosticRelatedInformation,
  tsconfig: string,
): { readonly file: string; readonly start: number; readonly end: number } {
  if (file === undefined) return { file: tsconfig, start: 0, end: 0 };
  return { file: file.fileName, start, end: start + length };
}
