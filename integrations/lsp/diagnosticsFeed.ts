/**
 * Sends the findings of every open file, some time after the last key was pressed. All open files are asked after each
 * edit, because a change in one may make another wrong; the checker answers for those that it cannot concern from memory.
 */
import {
  DiagnosticSeverity,
  type Connection,
  type Diagnostic as LspDiagnostic,
  type Range,
  type TextDocuments,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { toPath, toUri } from "../live/paths.ts";
import { toWording } from "../live/wording.ts";
import type { Workspace } from "../live/workspace.ts";
import { toPageUri } from "./pages.ts";

/** Long enough for the next key of a word, too short to be waited for. */
const quietMs = 120;

export interface FeedOptions {
  readonly connection: Connection;
  readonly documents: TextDocuments<TextDocument>;
  readonly workspace: Workspace;
}

export interface DiagnosticsFeed {
  /** Something was edited, here or on the disk. */
  changed(): void;
  closed(uri: string): void;
}

export function createDiagnosticsFeed({ connection, documents, workspace }: FeedOptions): DiagnosticsFeed {
  const pending: { timer: NodeJS.Timeout | undefined } = { timer: undefined };
  const send = (document: TextDocument): void => {
    const path = toPath(document.uri);
    if (path === null) return;
    const diagnostics = findSafely(path, { connection, workspace }).map((finding) =>
      toLspDiagnostic(finding, workspace),
    );
    void connection.sendDiagnostics({ uri: document.uri, version: document.version, diagnostics });
  };
  return {
    changed() {
      clearTimeout(pending.timer);
      pending.timer = setTimeout(() => documents.all().forEach(send), quietMs);
    },
    closed: (uri) => void connection.sendDiagnostics({ uri, diagnostics: [] }),
  };
}

/** Half-written code may break what we rely on. That must not end the server, nor be kept quiet. */
function findSafely(
  path: string,
  { connection, workspace }: Pick<FeedOptions, "connection" | "workspace">,
): readonly Diagnostic[] {
  try {
    return workspace.findings(path);
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    connection.console.error(`durablec could not check ${path}. This is a bug in durablec.\n${stack}`);
    return [];
  }
}

const SEVERITIES: Readonly<Record<Diagnostic["severity"], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  advice: DiagnosticSeverity.Information,
};

export function toLspDiagnostic(finding: Diagnostic, workspace: Workspace): LspDiagnostic {
  const page = toPageUri(finding.code);
  return {
    range: toRange(finding, workspace),
    severity: SEVERITIES[finding.severity],
    code: finding.code,
    ...(page === null ? {} : { codeDescription: { href: page } }),
    source: "durablec",
    message: toWording(finding),
    relatedInformation: finding.notes.map((note) => ({
      location: { uri: toUri(note.file), range: toRange(note, workspace) },
      message: note.message,
    })),
  };
}

interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export function toRange({ file, start, end }: Span, workspace: Workspace): Range {
  const text = TextDocument.create(file, "typescript", 0, workspace.textOf(file) ?? "");
  return { start: text.positionAt(start), end: text.positionAt(end) };
}
