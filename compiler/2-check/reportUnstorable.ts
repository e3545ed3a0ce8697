import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";
import { report, type Place } from "../diagnostics/report.ts";
import type { Unstorable } from "./storability.ts";

/** What was to be stored. */
export type Stored =
  | { readonly kind: "result"; readonly name: string; readonly at: Place }
  | {
      readonly kind: "variable";
      readonly name: string;
      readonly at: Place;
      /** The checkpoint it is live at. */
      readonly notes: readonly DiagnosticNote[];
    };

export function reportUnstorable(problem: Unstorable, stored: Stored): Diagnostic {
  const isResult = stored.kind === "result";
  const notes = isResult ? [] : stored.notes;
  const subject = isResult ? `The result of ${stored.name}` : `'${stored.name}'`;
  const path = toPathText(problem.path, isResult ? "" : stored.name);
  const { what, way } = problem;
  switch (problem.kind) {
    case "refused":
      if (isResult) return report("DC302", stored.at, { step: stored.name, path, what, way });
      return report("DC301", stored.at, { variable: stored.name, path, what, way, notes });
    case "doubtful":
      return report("DC303", stored.at, { subject, path, what, way, notes });
    case "private":
      return report("DC304", stored.at, { subject, path, class: what, notes });
  }
}

/** `it`, or the way from the variable to the part: `'order.lines[].client'`. */
function toPathText(path: string, root: string): string {
  if (path === "") return "it";
  return `'${root === "" ? path.replace(/^\./, "") : root + path}'`;
}
