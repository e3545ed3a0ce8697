import { ts } from "ts-morph";
import { findMeantDirective } from "../../1-read/directiveSpelling.ts";
import { skipWrappers } from "../../1-read/wrappers.ts";
import type { DiagnosticFix } from "../../diagnostic.ts";
import type { Resolver } from "../../1-read/resolver.ts";
import { isAsync } from "../durableCode.ts";

/** `"use durables"` becomes `"use durable"`, in the quotes it has. */
export function correctDirective(node: ts.Node): DiagnosticFix | null {
  if (!ts.isStringLiteral(node)) return null;
  const written = node.getText();
  const meant = findMeantDirective(written.slice(1, -1));
  if (meant === null) return null;
  const quote = written.charAt(0);
  const edit = {
    file: node.getSourceFile().fileName,
    start: node.getStart(),
    end: node.end,
    text: `${quote}${meant}${quote}`,
  };
  return { title: `Write "${meant}"`, edits: [edit], safe: true };
}

/**
 * Marks the function that a call means. Not safe to apply unseen: it is a durable function of its own from then on, and
 * what is stored about running executions knows nothing of it.
 */
export function addDirective(resolver: Resolver, node: ts.Node): DiagnosticFix | null {
  const fn = ts.isExpression(node) ? resolver.functionOf(skipWrappers(node)) : null;
  if (fn === null || !isAsync(fn) || fn.asteriskToken !== undefined) return null;
  if (ts.isMethodDeclaration(fn) || fn.body === undefined || !ts.isBlock(fn.body)) return null;
  const file = fn.getSourceFile();
  const [first] = fn.body.statements;
  const at = fn.body.getStart(file) + 1;
  const start = first?.getStart(file) ?? at;
  const line = file.getLineAndCharacterOfPosition(start);
  const isOwnLine = first !== undefined && file.getLineAndCharacterOfPosition(at).line < line.line;
  const indent = isOwnLine ? `\n${file.text.slice(start - line.character, start)}` : " ";
  return {
    title: `Mark '${fn.name?.getText() ?? node.getText()}' "use durable"`,
    edits: [{ file: file.fileName, start: at, end: at, text: `${indent}"use durable";` }],
    safe: false,
  };
}
