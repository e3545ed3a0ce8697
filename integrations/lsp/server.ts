/**
 * `durablec lsp`: a language server that says what `durablec lint` says, as one types. It speaks the Language Server
 * Protocol over the connection it is given; editors start it with `--stdio`.
 *
 * It works beside TypeScript's own server and repeats nothing of it.
 */
import {
  CodeActionKind,
  DidChangeWatchedFilesNotification,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { version } from "../../compiler/version.ts";
import { toPath } from "../live/paths.ts";
import { createWorkspace } from "../live/workspace.ts";
import { toCodeActions } from "./codeActions.ts";
import { createDiagnosticsFeed } from "./diagnosticsFeed.ts";
import { toHover } from "./hover.ts";
import { toInlayHints } from "./inlayHints.ts";

/** Serves until the connection ends. */
export function serve(connection: Connection): void {
  const workspace = createWorkspace();
  const documents = new TextDocuments(TextDocument);
  const feed = createDiagnosticsFeed({ connection, documents, workspace });
  const client = { watches: false };

  connection.onInitialize((params) => {
    client.watches = params.capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    return toCapabilities(params);
  });
  connection.onInitialized(() => {
    if (client.watches)
      void connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: "**/*.{ts,tsx,mts,cts,json}" }],
      });
  });
  const diskChanged = (): void => {
    workspace.refresh();
    feed.changed();
  };
  connection.onDidChangeWatchedFiles(diskChanged);
  documents.onDidChangeContent(({ document }) => {
    const path = toPath(document.uri);
    if (path !== null) workspace.setText(path, document.getText());
    feed.changed();
  });
  documents.onDidSave(() => {
    if (!client.watches) diskChanged();
  });
  documents.onDidClose(({ document }) => {
    const path = toPath(document.uri);
    if (path !== null) workspace.setText(path, undefined);
    feed.closed(document.uri);
  });

  connection.onHover(({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    return document === undefined ? null : toHover(workspace, document, position);
  });
  connection.onCodeAction((params) => {
    const document = documents.get(params.textDocument.uri);
    return document === undefined ? [] : toCodeActions({ workspace, document, documents }, params);
  });
  connection.languages.inlayHint.on(({ textDocument, range }) => {
    const document = documents.get(textDocument.uri);
    return document === undefined ? [] : toInlayHints(workspace, document, range);
  });
  documents.listen(connection);
  connection.listen();
}

function toCapabilities(_params: InitializeParams): InitializeResult {
  return {
    serverInfo: { name: "durablec", version: version() },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
      hoverProvider: true,
      codeActionProvider: {
        codeActionKinds: [CodeActionKind.QuickFix, `${CodeActionKind.SourceFixAll}.durablec`],
      },
      inlayHintProvider: true,
    },
  };
}
