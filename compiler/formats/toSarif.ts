/** Findings as SARIF 2.1.0 (OASIS), which code hosts and security dashboards read. */
import { pathToFileURL } from "node:url";
import type { Diagnostic, DiagnosticNote } from "../diagnostic.ts";
import { CATALOGUE } from "../diagnostics/catalogue.ts";
import { locate, type Formatting } from "./locate.ts";

/** `version`: of durablec. The answer is the document as a value, to be written as JSON. */
export function toSarif(
  findings: readonly Diagnostic[],
  formatting: Formatting & { readonly version: string },
): object {
  const rules = toRules(findings);
  const results = findings.map((finding) => ({
    ruleId: finding.code,
    ruleIndex: rules.findIndex(({ id }) => id === finding.code),
    level: LEVELS[finding.severity],
    message: { text: finding.advice === "" ? finding.message : `${finding.message} ${finding.advice}` },
    locations: [toLocation(finding, formatting)],
    ...(finding.notes.length > 0
      ? { relatedLocations: finding.notes.map((note, id) => toRelated(note, id, formatting)) }
      : {}),
  }));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "durablec", semanticVersion: formatting.version, rules } },
        originalUriBaseIds: { SRCROOT: { uri: `${pathToFileURL(formatting.cwd).href.replace(/\/$/, "")}/` } },
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  };
}

const LEVELS: Readonly<Record<Diagnostic["severity"], string>> = {
  error: "error",
  warning: "warning",
  advice: "note",
};

interface Rule {
  readonly id: string;
  readonly name?: string;
  readonly shortDescription?: { readonly text: string };
  readonly defaultConfiguration?: { readonly level: string };
}

/** The rules that the findings name, each once. */
function toRules(findings: readonly Diagnostic[]): readonly Rule[] {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  return codes.map((code) => {
    if (!(code in CATALOGUE)) return { id: code };
    const { slug, severity, message } = CATALOGUE[code as keyof typeof CATALOGUE];
    return {
      id: code,
      name: slug,
      shortDescription: { text: message },
      defaultConfiguration: { level: LEVELS[severity] ?? "error" },
    };
  });
}

function toLocation(at: Diagnostic | DiagnosticNote, formatting: Formatting): object {
  const { path, line, column, endLine, endColumn } = locate(at, formatting);
  return {
    physicalLocation: {
      artifactLocation: { uri: path.split("/").map(encodeURIComponent).join("/"), uriBaseId: "SRCROOT" },
      region: { startLine: line, startColumn: column, endLine, endColumn },
    },
  };
}

function toRelated(note: DiagnosticNote, id: number, formatting: Formatting): object {
  return { id, message: { text: note.message }, ...toLocation(note, formatting) };
}
