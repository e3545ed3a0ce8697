/** What every face needs beside the findings themselves: places as people count them, paths as they type them. */
import { posix } from "node:path";
import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";
import { CATALOGUE } from "../diagnostics/catalogue.ts";

export interface Formatting {
  /** Absolute path that the paths shown are relative to. */
  readonly cwd: string;
  /** The text of a file, by its absolute path; undefined if it is gone. */
  readonly readText: (file: string) => string | undefined;
}

/** A place as people count: lines and columns from 1, in UTF-16 units. The end is exclusive. */
export interface Located {
  /** Relative to `cwd`, forward slashes. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export function locate({ file, start, end }: Diagnostic | DiagnosticNote, formatting: Formatting): Located {
  const text = formatting.readText(file) ?? "";
  const from = toPosition(text, start);
  const to = toPosition(text, end);
  const path = posix.relative(formatting.cwd, file);
  return { path, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}

/** The line of a text, without its line break. */
export function lineOf(text: string, line: number): string {
  return text.split(/\r?\n/)[line - 1] ?? "";
}

/** `clock-outside-step`, or null for a code that is not ours (`TS2345`). */
export function slugOf(code: string): string | null {
  return code in CATALOGUE ? CATALOGUE[code as keyof typeof CATALOGUE].slug : null;
}

function toPosition(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
