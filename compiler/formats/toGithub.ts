/** Findings as GitHub workflow commands: printed in a job, they show as annotations at the lines of a pull request. */
import type { Diagnostic } from "../diagnostic.ts";
import { locate, slugOf, type Formatting } from "./locate.ts";

export function toGithub(findings: readonly Diagnostic[], formatting: Formatting): string {
  return findings.map((finding) => toCommand(finding, formatting)).join("\n");
}

const COMMANDS: Readonly<Record<Diagnostic["severity"], string>> = {
  error: "error",
  warning: "warning",
  advice: "notice",
};

function toCommand(finding: Diagnostic, formatting: Formatting): string {
  const { path, line, column, endLine, endColumn } = locate(finding, formatting);
  const slug = slugOf(finding.code);
  const properties = [
    ["file", path],
    ["line", String(line)],
    ["endLine", String(endLine)],
    // GitHub shows columns only where a place is on one line; its last column is the last one marked.
    ...(endLine === line
      ? [
          ["col", String(column)],
          ["endColumn", String(Math.max(column, endColumn - 1))],
        ]
      : []),
    ["title", slug === null ? finding.code : `${finding.code} ${slug}`],
  ];
  const list = properties.map(([name = "", value = ""]) => `${name}=${escapeProperty(value)}`).join(",");
  const notes = finding.notes.map((note) => {
    const at = locate(note, formatting);
    return `${at.path}:${at.line}: ${note.message}`;
  });
  const message = [finding.message, ...notes, finding.advice].filter((text) => text !== "").join("\n");
  return `::${COMMANDS[finding.severity]} ${list}::${escapeMessage(message)}`;
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
