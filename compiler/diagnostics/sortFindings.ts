import type { Diagnostic } from "../diagnostic.ts";

/**
 * By file and place. Two passes may meet the same mistake (reading and lowering both see a captured local): of one code
 * at one place, the first one said stays.
 */
export function sortFindings(findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const known = new Set<string>();
  const once = findings.filter(({ code, file, start }) => {
    const key = `${code} ${start} ${file}`;
    return !known.has(key) && known.add(key);
  });
  return [...once].sort(
    (a, b) => compare(a.file, b.file) || a.start - b.start || a.end - b.end || compare(a.code, b.code),
  );
}

/** By code units: the same order on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
