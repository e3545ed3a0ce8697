/** The fixes of findings, as quick fixes at their place and as one action for all that are safe. */
import {
  CodeActionKind,
  type CodeAction,
  type CodeActionParams,
  type TextDocuments,
  type TextEdit,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Diagnostic, DiagnosticEdit } from "../../compiler/diagnostic.ts";
import { chooseEdits } from "../../compiler/diagnostics/applyFixes.ts";
import { toPath, toUri } from "../live/paths.ts";
import type { Workspace } from "../live/workspace.ts";
import { toLspDiagnostic, toRange } from "./diagnosticsFeed.ts";

export interface Asked {
  readonly workspace: Workspace;
  readonly document: TextDocument;
  readonly documents: TextDocuments<TextDocument>;
}

const FIX_ALL = `${CodeActionKind.SourceFixAll}.durablec`;

export function toCodeActions(asked: Asked, { range, context }: CodeActionParams): CodeAction[] {
  const path = toPath(asked.document.uri);
  if (path === null) return [];
  const wanted = (kind: string): boolean =>
    context.only === undefined || context.only.some((one) => kind === one || kind.startsWith(`${one}.`));
  const findings = asked.workspace.findings(path);
  const [from, to] = [asked.document.offsetAt(range.start), asked.document.offsetAt(range.end)];
  const here = findings.filter(({ start, end }) => start <= to && from <= end);
  return [
    ...(wanted(CodeActionKind.QuickFix) ? here.flatMap((finding) => toQuickFixes(asked, finding)) : []),
    // Offered by name only: a list of quick fixes is no place for what changes the whole file.
    ...(context.only !== undefined && wanted(FIX_ALL) ? toFixAll(asked, findings) : []),
  ];
}

function toQuickFixes(asked: Asked, finding: Diagnostic): CodeAction[] {
  return (finding.fixes ?? []).map((fix, index) => ({
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [toLspDiagnostic(finding, asked.workspace)],
    isPreferred: fix.safe && index === 0,
    edit: { changes: toChanges(asked, fix.edits) },
  }));
}

function toFixAll(asked: Asked, findings: readonly Diagnostic[]): CodeAction[] {
  const { edits } = chooseEdits(findings.flatMap(({ fixes }) => fixes?.find(({ safe }) => safe) ?? []));
  if (edits.length === 0) return [];
  return [
    {
      title: "Fix all that durablec can fix safely",
      kind: FIX_ALL,
      edit: { changes: toChanges(asked, edits) },
    },
  ];
}

function toChanges(
  { workspace }: Asked,
  edits: readonly DiagnosticEdit[],
): NonNullable<NonNullable<CodeAction["edit"]>["changes"]> {
  const changes: Record<string, TextEdit[]> = {};
  for (const edit of edits) {
    const list = (changes[toUri(edit.file)] ??= []);
    list.push({ range: toRange(edit, workspace), newText: edit.text });
  }
  return changes;
}
