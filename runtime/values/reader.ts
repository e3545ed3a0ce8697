import { DecodeError } from "../errors.ts";
import type { Setting } from "./form.ts";
import { GRAPH_MARK } from "./format.ts";
import { Later, damaged, findNeeds, isReady } from "./later.ts";
import type { Job } from "./later.ts";
import type { ReadContext } from "./tags-own.ts";
import { openTag } from "./tags.ts";

/** Reads either form. Whatever the text holds, the end is a value or a `DecodeError`. */
export function readText(text: string, setting: Setting): unknown {
  if (typeof text !== "string") throw new DecodeError("A stored value is a text.");
  if (text.length > setting.lengthMax) {
    throw new DecodeError(
      `Stored text has ${text.length} characters, at most ${setting.lengthMax} are allowed.`,
    );
  }
  if (!text.startsWith("~")) {
    assertShallow(text, setting.depthMax);
    return parse(text);
  }
  if (!text.startsWith(GRAPH_MARK)) {
    throw new DecodeError(
      `Stored text is in a format (${JSON.stringify(text.slice(0, 2))}) this version does not know.`,
    );
  }
  assertShallow(text, TAGS_MAX * setting.depthMax);
  return new Reader(setting).read(parse(text.slice(GRAPH_MARK.length)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new DecodeError("Stored text is damaged: it is no JSON.", { cause: error });
  }
}

/** An object may be written as a tag in a tag in a tag: definition, lock, properties, prototype, itself. */
const TAGS_MAX = 5;

/** Before parsing, as that would make an object for each bracket, and brackets are cheap to write. */
function assertShallow(text: string, depthMax: number): void {
  if (text.length <= 2 * depthMax) return;
  let depth = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) isString = false;
    } else if (code === 0x22) isString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > depthMax) throw new DecodeError(`Stored text is nested deeper than ${depthMax} levels.`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
}

const NESTING_MAX = 16;

/** One array or object of the parsed text whose items are being read, in place. */
interface Walk {
  readonly items: unknown[] | Record<string, unknown>;
  readonly keys: readonly string[] | null;
  index: number;
  readonly depth: number;
  /** What is done when all items have been read. */
  readonly job: Job | null;
  /** How many jobs had been put off when this started. */
  mark: number;
}

/**
 * Builds the values in the tree that `JSON.parse` made: plain objects and arrays of it *are* the result. Objects exist
 * before their parts are read, so that cycles close; those of extensions that need their parts first are `Later` until
 * then. A loop over explicit walks, not recursion.
 */
export class Reader implements ReadContext {
  readonly setting: Setting;
  private readonly walks: Walk[] = [];
  private readonly shared = new Map<number, unknown>();
  /** Jobs that wait for a `Later`. */
  private readonly postponed: Job[] = [];
  /** Nodes being opened within each other. */
  private nesting = 0;

  constructor(setting: Setting) {
    this.setting = setting;
  }

  read(tree: unknown): unknown {
    const root = { items: [tree], keys: null, index: 0, depth: 0, job: null, mark: 0 };
    this.walks.push(root);
    for (let walk = this.walks.at(-1); walk !== undefined; walk = this.walks.at(-1)) this.advance(walk);
    this.settle(0);
    if (this.postponed.length > 0)
      throw new DecodeError("Stored text is damaged: parts need each other to exist.");
    return root.items[0];
  }

  private advance(walk: Walk): void {
    const { items, keys } = walk;
    const end = keys === null ? (items as unknown[]).length : keys.length;
    if (walk.index === end) {
      this.walks.pop();
      if (walk.job !== null) this.finish(walk.job, walk.mark);
      return;
    }
    const key = keys === null ? walk.index : keys[walk.index]!;
    walk.index++;
    const raw = (items as Record<string | number, unknown>)[key];
    if (typeof raw !== "object" || raw === null) return;
    const opened = this.walks.length;
    const value = this.open(raw);
    if (value === raw) return;
    place(items, key, value);
    if (!(value instanceof Later)) return;
    if (value.isReady) place(items, key, value.value);
    // In a walk with a job, the job looks for stand-ins itself.
    else if (walk.job === null) {
      this.postponed.push({ target: value, run: () => place(items, key, value.value) });
      // This waits for what has just been opened, and is not inside it.
      for (const inner of this.walks.slice(opened)) inner.mark++;
    }
  }

  /** The value of a node; its parts are read by the walks this pushes. */
  open(raw: object): unknown {
    // Wrappers, a view and its buffer: a few. Only made-up text has more, and it would exhaust the stack.
    if (this.nesting > NESTING_MAX) throw damaged("wrappers are nested in each other");
    this.nesting++;
    const value = this.openNode(raw);
    this.nesting--;
    return value;
  }

  private openNode(raw: object): unknown {
    if (!Array.isArray(raw)) {
      this.walk(raw as Record<string, unknown>, 0, null);
      return raw;
    }
    const items = raw as unknown[];
    const tag = items[0];
    if (typeof tag === "string" && tag.startsWith("~")) return openTag(tag, items, this);
    this.walk(items, 0, null);
    return items;
  }

  walk(items: unknown[] | Record<string, unknown>, start: number, job: Job | null): void {
    const depth = (this.walks.at(-1)?.depth ?? 0) + 1;
    // A node is up to three walks: its properties, a lock and itself.
    if (depth > 3 * this.setting.depthMax + 1) {
      throw new DecodeError(`Stored text is nested deeper than ${this.setting.depthMax} levels.`);
    }
    const keys = Array.isArray(items) ? null : Object.keys(items);
    this.walks.push({ items, keys, index: start, depth, job, mark: this.postponed.length });
  }

  define(id: number, value: unknown): void {
    if (this.shared.has(id)) throw damaged("a definition is there twice");
    this.shared.set(id, value);
  }

  recall(id: unknown): unknown {
    if (!this.shared.has(id as number)) throw damaged("a reference leads nowhere");
    return this.shared.get(id as number);
  }

  private finish(job: Job, mark: number): void {
    if (job.isWhole === true) {
      this.settle(mark);
      if (this.postponed.length > mark) throw damaged("a part needs the whole to exist");
    }
    // Locks and properties wait until what is inside is complete.
    const mustWait = job.isAfterInside === true && this.postponed.length > mark;
    if (mustWait || !isReady(job)) this.postponed.push(job);
    else job.run();
  }

  /** Runs what was postponed since `mark`: first what makes objects, each after its parts, then the rest in order. */
  private settle(mark: number): void {
    if (this.postponed.length === mark) return;
    const jobs = this.postponed.splice(mark);
    makeAll(jobs);
    for (const job of jobs) {
      if (job.makes !== undefined) {
        if (!job.makes.isReady) this.postponed.push(job);
      } else if (isReady(job)) job.run();
      else this.postponed.push(job);
    }
  }
}

/** Kahn's order: each after what it needs, in time linear in the parts. Those in a ring stay as they are. */
function makeAll(jobs: readonly Job[]): void {
  const ready: Job[] = [];
  const waiting = new Map<Later, Job[]>();
  const counts = new Map<Job, number>();
  for (const job of jobs) {
    if (job.makes === undefined) continue;
    const needs = findNeeds(job);
    if (needs.size === 0) ready.push(job);
    counts.set(job, needs.size);
    for (const need of needs) {
      const others = waiting.get(need);
      if (others === undefined) waiting.set(need, [job]);
      else others.push(job);
    }
  }
  for (let job = ready.pop(); job !== undefined; job = ready.pop()) {
    job.run();
    for (const next of waiting.get(job.makes!) ?? []) {
      const count = counts.get(next)! - 1;
      counts.set(next, count);
      if (count === 0) ready.push(next);
    }
  }
}

function place(items: unknown[] | Record<string, unknown>, key: string | number, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(items, key, { value, enumerable: true, writable: true, configurable: true });
  } else (items as Record<string | number, unknown>)[key] = value;
}
