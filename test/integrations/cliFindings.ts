/** What the command line says of the `refuse` fixtures: the measure of every other face. */
import { join } from "node:path";
import type { JsonFinding } from "../../compiler/formats/toJson.ts";
import { runIn } from "../cli/fakeIo.ts";

export const REFUSE = join(import.meta.dirname, "../../fixtures/refuse");

/** A finding as all faces can give it. Lines and columns from 1. */
export interface FaceFinding {
  readonly code: string;
  /** Sentence and advice. */
  readonly words: string;
  /** Relative to `REFUSE`. */
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

export async function readCliFindings(): Promise<readonly FaceFinding[]> {
  const { out } = await runIn({ cwd: REFUSE }, "lint", "--json", "--no-cache");
  const findings = JSON.parse(out) as readonly JsonFinding[];
  return findings.map(({ code, message, advice, path, line, column, endLine, endColumn }) => ({
    code,
    words: advice === "" ? message : `${message} ${advice}`,
    path,
    from: `${line}:${column}`,
    to: `${endLine}:${endColumn}`,
  }));
}

/** By file and place, as the command line sorts. */
export function sortFaceFindings(findings: readonly FaceFinding[]): readonly FaceFinding[] {
  const place = ({ from }: FaceFinding): number => {
    const [line = 0, column = 0] = from.split(":").map(Number);
    return line * 10_000 + column;
  };
  return findings.toSorted(
    (a, b) =>
      compare(a.path, b.path) || place(a) - place(b) || compare(a.to, b.to) || compare(a.code, b.code),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
