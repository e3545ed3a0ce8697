/** The number of each checkpoint, in front of its `await`. */
import { MarkupKind, type InlayHint, type Range } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { toCheckpoints } from "../live/checkpoints.ts";
import { toPath } from "../live/paths.ts";
import type { Workspace } from "../live/workspace.ts";
import { toMarkdown } from "./hover.ts";

export function toInlayHints(workspace: Workspace, document: TextDocument, range: Range): InlayHint[] {
  const path = toPath(document.uri);
  const lowered = path === null ? null : workspace.lowered(path);
  if (lowered === null) return [];
  const [from, to] = [document.offsetAt(range.start), document.offsetAt(range.end)];
  return toCheckpoints(lowered)
    .filter(({ start }) => from <= start && start <= to)
    .map((checkpoint) => ({
      position: document.positionAt(checkpoint.start),
      label: String(checkpoint.number),
      paddingRight: true,
      tooltip: { kind: MarkupKind.Markdown, value: toMarkdown(checkpoint) },
    }));
}
