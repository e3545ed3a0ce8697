/** An editor as far as a language server can tell: `durablec lsp`, spawned, and spoken to with the protocol's library. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  CodeActionRequest,
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  InlayHintRequest,
  MarkupContent,
  PublishDiagnosticsNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type CodeAction,
  type InlayHint,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
} from "vscode-languageserver-protocol/node";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");

export interface EditorClient {
  open(uri: string, text: string): void;
  change(uri: string, text: string): void;
  /** Resolves with the diagnostics of that version of the text, or of a later one. */
  published(uri: string, version?: number): Promise<PublishDiagnosticsParams>;
  codeActions(uri: string, range: Range, only?: readonly string[]): Promise<readonly CodeAction[]>;
  hover(uri: string, position: Position): Promise<string | null>;
  inlayHints(uri: string, range: Range): Promise<readonly Pick<InlayHint, "label" | "position">[]>;
  stop(): Promise<void>;
}

type Published = (params: PublishDiagnosticsParams) => void;

export async function startServer(root: string): Promise<EditorClient> {
  const server = spawn(process.execPath, [MAIN, "lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createProtocolConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  const versions = new Map<string, number>();
  const latest = new Map<string, PublishDiagnosticsParams>();
  const waiting = new Set<Published>();
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
    latest.set(params.uri, params);
    for (const tell of waiting) tell(params);
  });
  connection.listen();
  await initialize(connection, root);
  const send = (uri: string, text: string): void => {
    const version = (versions.get(uri) ?? 0) + 1;
    versions.set(uri, version);
    if (version === 1)
      void connection.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri, languageId: "typescript", version, text },
      });
    else
      void connection.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
  };
  return {
    open: send,
    change: send,
    published(uri, version = 1) {
      const known = latest.get(uri);
      if (known !== undefined && (known.version ?? 0) >= version) return Promise.resolve(known);
      return new Promise((resolve) => {
        const tell: Published = (params) => {
          if (params.uri !== uri || (params.version ?? 0) < version) return;
          waiting.delete(tell);
          resolve(params);
        };
        waiting.add(tell);
      });
    },
    async codeActions(uri, range, only) {
      const actions = await connection.sendRequest(CodeActionRequest.type, {
        textDocument: { uri },
        range,
        context: { diagnostics: [], ...(only === undefined ? {} : { only: [...only] }) },
      });
      return (actions ?? []) as CodeAction[];
    },
    async hover(uri, position) {
      const hover = await connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position });
      return hover !== null && MarkupContent.is(hover.contents) ? hover.contents.value : null;
    },
    async inlayHints(uri, range) {
      const hints = await connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range });
      return (hints ?? []).map(({ label, position }) => ({ label, position }));
    },
    async stop() {
      await connection.sendRequest(ShutdownRequest.type);
      await connection.sendNotification(ExitNotification.type);
      await new Promise((resolve) => server.once("exit", resolve));
      connection.dispose();
    },
  };
}

async function initialize(connection: ProtocolConnection, root: string): Promise<void> {
  const rootUri = pathToFileURL(root).href;
  await connection.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri, capabilities: {} });
  await connection.sendNotification(InitializedNotification.type, {});
}
