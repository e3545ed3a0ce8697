/** `durablec` as a process of its own, on the built command line. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");

export interface CliProcess {
  readonly child: ChildProcess;
  /** Resolves with the first match of what it has said on both outputs, now or later; rejects if it ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends the signal, and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ending>;
  readonly ended: Promise<Ending>;
  text(): string;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export function startCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): CliProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
  let text = "";
  const waiting = new Set<() => void>();
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    for (const look of waiting) look();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = once(child, "close").then(([code, signal]): Ending => ({ code, signal }) as Ending);
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(text);
        if (found === null) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`It ended without saying ${String(pattern)}:\n${text}`)));
    });
  const end = (signal: NodeJS.Signals = "SIGTERM"): Promise<Ending> => {
    child.kill(signal);
    return ended;
  };
  return { child, said, end, ended, text: () => text };
}
