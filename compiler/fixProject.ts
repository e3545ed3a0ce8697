/**
 * `lint --fix`: applies what is safe, looks again, and goes on until nothing is left that can be fixed. A round applies
 * fixes that do not touch each other; what they uncover, and what stood in their way, is the next round's.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { ts } from "ts-morph";
import { analyse, type Analysis, type BuildRequest } from "./build.ts";
import { applyFixes } from "./diagnostics/applyFixes.ts";

export interface FixResult {
  /** What is left. */
  readonly analysis: Analysis;
  /** How many fixes were applied. */
  readonly count: number;
  /** Absolute paths of the files that were written. */
  readonly files: readonly string[];
}

/** Two fixes that undo each other would go on for ever. */
const ROUNDS_MAX = 10;

export function fixProject(request: BuildRequest): FixResult {
  const files = new Set<string>();
  let analysis = analyse(request);
  let count = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const applied = applyRound(analysis);
    if (applied.count === 0) break;
    count += applied.count;
    for (const [file, text] of applied.texts) {
      write(file, text);
      files.add(file);
    }
    analysis = analyse({ ...request, previous: analysis });
  }
  return { analysis, count, files: [...files].sort() };
}

function applyRound({ findings, program }: Analysis): ReturnType<typeof applyFixes> {
  const fixes = findings.flatMap((finding) => finding.fixes?.find(({ safe }) => safe) ?? []);
  const applied = applyFixes(fixes, (file) => program.getSourceFile(file)?.text);
  // Nothing is written unless all of it still parses: a broken file is worse than a finding.
  const broken = [...applied.texts].some(([file, text]) => !isSound(file, text));
  return broken ? { texts: new Map(), count: 0 } : applied;
}

function isSound(file: string, text: string): boolean {
  const { diagnostics } = ts.transpileModule(text, { fileName: file, reportDiagnostics: true });
  return diagnostics?.length === 0;
}

/** A program's text has no byte order mark; a file that had one keeps it. */
function write(file: string, text: string): void {
  const mark = readFileSync(file, "utf8").startsWith("\uFEFF") ? "\uFEFF" : "";
  writeFileSync(file, mark + text);
}
