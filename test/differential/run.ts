/**
 * The same programs through AWS's SDK on its local runner and through ours: same status, result, error, and order of
 * events in each context. Types are not checked, as a program that ends early is fine.
 *
 * Where the official runner skips time, it ends waits in the order in which they began, whatever their length. So a
 * program that differs is given to it again, in real time; and to ours, with times a little longer.
 *
 *     npm run differential -- [--count 100] [--seed 1]
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import fc from "fast-check";
import { build } from "../../compiler/build.ts";
import { runOurs } from "./ours.ts";
import { broken, type Outcome, type Task } from "./outcome.ts";
import { programs, type Program } from "./programs.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
/** The official runner takes tens of milliseconds a program, when it does not hang. */
const STUCK_AFTER_MS = 15_000;
const STUCK_IN_REAL_TIME_AFTER_MS = 150_000;
const SHOWN_MAX = 10;
/** How often ours is tried again with other times. */
const SKEWS = 150;

const root = join(import.meta.dirname, "../..");
const made = fc.sample(programs, { numRuns: Number(values.count), seed: Number(values.seed) });
const folder = writeProject(made);
try {
  process.exitCode = await compareAll(made);
} finally {
  rmSync(folder, { recursive: true });
}

async function compareAll(all: readonly Program[]): Promise<number> {
  const counts = { same: 0, sameInRealTime: 0, sameInAnotherOrder: 0, different: 0, stuck: 0, events: 0 };
  let official = await startOfficial();
  for (const [index, { source, answers }] of all.entries()) {
    const theirs = await ask(official, { file: join(folder, `official/p${index}.ts`), answers });
    if (theirs === null) {
      counts.stuck++;
      official.kill("SIGKILL");
      official = await startOfficial();
      continue;
    }
    const task = { file: join(folder, `dist/p${index}.js`), answers };
    const ours = await runOurs(task).catch(broken);
    counts.events += ours.events.reduce((sum, [, inside]) => sum + inside.length, 0);
    if (isDeepStrictEqual(theirs, ours)) {
      counts.same++;
      continue;
    }
    const inRealTime = await askInRealTime(index, answers);
    const all = inRealTime === null ? [theirs] : [theirs, inRealTime];
    if (isDeepStrictEqual(inRealTime, ours)) counts.sameInRealTime++;
    else if (await isSameInAnotherOrder(task, all)) counts.sameInAnotherOrder++;
    else if (counts.different++ < SHOWN_MAX)
      show(`program ${index}\n${source}`, { theirs: inRealTime ?? theirs, ours });
  }
  official.kill();
  console.log(JSON.stringify(counts));
  return counts.different === 0 ? 0 : 1;
}

/** Which of two things at nearly the same moment is first is chance: with times a little longer, ours may be as theirs. */
async function isSameInAnotherOrder(task: Task, theirs: readonly Outcome[]): Promise<boolean> {
  for (let skew = 1; skew <= SKEWS; skew++) {
    const ours = await runOurs(task, skew).catch(broken);
    if (theirs.some((one) => isDeepStrictEqual(one, ours))) return true;
  }
  return false;
}

/** Null: the official runner never answers. */
async function ask(
  official: ChildProcess,
  task: Task,
  stuckAfterMs = STUCK_AFTER_MS,
): Promise<Outcome | null> {
  const answer = message(official) as Promise<Outcome>;
  official.send(task);
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, stuckAfterMs, null);
  });
  return Promise.race([answer, stuck]).finally(() => clearTimeout(timer));
}

async function askInRealTime(index: number, answers: Task["answers"]): Promise<Outcome | null> {
  const official = await startOfficial("real");
  const task = { file: join(folder, `official/p${index}.ts`), answers };
  return ask(official, task, STUCK_IN_REAL_TIME_AFTER_MS).finally(() => official.kill("SIGKILL"));
}

async function startOfficial(time: "skipped" | "real" = "skipped"): Promise<ChildProcess> {
  const started = fork(join(import.meta.dirname, "official.ts"), [time], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await message(started);
  return started;
}

function message(from: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => from.once("message", resolve));
}

function show(title: string, { theirs, ours }: { readonly theirs: Outcome; readonly ours: Outcome }): void {
  console.log(`--- ${title}`);
  const [left, right] = [toParts(theirs), toParts(ours)];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    if (isDeepStrictEqual(left.get(key), right.get(key))) continue;
    console.log(
      `${key}\n  theirs ${JSON.stringify(left.get(key))}\n  ours   ${JSON.stringify(right.get(key))}`,
    );
  }
}

/** The events of each context by themselves. */
function toParts({ events, ...rest }: Outcome): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(rest),
    ...events.map(([context, inside]) => [`events in "${context}"`, inside] as const),
  ]);
}

/** As sources for the official side (Node takes their types out itself) and compiled for ours. Returns its folder. */
function writeProject(all: readonly Program[]): string {
  const cache = join(root, ".cache/differential");
  mkdirSync(join(cache), { recursive: true });
  const made = mkdtempSync(join(cache, "run-"));
  const outDir = join(made, "dist");
  mkdirSync(outDir);
  for (const at of [made, outDir]) writeFileSync(join(at, "package.json"), '{ "type": "module" }');
  const tsconfig = join(made, "tsconfig.json");
  const options = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { rootDir: "." },
    include: ["p*.ts"],
  };
  writeFileSync(tsconfig, JSON.stringify(options));
  const official = join(made, "official");
  mkdirSync(official);
  all.forEach(({ source }, index) => {
    writeFileSync(join(made, `p${index}.ts`), source);
    const theirs = source.replace("@durablec/runtime", "@aws/durable-execution-sdk-js");
    writeFileSync(join(official, `p${index}.ts`), theirs);
  });
  const { findings } = build({ tsconfig, outDir, typeCheck: false });
  const [error] = findings.filter(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(`${error.file}: ${error.code} ${error.message}`);
  return made;
}
