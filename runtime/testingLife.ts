/**
 * One process of `runRestartInProcesses`: brings the execution back from the file, runs it to its next commit, and is
 * killed. What it has to say goes to descriptor 3 before that, as lines of JSON.
 */
import { writeSync } from "node:fs";
import type { Unwritten } from "./testing.ts";
import type { ChangedByStep } from "./engine/sharing.ts";
import { openWith } from "./engine/open.ts";

export interface Life {
  /** The store's file. */
  readonly store: string;
  /** The compiled module. */
  readonly url: string;
  /** The execution. */
  readonly id: string;
}

export interface LifeReport {
  readonly ended: boolean;
  readonly unwritten: readonly Unwritten[];
  readonly changed: readonly ChangedByStep[];
}

const { store, url, id } = JSON.parse(process.argv[2] ?? "{}") as Life;
const functions = (await import(url)) as Readonly<Record<string, unknown>>;
const engine = await openWith(
  { store, functions, onError: give },
  {
    drops: true,
    changed: (change) => report({ ended: false, unwritten: [], changed: [change] }),
    told({ dropped, problem }) {
      report({ ended: false, unwritten: problem === null ? [] : [problem], changed: [] });
      if (dropped) process.kill(process.pid, "SIGKILL");
    },
  },
);
// Whether it succeeded or failed, the outcome is in the store.
await engine.result(id).catch(() => undefined);
report({ ended: true, unwritten: [], changed: [] });
await engine.close();

function report(line: LifeReport): void {
  writeSync(3, `${JSON.stringify(line)}\n`);
}

/** A parked execution never ends. */
function give(error: Error): void {
  process.stderr.write(`${error.stack}\n`, () => process.exit(1));
}
