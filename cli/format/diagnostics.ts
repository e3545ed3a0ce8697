/** Findings as text, in every format. Nothing here needs TypeScript: a cached answer is to be quick. */
import { readFileSync } from "node:fs";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import type { Formatting } from "../../compiler/formats/locate.ts";
import { toGithub } from "../../compiler/formats/toGithub.ts";
import { toJsonFindings } from "../../compiler/formats/toJson.ts";
import { toPretty, toSummary } from "../../compiler/formats/toPretty.ts";
import { toSarif } from "../../compiler/formats/toSarif.ts";
import { version } from "../../compiler/version.ts";
import { toJson } from "./value.ts";

export const findingFormats = ["pretty", "json", "sarif", "github"] as const;
export type FindingFormat = (typeof findingFormats)[number];

/** Empty for people when there is nothing. */
export function formatDiagnostics(
  findings: readonly Diagnostic[],
  format: FindingFormat,
  formatting: Formatting & { readonly colors: boolean },
): string {
  switch (format) {
    case "pretty":
      return joinParts([toPretty(findings, formatting), toSummary(findings)]);
    case "json":
      return toJson(toJsonFindings(findings, formatting));
    case "sarif":
      return toJson(toSarif(findings, { ...formatting, version: version() }));
    case "github":
      return toGithub(findings, formatting);
  }
}

export function joinParts(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== "")
    .join("\n")
    .trimEnd();
}

/** A text from the disk; undefined for a file that is gone. */
export function readFromDisk(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
