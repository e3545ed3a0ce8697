/**
 * The hash of a machine: the first 16 hex digits of SHA-256 over its emitted code, closures and nested machines
 * included, without types, comments, layout and positions. Two builds with one hash continue each other's frames.
 */
import { createHash } from "node:crypto";
import type { ts } from "ts-morph";
import type { Machine } from "../ir.ts";
import type { ConstantUse } from "../program.ts";
import { emitMachine } from "./emitMachine.ts";
import type { EmitContext } from "./emitRun.ts";
import { printText } from "./printText.ts";
import { toBareText, type StripSource } from "./stripTypes.ts";

export interface HashSource extends StripSource {
  readonly file: ts.SourceFile;
  readonly constants: readonly ConstantUse[];
}

export function hashMachine(context: EmitContext, machine: Machine, source: HashSource): string {
  // Positions stand in the checkpoint table and in comments: everywhere the same here, or gone.
  const still: EmitContext = { ...context, declare: "const", positionOf: () => ({ line: 0, column: 0 }) };
  const { text: placeholders } = printText(emitMachine(still, machine), { ...source, name: "" });
  const text = placeholders.replaceAll(/hash: "##[0-9a-f]{14}"/g, 'hash: "################"');
  return createHash("sha256").update(toBareText(text, source)).digest("hex").slice(0, 16);
}
