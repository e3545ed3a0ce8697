import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { QueueOptions } from "@durablec/runtime";
import { Trouble } from "./exit.ts";
import type { Io } from "./io.ts";

export interface QueueArgs {
  readonly queues?: string | undefined;
}

/** `--queues`, for commands whose process runs executions or starts them. */
export const queuesOption = {
  type: "string",
  describe: 'JSON file of queues: { "mail": { "concurrency": 5 } }',
} as const;

/** What `open` takes as `queues`, which checks the limits; functions are named by their ids. */
export function readQueues(
  { queues: file }: QueueArgs,
  io: Pick<Io, "cwd">,
): { readonly queues?: Readonly<Record<string, QueueOptions>> } {
  if (file === undefined) return {};
  const given = parse(read(resolve(io.cwd, file)));
  if (isQueues(given)) return { queues: given };
  throw new Trouble(
    `The file ${file} does not hold queues.`,
    'It must be JSON: { "mail": { "concurrency": 5, "perKey": 1, "rate": { "count": 10, "per": "1m" }, "functions": ["src/a.ts#send"] } }.',
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new Trouble(`The file ${path} cannot be read (${code}).`, "Name the file of queues with --queues.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const KNOWN = ["concurrency", "perKey", "rate", "functions"];

function isQueues(given: unknown): given is Readonly<Record<string, QueueOptions>> {
  return isObject(given) && Object.values(given).every(isQueue);
}

function isQueue(given: unknown): boolean {
  if (!isObject(given) || Object.keys(given).some((key) => !KNOWN.includes(key))) return false;
  const { rate, functions = [] } = given;
  return (
    (rate === undefined || (isObject(rate) && "per" in rate && "count" in rate)) &&
    Array.isArray(functions) &&
    functions.every((name) => typeof name === "string")
  );
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}
