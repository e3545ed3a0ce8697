import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { serve } from "./server.ts";

/** The language server over standard input and output. Resolves when the editor has gone, or at `stopped`. */
export function serveStdio(stopped: AbortSignal): Promise<void> {
  const { stdin, stdout } = process;
  serve(createConnection(ProposedFeatures.all, stdin, stdout));
  return new Promise((resolve) => {
    const end = (): void => {
      // An open input would keep the process.
      stdin.destroy();
      resolve();
    };
    stdin.once("end", end);
    if (stopped.aborted) end();
    else stopped.addEventListener("abort", end, { once: true });
  });
}
