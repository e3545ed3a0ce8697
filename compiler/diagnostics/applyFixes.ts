/**
 * Applies the fixes of findings to texts. Fixes that touch the same place cannot both be meant: the first one is applied,
 * the others wait for the next round, when their findings are made anew. The same insertion wanted twice (an import) is
 * one insertion.
 */
import type { DiagnosticEdit, DiagnosticFix } from "../diagnostic.ts";

export interface AppliedFixes {
  /** New texts, by file: only those that changed. */
  readonly texts: ReadonlyMap<string, string>;
  /** How many of the fixes are in them. */
  readonly count: number;
}

export function applyFixes(
  fixes: readonly DiagnosticFix[],
  readText: (file: string) => string | undefined,
): AppliedFixes {
  const { edits, count } = chooseEdits(fixes);
  const texts = new Map<string, string>();
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const before = readText(file);
    if (before === undefined) continue;
    const own = edits.filter((edit) => edit.file === file);
    texts.set(file, applyEdits(before, own));
  }
  return { texts, count };
}

/** The edits of the fixes that can be applied together. A fix is applied whole or not at all. */
export function chooseEdits(fixes: readonly DiagnosticFix[]): {
  readonly edits: readonly DiagnosticEdit[];
  /** How many of the fixes are in them. */
  readonly count: number;
} {
  const chosen: DiagnosticEdit[] = [];
  let count = 0;
  for (const { edits } of fixes) {
    const added = edits.filter((edit) => !chosen.some((other) => isSame(edit, other)));
    if (added.some((edit) => chosen.some((other) => isInTheWay(edit, other)))) continue;
    chosen.push(...added);
    count++;
  }
  return { edits: chosen, count };
}

/** Edits that do not overlap; insertions at one place stay in their order. */
export function applyEdits(text: string, edits: readonly DiagnosticEdit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  return [...parts, text.slice(at)].join("");
}

function isSame(a: DiagnosticEdit, b: DiagnosticEdit): boolean {
  const isInsertion = a.start === a.end;
  return isInsertion && a.file === b.file && a.start === b.start && a.end === b.end && a.text === b.text;
}

function isInTheWay(a: DiagnosticEdit, b: DiagnosticEdit): boolean {
  if (a.file !== b.file) return false;
  return (
    (a.start < b.end && b.start < a.end) || a.start === b.start || a.start === b.end || a.end === b.start
  );
}
