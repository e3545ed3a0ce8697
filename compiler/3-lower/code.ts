/** Building code out of pieces. */
import type { Code, Piece, Variable } from "../ir.ts";

export function text(value: string, at?: number): Piece {
  return at === undefined ? { kind: "text", text: value } : { kind: "text", text: value, at };
}

/** Fills code into a template: code`${target} = ${value};` */
export function code(strings: TemplateStringsArray, ...parts: readonly (string | Piece | Code)[]): Code {
  const pieces: Piece[] = [];
  strings.forEach((string, index) => {
    if (string !== "") pieces.push(text(string));
    const part = parts[index];
    if (part === undefined) return;
    if (typeof part === "string") pieces.push(text(part));
    else if ("kind" in part) pieces.push(part);
    else pieces.push(...part);
  });
  return pieces;
}

export function joinCode(parts: readonly Code[], separator: string): Code {
  return parts.flatMap((part, index) => (index === 0 ? part : [text(separator), ...part]));
}

export function read(variable: Variable, at: number): Piece {
  return { kind: "read", variable, at };
}

/** The box itself, or the value of a variable that has none: what a closure captures. */
export function readWhole(variable: Variable, at: number): Piece {
  return { kind: "read", variable, at, whole: true };
}

export function writeWhole(variable: Variable, at: number): Piece {
  return { kind: "write", variable, at, sure: false, whole: true };
}
