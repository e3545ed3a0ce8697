import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";
import { locate, slugOf, type Formatting, type Located } from "./locate.ts";

/** One finding as programs read it. */
export interface JsonFinding extends Located {
  readonly code: string;
  readonly slug: string | null;
  readonly severity: Diagnostic["severity"];
  readonly message: string;
  readonly advice: string;
  readonly notes: readonly (Located & { readonly message: string })[];
}

export function toJsonFindings(
  findings: readonly Diagnostic[],
  formatting: Formatting,
): readonly JsonFinding[] {
  return findings.map((finding) => ({
    code: finding.code,
    slug: slugOf(finding.code),
    severity: finding.severity,
    message: finding.message,
    advice: finding.advice,
    ...locate(finding, formatting),
    notes: finding.notes.map((note: DiagnosticNote) => ({
      message: note.message,
      ...locate(note, formatting),
    })),
  }));
}
