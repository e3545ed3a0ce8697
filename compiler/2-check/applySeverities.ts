import type { Config } from "../config.ts";
import type { Diagnostic } from "../diagnostic.ts";

/** The severities a project has chosen; what it has turned off is gone. */
export function applySeverities(
  findings: readonly Diagnostic[],
  { severity }: Config,
): readonly Diagnostic[] {
  if (severity.size === 0) return findings;
  return findings.flatMap((finding) => {
    const chosen = severity.get(finding.code) ?? finding.severity;
    return chosen === "off" ? [] : [{ ...finding, severity: chosen }];
  });
}
