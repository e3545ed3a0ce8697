/** What a pointer on an `await` of durable code is told: its checkpoint, the operation, and what is stored there. */
import { MarkupKind, type Hover, type Position } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { toCheckpoints, type PlacedCheckpoint } from "../live/checkpoints.ts";
import { toPath } from "../live/paths.ts";
import type { Workspace } from "../live/workspace.ts";

export function toHover(workspace: Workspace, document: TextDocument, position: Position): Hover | null {
  const found = findCheckpoint(workspace, document, document.offsetAt(position));
  if (found === null) return null;
  const range = { start: document.positionAt(found.start), end: document.positionAt(found.headEnd) };
  return { range, contents: { kind: MarkupKind.Markdown, value: toMarkdown(found) } };
}

function findCheckpoint(
  workspace: Workspace,
  document: TextDocument,
  offset: number,
): PlacedCheckpoint | null {
  const path = toPath(document.uri);
  const lowered = path === null ? null : workspace.lowered(path);
  if (lowered === null) return null;
  const around = toCheckpoints(lowered).filter(({ start, headEnd }) => start <= offset && offset <= headEnd);
  // `await Promise.all([reserve(a)])`: the innermost one is meant.
  return around.reduce<PlacedCheckpoint | null>(
    (inner, one) => (inner === null || one.start > inner.start ? one : inner),
    null,
  );
}

export function toMarkdown({ number, operation, awaited, live }: PlacedCheckpoint): string {
  const head = `**Checkpoint ${number}** · ${operation}`;
  if (!awaited) return `${head}, started here and awaited elsewhere`;
  if (live.length === 0) return `${head}\n\nNothing is stored with it: no variable is read after it.`;
  const lines = live.map(({ name, type }) => (type === null ? name : `${name}: ${type}`));
  return `${head}\n\nStored with it:\n\`\`\`ts\n${lines.join("\n")}\n\`\`\``;
}
