/**
 * Comments by which an author answers a finding:
 *
 *     // durablec-ignore DC201: only shown, never compared        (the next line of code)
 *     const at = Date.now(); // durablec-ignore DC201: only shown  (its own line)
 *
 * One without a reason ignores nothing and is reported (DC112), as is one that nothing answers to (DC113). What DC1xx
 * find cannot be compiled, so it cannot be ignored.
 */
import { ts } from "ts-morph";
import type { Diagnostic } from "../diagnostic.ts";
import { CATALOGUE } from "../diagnostics/catalogue.ts";
import { report, type Place } from "../diagnostics/report.ts";

interface Ignore {
  readonly code: string;
  readonly place: Place;
  /** The line whose findings it is about, from 0. */
  readonly line: number;
}

/** The findings that are left, and those about the comments themselves. `files` are the ones whose comments count. */
export function suppress(
  files: readonly ts.SourceFile[],
  findings: readonly Diagnostic[],
): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const answered = new Set<Diagnostic>();
  for (const file of files) {
    if (!file.text.includes("durablec-ignore")) continue;
    const { ignores, malformed } = findIgnores(file);
    problems.push(...malformed);
    for (const { code, place, line } of ignores) {
      const meant = findings.filter(
        (finding) =>
          finding.code === code && finding.file === file.fileName && lineOf(file, finding.start) === line,
      );
      for (const finding of meant) answered.add(finding);
      if (meant.length === 0) problems.push(report("DC113", place, { code }));
    }
  }
  return [...findings.filter((finding) => !answered.has(finding)), ...problems];
}

function findIgnores(file: ts.SourceFile): {
  readonly ignores: readonly Ignore[];
  readonly malformed: readonly Diagnostic[];
} {
  const ignores: Ignore[] = [];
  const malformed: Diagnostic[] = [];
  const pattern = /(?:\/\/|\/\*+)[ \t]*(durablec-ignore)\b([^\r\n:]*)(:[^\r\n]*)?/g;
  for (const match of file.text.matchAll(pattern)) {
    if (isInText(file, match.index)) continue;
    const [whole, word = "", codes = "", rest = ""] = match;
    const start = match.index + whole.indexOf(word);
    const place = { file, start, end: start + word.length };
    const names = codes
      .replace(/\*\/.*$/, "")
      .split(/[\s,]+/)
      .filter((name) => name !== "");
    const lack = findLack(
      names,
      rest
        .slice(1)
        .replace(/\*\/.*$/, "")
        .trim(),
    );
    if (lack !== null) malformed.push(report("DC112", place, { lack }));
    else for (const code of names) ignores.push({ code, place, line: findLine(file, match.index) });
  }
  return { ignores, malformed };
}

function findLack(codes: readonly string[], reason: string): string | null {
  const [first] = codes;
  if (first === undefined) return "names no code";
  const unknown = codes.find((code) => !(code in CATALOGUE));
  if (unknown !== undefined) return `names '${unknown}', which is no code of durablec`;
  const fixed = codes.find((code) => /^DC[15]/.test(code));
  if (fixed !== undefined) return `names ${fixed}, which cannot be ignored`;
  return /[\p{L}\p{N}]/u.test(reason) ? null : "gives no reason";
}

/** True inside a string, a template, a regular expression or the text of JSX: there it is no comment. */
function isInText(file: ts.SourceFile, position: number): boolean {
  const visit = (node: ts.Node): boolean | undefined => {
    if (position < node.getStart(file) || position >= node.end) return undefined;
    if (ts.isLiteralExpression(node) || ts.isTemplateLiteralToken(node) || ts.isJsxText(node)) return true;
    return ts.forEachChild(node, visit);
  };
  return ts.forEachChild(file, visit) === true;
}

/** Its own line if there is code before it, else the next line that is neither empty nor only a comment. */
function findLine(file: ts.SourceFile, position: number): number {
  const own = lineOf(file, position);
  const starts = file.getLineStarts();
  if (file.text.slice(starts[own], position).trim() !== "") return own;
  const isSkipped = (line: number): boolean =>
    /^\s*(?:$|\/\/|\/\*|\*)/.test(file.text.slice(starts[line], starts[line + 1]));
  let line = own + 1;
  while (line < starts.length - 1 && isSkipped(line)) line++;
  return line;
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line;
}
