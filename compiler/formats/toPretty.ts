/**
 * Findings for people, in the shape of TypeScript's own:
 *
 *     src/fulfil.ts:12:14 - error DC201: 'Date.now' reads the clock outside a step.
 *
 *     12   const at = Date.now();
 *                     ~~~~~~~~
 *
 *       Use now() of @durablec/runtime, ...
 */
import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";
import { lineOf, locate, type Formatting } from "./locate.ts";

export interface PrettyFormatting extends Formatting {
  readonly colors: boolean;
}

export function toPretty(findings: readonly Diagnostic[], formatting: PrettyFormatting): string {
  return findings.map((finding) => toBlock(finding, formatting)).join("\n");
}

/** `Found 2 errors and 1 warning.`, or an empty text when there is nothing. */
export function toSummary(findings: readonly Diagnostic[]): string {
  const counts = (["error", "warning", "advice"] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    const noun = severity === "advice" ? "piece of advice" : severity;
    const plural = severity === "advice" ? "pieces of advice" : `${severity}s`;
    return count === 0 ? [] : [`${count} ${count === 1 ? noun : plural}`];
  });
  return counts.length === 0 ? "" : `Found ${counts.join(" and ")}.`;
}

function toBlock(finding: Diagnostic, formatting: PrettyFormatting): string {
  const paint = toPaint(formatting.colors);
  const tone = TONES[finding.severity];
  const head = `${toPlace(finding, formatting)} - ${paint(tone, finding.severity)} ${paint("gray", `${finding.code}:`)} ${finding.message}`;
  const notes = finding.notes.map((note) => toNote(note, formatting));
  return [
    `${head}\n`,
    toFrame(finding, { formatting, tone, indent: "" }),
    ...notes,
    `\n  ${finding.advice}\n`,
  ].join("\n");
}

function toNote(note: DiagnosticNote, formatting: PrettyFormatting): string {
  return `\n  ${toPlace(note, formatting)}\n${toFrame(note, { formatting, tone: "cyan", indent: "    " })}\n    ${note.message}`;
}

function toPlace(at: Diagnostic | DiagnosticNote, formatting: PrettyFormatting): string {
  const paint = toPaint(formatting.colors);
  const { path, line, column } = locate(at, formatting);
  return `${paint("cyan", path)}:${paint("yellow", String(line))}:${paint("yellow", String(column))}`;
}

interface Frame {
  readonly formatting: PrettyFormatting;
  readonly tone: Tone;
  readonly indent: string;
}

/** The first line of the place, marked. More lines would hide what is to be seen. */
function toFrame(at: Diagnostic | DiagnosticNote, { formatting, tone, indent }: Frame): string {
  const paint = toPaint(formatting.colors);
  const { line, column, endLine, endColumn } = locate(at, formatting);
  // A tab is one unit wide in positions, and many in a terminal: the mark would stand elsewhere.
  const text = lineOf(formatting.readText(at.file) ?? "", line).replaceAll("\t", " ");
  const end = endLine === line ? endColumn : text.length + 1;
  const gutter = String(line);
  const mark = " ".repeat(column - 1) + paint(tone, "~".repeat(Math.max(1, end - column)));
  return `${indent}${paint("inverse", gutter)} ${text}\n${indent}${paint("inverse", " ".repeat(gutter.length))} ${mark}`;
}

type Tone = keyof typeof CODES;

const CODES = { red: 91, yellow: 93, blue: 94, cyan: 96, gray: 90, inverse: 7 } as const;
const TONES: Readonly<Record<Diagnostic["severity"], Tone>> = {
  error: "red",
  warning: "yellow",
  advice: "blue",
};

function toPaint(colors: boolean): (tone: Tone, text: string) => string {
  return (tone, text) => (colors ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text);
}
