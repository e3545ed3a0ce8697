/** A process that takes durable steps in the store it is given, until it is killed. */
import { open } from "@durablec/runtime";
import type * as source from "../functions/source.ts";

const { steps } = (await import(
  new URL("../functions/dist/source.js", import.meta.url).href
)) as typeof source;
const engine = await open({ store: process.argv[2] ?? "", functions: [steps] });
await engine.start(steps, 10_000_000, { id: "victim" });
process.stdout.write("started\n");
