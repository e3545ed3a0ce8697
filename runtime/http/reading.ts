/** What a request says, checked. */
import type { Context, Hono } from "hono";
import { toMilliseconds } from "../duration.ts";
import type { Tags } from "../stores/store.ts";
import { badRequest, Problem } from "./problem.ts";

export interface HttpEnv {
  Variables: {
    /** Longest body of a request. */
    bodyBytes: number;
  };
}

export type HttpContext = Context<HttpEnv>;
export type HttpApp = Hono<HttpEnv>;

/**
 * Stops reading at the limit. Not `hono/body-limit`: for a body without a length it makes a `Request` of the one it has,
 * which `@hono/node-server` allows only if it may replace the platform's classes.
 */
async function readText(c: HttpContext): Promise<string> {
  const max = c.get("bodyBytes");
  const { body } = c.req.raw;
  let left = max - Number(c.req.header("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  if (left >= 0 && body !== null) {
    left = max;
    for await (const chunk of body) {
      left -= chunk.byteLength;
      if (left < 0) break;
      chunks.push(chunk);
    }
  }
  if (left >= 0) return Buffer.concat(chunks).toString();
  throw new Problem(413, "too_large", `The body is longer than ${max} bytes, the limit.`);
}

/** The body as JSON; undefined: there is none. */
export async function readBody(c: HttpContext): Promise<unknown> {
  const text = await readText(c);
  if (text === "") return undefined;
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Problem(415, "not_json", "The body must be JSON, with Content-Type: application/json.");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest("The body is not JSON.");
  }
}

/** The body as an object with no keys but these. */
export async function readObject<K extends string>(
  c: HttpContext,
  keys: readonly K[],
): Promise<Readonly<Partial<Record<K, unknown>>>> {
  const body = (await readBody(c)) ?? {};
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("The body must be a JSON object.");
  assertKnown(Object.keys(body), keys, "The body has");
  return body as Readonly<Partial<Record<K, unknown>>>;
}

/** The values of a query's parameters, none but these, by their names. */
export function readQuery<K extends string>(
  c: HttpContext,
  keys: readonly K[],
): (key: K) => readonly string[] {
  const queries = c.req.queries();
  assertKnown(Object.keys(queries), keys, "The query has");
  return (key) => queries[key] ?? [];
}

function assertKnown(given: readonly string[], known: readonly string[], where: string): void {
  const stray = given.find((key) => !known.includes(key));
  if (stray === undefined) return;
  const may = known.length === 0 ? "none is known here" : `known are ${known.join(", ")}`;
  throw badRequest(`${where} "${stray.slice(0, 100)}": ${may}.`);
}

export function one(name: string, values: readonly string[]): string | undefined {
  if (values.length <= 1) return values[0];
  throw badRequest(`${name} is there ${values.length} times; once will do.`);
}

/** A whole number from `min` on, as text in a query or as a number in a body. */
export function wholeNumber(name: string, given: unknown, min: number): number | undefined {
  if (given === undefined) return undefined;
  const value = typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : given;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  throw badRequest(`${name} must be a whole number of ${min} or more.`);
}

/** A whole number, negative ones too, in a body. */
export function integer(name: string, given: unknown): number | undefined {
  if (given === undefined || (typeof given === "number" && Number.isSafeInteger(given))) return given;
  throw badRequest(`${name} must be a whole number.`);
}

export function text(name: string, given: unknown): string | undefined {
  if (given === undefined || (typeof given === "string" && given !== "")) return given;
  throw badRequest(`${name} must be a text that is not empty.`);
}

/** Longest name and id: they are in an index, and in the address of every request about them. */
const NAME_MAX = 1_000;

/** A text that names something: an id, a tag. */
export function label(name: string, given: unknown): string | undefined {
  const known = text(name, given);
  if (known === undefined || (known.length <= NAME_MAX && known.isWellFormed() && !known.includes("\0")))
    return known;
  throw badRequest(`${name} must have at most ${NAME_MAX} characters, all of them whole, and no NUL.`);
}

/** `30s` in a query: at most `maxMs`; more is as much as that. */
export function wait(values: readonly string[], maxMs: number): number {
  const given = one("wait", values);
  return given === undefined ? 0 : Math.min(toMilliseconds(given, "wait"), maxMs);
}

export function duration(name: string, given: unknown): string | undefined {
  const known = text(name, given);
  if (known !== undefined) toMilliseconds(known, name);
  return known;
}

/** Of a body. */
export function tags(given: unknown): Tags | undefined {
  if (given === undefined) return undefined;
  if (
    typeof given !== "object" ||
    given === null ||
    Array.isArray(given) ||
    !Object.values(given).every(isText)
  )
    throw badRequest("tags must be an object of texts.");
  for (const [name, value] of Object.entries(given)) {
    label("The name of a tag", name);
    if (value !== "") label("A tag", value);
  }
  return given as Tags;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Of a query: `tag=name=value`, several times. */
export function queriedTags(values: readonly string[]): Tags | undefined {
  if (values.length === 0) return undefined;
  const pairs = values.map((pair) => {
    const at = pair.indexOf("=");
    if (at <= 0) throw badRequest("tag must be name=value.");
    label("tag", pair);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** Without the keys that nobody gave. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
