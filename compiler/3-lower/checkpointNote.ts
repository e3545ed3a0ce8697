import type { DiagnosticNote } from "../diagnostic.ts";
import { note } from "../diagnostics/report.ts";
import type { Checkpoint } from "../ir.ts";

/** `'seen' is needed after checkpoint 2 (step "look"), line 7.` */
export function toCheckpointNote(
  name: string,
  { number, name: label, kind, node }: Checkpoint,
): DiagnosticNote {
  const line = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const what = label === null ? kind : `${kind} "${label}"`;
  return note(`'${name}' is needed after checkpoint ${number} (${what}), line ${line}.`, node);
}
