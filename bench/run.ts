/** `npm run bench [-- awaits|steps|resume|engine|scale|costs|workers|lint|size]`: ratios of one run on one machine, medians of rounds. */
import { join } from "node:path";
import { build } from "../compiler/build.ts";
import { benchAwaits } from "./awaits.ts";
import { benchEngine } from "./engine/engine.ts";
import { benchCosts } from "./engine/costs.ts";
import { benchScale } from "./engine/scale.ts";
import { benchLint } from "./lint.ts";
import { benchResume } from "./resume.ts";
import { benchSize } from "./size.ts";
import { benchSteps } from "./steps.ts";
import { benchWorkers } from "./engine/workers.ts";
import * as native from "./functions/source.ts";

const FUNCTIONS = join(import.meta.dirname, "functions");
const out = join(FUNCTIONS, "dist");
const { findings, typeErrors } = build({ tsconfig: join(FUNCTIONS, "tsconfig.json"), outDir: out });
for (const { code, message } of findings) throw new Error(`${code} ${message}`);
for (const { messageText } of typeErrors) throw new Error(JSON.stringify(messageText));
const compiled = (await import(join(out, "source.js"))) as typeof native;

const chosen = process.argv.slice(2);
const wanted = (name: string): boolean => chosen.length === 0 || chosen.includes(name);
if (wanted("awaits")) await benchAwaits({ native, compiled }, 1_000_000, 7);
if (wanted("steps")) await benchSteps(compiled.steps, 2_000, 5);
if (wanted("resume")) await benchResume(compiled.stepsThenCallback, [100, 1_000, 10_000, 100_000], 3);
if (wanted("engine")) await benchEngine(compiled, 5, process.argv.includes("--peers"));
if (wanted("scale")) await benchScale(compiled.sleeper, { asleep: 100_000, woken: 10_000 });
if (wanted("costs")) await benchCosts(compiled, chosen.includes("--million") ? 1_000_000 : 20_000);
if (wanted("workers")) await benchWorkers(compiled, 3);
if (wanted("lint")) await benchLint();
if (wanted("size")) benchSize();
