/** Findings and fixes in the shapes of TypeScript's language service. */
import type ts from "typescript/lib/tsserverlibrary.js";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { toWording } from "../live/wording.ts";

/** Codes are numbers there: `DC201` is 201, of source "durablec". TypeScript's own begin at 1000. */
export function toTsCode(code: string): number {
  return Number(code.slice(2));
}

export function toTsDiagnostic(
  finding: Diagnostic,
  program: ts.Program | undefined,
  typescript: typeof ts,
): ts.Diagnostic {
  const { Error: error, Warning: warning, Suggestion: advice } = typescript.DiagnosticCategory;
  const categories = { error, warning, advice } as const;
  return {
    source: "durablec",
    code: toTsCode(finding.code),
    category: categories[finding.severity],
    messageText: toWording(finding),
    file: program?.getSourceFile(finding.file),
    start: finding.start,
    length: finding.end - finding.start,
    relatedInformation: finding.notes.map((note) => ({
      code: toTsCode(finding.code),
      category: typescript.DiagnosticCategory.Message,
      messageText: note.message,
      file: program?.getSourceFile(note.file),
      start: note.start,
      length: note.end - note.start,
    })),
  };
}

export function toCodeFixes(finding: Diagnostic): ts.CodeFixAction[] {
  return (finding.fixes ?? []).map(({ title, edits }) => ({
    fixName: "durablec",
    description: title,
    changes: [...new Set(edits.map(({ file }) => file))].map((fileName) => ({
      fileName,
      textChanges: edits
        .filter(({ file }) => file === fileName)
        .map(({ start, end, text }) => ({ span: { start, length: end - start }, newText: text })),
    })),
  }));
}
