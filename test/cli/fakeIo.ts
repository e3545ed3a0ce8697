import { runCli } from "../../cli/run.ts";
import type { ExitCode } from "../../cli/exit.ts";
import type { Screen } from "../../cli/io.ts";

export interface Ran {
  readonly exit: ExitCode;
  /** Standard output, as text. */
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly stopped?: AbortSignal;
  readonly screen?: Screen;
  /** Called with each line to standard error as it is said. */
  readonly onErr?: (text: string) => void;
}

/** Runs one command line in this process, with a world of its own. */
export async function runIn(
  { cwd, stopped, screen, onErr }: RunOptions,
  ...argv: readonly string[]
): Promise<Ran> {
  const said = { out: "", err: "" };
  const exit = await runCli(argv, {
    cwd,
    colors: false,
    ...(screen === undefined ? {} : { screen }),
    stopped: stopped ?? new AbortController().signal,
    out: (text) => void (said.out += `${text}\n`),
    err: (text) => {
      said.err += `${text}\n`;
      onErr?.(text);
    },
  });
  return { exit, ...said };
}
