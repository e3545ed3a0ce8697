/**
 * Errors that only a second parser sees: TypeScript's lets much pass (`await` in a function that is not async, `break`
 * without a loop) because its checker speaks of it, and one-file mode has no checker. Looked for in the author's own text:
 * lowering may have taken apart what is wrong.
 */
import { transformSync } from "@swc/core";
import type { ts } from "ts-morph";
import type { Diagnostic } from "../diagnostic.ts";
import { toSyntaxError } from "../1-read/readText.ts";
import { toBareOptions } from "./stripTypes.ts";

export function findEarlyErrors(file: ts.SourceFile, isScript: boolean): readonly Diagnostic[] {
  try {
    transformSync(file.text, toBareOptions({ fileName: file.fileName, isScript }));
    return [];
  } catch (error) {
    return [toDiagnostic(file, error instanceof Error ? error.message : String(error))];
  }
}

/**
 * swc says where in a drawing:
 *
 *       x await isn't allowed in non-async function
 *        ,-[a.ts:1:1]
 *      1 | function f(){ await x; }
 *        :               ^^^^^
 */
function toDiagnostic(file: ts.SourceFile, drawing: string): Diagnostic {
  const message = /^\s*[x×]\s+(.*)$/m.exec(drawing)?.[1] ?? drawing.split("\n", 1)[0] ?? "";
  const lines = drawing.split("\n");
  const marks = lines.findIndex((line) => /^\s*[:·]\s*[\^─┬]/.test(line));
  const [, gutter = "", line = "1"] = /^(\s*(\d+)\s*[|│] )/.exec(lines[marks - 1] ?? "") ?? [];
  const found = lines[marks]?.slice(gutter.length) ?? "";
  const column = found.search(/\S/);
  const lineStart = file.getPositionOfLineAndCharacter(
    Math.min(Number(line), file.getLineStarts().length) - 1,
    0,
  );
  const lineEnd = file.text.slice(lineStart).split("\n", 1)[0]?.length ?? 0;
  // A tab is drawn as several blanks: then the place is the line.
  const isExact = column >= 0 && !file.text.slice(lineStart, lineStart + lineEnd).includes("\t");
  const start = isExact ? Math.min(lineStart + column, file.text.length) : lineStart;
  const end = isExact ? Math.min(start + found.trim().length, file.text.length) : lineStart + lineEnd;
  const sentence = `${message.replace(/\.$/, "")}.`;
  return toSyntaxError(file, { code: "SYNTAX", message: sentence, start, end });
}
