import type { ts } from "ts-morph";
import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";
import { CATALOGUE } from "./catalogue.ts";

export type DiagnosticCode = keyof typeof CATALOGUE;

/** A place in a file: a node, or a span where there is none. */
export type Place = ts.Node | { readonly file: ts.SourceFile; readonly start: number; readonly end: number };

/** The words for a page's placeholders; the type knows which ones a code has. */
export type Words<Code extends DiagnosticCode> = Readonly<
  Record<Placeholder<(typeof CATALOGUE)[Code]["message"] | (typeof CATALOGUE)[Code]["advice"]>, string>
>;

/**
 * Makes one finding: `report("DC110", node, { construct: "a generator", way: "return an array" })`. Findings are
 * values: the caller collects them. `notes` are related places: a call chain, a checkpoint.
 */
export function report<Code extends DiagnosticCode>(
  code: Code,
  at: Place,
  words: Words<Code> & { readonly notes?: readonly DiagnosticNote[] },
): Diagnostic {
  const { severity, message, advice } = CATALOGUE[code];
  const fill = (template: string): string => fillPlaceholders(template, words);
  return {
    code,
    severity,
    message: fill(message),
    advice: fill(advice),
    notes: words.notes ?? [],
    ...toSpan(at),
  };
}

/** A related place of a finding. */
export function note(message: string, at: Place): DiagnosticNote {
  return { message, ...toSpan(at) };
}

function toSpan(at: Place): { readonly file: string; readonly start: number; readonly end: number } {
  if ("file" in at) return { file: at.file.fileName, start: at.start, end: at.end };
  const file = at.getSourceFile();
  return { file: file.fileName, start: at.getStart(file), end: at.getEnd() };
}

function fillPlaceholders(template: string, words: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const word = words[name];
    return typeof word === "string" ? word : whole;
  });
}

type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;
