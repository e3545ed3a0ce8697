import { readFileSync } from "node:fs";
import type { Analysis } from "../../compiler/build.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import type { Formatting } from "../../compiler/formats/locate.ts";
import { toGithub } from "../../compiler/formats/toGithub.ts";
import { toJsonFindings, type JsonFinding } from "../../compiler/formats/toJson.ts";
import { toPretty, toSummary } from "../../compiler/formats/toPretty.ts";
import { toSarif } from "../../compiler/formats/toSarif.ts";
import { formatTypeErrors, toFindings } from "../../compiler/formats/typeErrors.ts";
import type { Io } from "../io.ts";
import { version } from "../version.ts";
import { toJson } from "./value.ts";

type Found = Pick<Analysis, "tsconfig" | "program" | "typeErrors" | "findings">;

export const findingFormats = ["pretty", "json", "sarif", "github"] as const;
export type FindingFormat = (typeof findingFormats)[number];

/** What a project's analysis found, as text; empty for people when there is nothing. */
export function formatFindings(found: Found, format: FindingFormat, io: Pick<Io, "cwd" | "colors">): string {
  const formatting = { ...toFormatting(found, io), colors: io.colors };
  switch (format) {
    case "pretty":
      return formatPretty(found, formatting);
    case "json":
      return toJson(listFindings(found, io));
    case "sarif":
      return toJson(toSarif(allFindings(found), { ...formatting, version: version() }));
    case "github":
      return toGithub(allFindings(found), formatting);
  }
}

/** The same as values. */
export function listFindings(found: Found, io: Pick<Io, "cwd">): readonly JsonFinding[] {
  return toJsonFindings(allFindings(found), toFormatting(found, io));
}

/** TypeScript's errors are shown as `tsc` shows them, so that what reads its output reads ours. */
function formatPretty(
  { typeErrors, findings }: Found,
  formatting: Formatting & { readonly colors: boolean },
): string {
  const parts = [
    typeErrors.length === 0 ? "" : formatTypeErrors(typeErrors, formatting),
    toPretty(findings, formatting),
    toSummary(findings),
  ];
  return parts
    .filter((part) => part !== "")
    .join("\n")
    .trimEnd();
}

function allFindings({ typeErrors, tsconfig, findings }: Found): readonly Diagnostic[] {
  return [...toFindings(typeErrors, tsconfig), ...findings];
}

function toFormatting({ program }: Found, { cwd }: Pick<Io, "cwd">): Formatting {
  return { cwd, readText: (file) => program.getSourceFile(file)?.text ?? readOther(file) };
}

/** A tsconfig is no source file, and may be what is wrong. */
function readOther(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
