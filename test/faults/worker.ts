/**
 * A worker of `npm run faults`: `node worker.ts STORE MODULE LEASE_MS [jumps]`. With `jumps` its clock jumps by an hour,
 * there and back. Prints the names of errors it outlives.
 */
import { pathToFileURL } from "node:url";
import { open } from "@durablec/runtime";
import type { World } from "@durablec/runtime";

const [store = "", module = "", leaseMs = "2000", clock = ""] = process.argv.slice(2);
const OUTLIVED = new Set(["StoreUnavailableError", "FencedError"]);
const HOUR_MS = 3_600_000;
let shiftMs = 0;
if (clock === "jumps") setInterval(() => (shiftMs = (Math.floor(Math.random() * 3) - 1) * HOUR_MS), 300);

const now = (): number => Date.now() + shiftMs;
const jumping: World = {
  now,
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  setTimer: (at, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(at - now(), 0), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

const engine = await open({
  store,
  functions: (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>,
  world: jumping,
  leaseMs: Number(leaseMs),
  limits: { executions: 150 },
  lingerMs: 0,
  onError: (error, execution) => {
    process.stdout.write(`${execution ?? "-"} ${error.name}: ${error.message}\n`);
    // The engine has given up, which nothing that fails here is a reason for.
    if (!OUTLIVED.has(error.name)) process.stderr.write(`${error.name}: ${error.message}\n`);
  },
});
process.on("SIGTERM", () => void engine.close({ drainMs: 5_000 }).then(() => process.exit(0)));
setInterval(() => undefined, 60_000);
