/** A worker that is ready, begins when it is told to, and ends with its standard input. */
import { once } from "node:events";
import { open } from "@durablec/runtime";
import type { Limits } from "@durablec/runtime";
import type * as source from "../functions/source.ts";

const { steps, waiting } = (await import(
  new URL("../functions/dist/source.js", import.meta.url).href
)) as typeof source;
process.stdout.write("ready\n");
await once(process.stdin, "data");
const limits = JSON.parse(process.argv[3] ?? "{}") as Partial<Limits>;
const engine = await open({ store: process.argv[2] ?? "", functions: [steps, waiting], limits });
await once(process.stdin, "end");
await engine.close();
