/**
 * Prints code as text, and notes where each part of the author's text went: a mapping at the start of every node, so
 * that positions survive whatever is done to the line around it.
 */
import { addSegment, GenMapping, setSourceContent, toEncodedMap } from "@jridgewell/gen-mapping";
import { ts } from "ts-morph";
import type { Code, Piece } from "../ir.ts";
import type { ConstantUse } from "../program.ts";

export interface PrintedText {
  readonly text: string;
  /** Source map, version 3, as JSON. */
  readonly map: string;
}

export interface PrintSource {
  readonly file: ts.SourceFile;
  /** The file's name in the map. */
  readonly name: string;
  readonly constants: readonly ConstantUse[];
}

export function printText(code: Code, { file, name: sourceName, constants: uses }: PrintSource): PrintedText {
  const constants = new Map(uses.map((use) => [use.start, use] as const));
  const map = new GenMapping({ file: sourceName });
  setSourceContent(map, sourceName, file.text);
  const starts = toNodeStarts(file);
  let text = "";
  let line = 0;
  let column = 0;
  const mark = (at: number): void => {
    const { line: sourceLine, character } = file.getLineAndCharacterOfPosition(at);
    addSegment(map, line, column, sourceName, sourceLine, character);
  };
  const add = (part: string): void => {
    text += part;
    const last = part.lastIndexOf("\n");
    line += part.split("\n").length - 1;
    column = last < 0 ? column + part.length : part.length - last - 1;
  };
  for (const piece of code) {
    if (piece.kind === "source") {
      let from = piece.start;
      for (const start of startsBetween(starts, piece)) {
        // Inside a constant that stands there already.
        if (start < from) continue;
        add(file.text.slice(from, start));
        mark(start);
        const constant = constants.get(start);
        if (constant !== undefined && constant.end <= piece.end) add(constant.text);
        from = constant !== undefined && constant.end <= piece.end ? constant.end : start;
      }
      add(file.text.slice(from, piece.end));
    } else {
      const at = positionOf(piece);
      if (at >= 0) mark(at);
      add(toText(piece));
    }
  }
  return { text, map: JSON.stringify(toEncodedMap(map)) };
}

function toText(piece: Exclude<Piece, { kind: "source" }>): string {
  switch (piece.kind) {
    case "text":
      return piece.text;
    case "read":
      return piece.variable.boxed && piece.whole !== true ? `${piece.variable.name}.v` : piece.variable.name;
    case "write":
      if (piece.silent === true) return "";
      return piece.variable.boxed && piece.whole !== true ? `${piece.variable.name}.v` : piece.variable.name;
    case "jump":
      throw new Error("durablec has a bug: a jump is printed before its block has a number.");
  }
}

function positionOf(piece: Exclude<Piece, { kind: "source" }>): number {
  if (piece.kind === "text") return piece.at ?? -1;
  return piece.kind === "jump" ? -1 : piece.at;
}

function toNodeStarts(file: ts.SourceFile): readonly number[] {
  const starts = new Set<number>();
  const visit = (node: ts.Node): void => {
    starts.add(node.getStart(file));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return [...starts].sort((a, b) => a - b);
}

function startsBetween(
  starts: readonly number[],
  { start, end }: { readonly start: number; readonly end: number },
): readonly number[] {
  let low = 0;
  for (let high = starts.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  let after = low;
  while (after < starts.length && (starts[after] ?? end) < end) after++;
  return starts.slice(low, after);
}
