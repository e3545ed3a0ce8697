import type { Analysis } from "../../compiler/build.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import type { Formatting } from "../../compiler/formats/locate.ts";
import { toJsonFindings, type JsonFinding } from "../../compiler/formats/toJson.ts";
import { formatTypeErrors, toFindings } from "../../compiler/formats/typeErrors.ts";
import type { Io } from "../io.ts";
import { formatDiagnostics, joinParts, readFromDisk, type FindingFormat } from "./diagnostics.ts";

type Found = Pick<Analysis, "tsconfig" | "program" | "typeErrors" | "findings">;

/** What a project's analysis found, as text; empty for people when there is nothing. */
export function formatFindings(found: Found, format: FindingFormat, io: Pick<Io, "cwd" | "colors">): string {
  const formatting = { ...toFormatting(found, io), colors: io.colors };
  if (format !== "pretty") return formatDiagnostics(allFindings(found), format, formatting);
  // TypeScript's errors are shown as `tsc` shows them, so that what reads its output reads ours.
  const { typeErrors, findings } = found;
  const ofTypes = typeErrors.length === 0 ? "" : formatTypeErrors(typeErrors, formatting);
  return joinParts([ofTypes, formatDiagnostics(findings, format, formatting)]);
}

/** The same as values. */
export function listFindings(found: Found, io: Pick<Io, "cwd">): readonly JsonFinding[] {
  return toJsonFindings(allFindings(found), toFormatting(found, io));
}

function allFindings({ typeErrors, tsconfig, findings }: Found): readonly Diagnostic[] {
  return [...toFindings(typeErrors, tsconfig), ...findings];
}

/** A tsconfig is no source file, and may be what is wrong. */
function toFormatting({ program }: Found, { cwd }: Pick<Io, "cwd">): Formatting {
  return { cwd, readText: (file) => program.getSourceFile(file)?.text ?? readFromDisk(file) };
}
