import { CannotEncode, EncodeError } from "../errors.ts";
import { labelOf } from "./form.ts";
import type { Form, Setting, WriteContext } from "./form.ts";
import { GRAPH_MARK } from "./format.ts";
import { openForm } from "./forms.ts";
import { isPlainNumber } from "./plain.ts";
import { assertNoImpossibleCycle } from "./cycles.ts";

export const KEEP_ELSEWHERE = "keep it in a file or a database, and here only where it is";

/** A longer path is shown without its middle. */
const PATH_MAX = 200;

/** Places in the marks of an object. */
const END = 1;
const ID = 2;

/** One object that is being written: `form` tells its items, `index` how many have been. */
interface Level {
  readonly number: number;
  readonly form: Form;
  readonly up: Level | null;
  readonly depth: number;
  index: number;
}

/**
 * Writes one graph. A loop over explicit levels, as recursion would end a list of a few thousand nodes in a stack
 * overflow that nobody can catch cleanly.
 *
 * An object is written where it is first met. Whether it is shared is only known later, so the places where it starts
 * and ends are noted, and the `["~#", id,` ... `]` around it is put in at the end.
 */
export class Writer implements WriteContext {
  readonly setting: Setting;
  private text = "";
  private level: Level | null = null;
  private readonly numbers = new Map<object | symbol, number>();
  /** Of the object with number n: where it starts (3n), where it ends (3n + 1), its id if it is shared (3n + 2); or -1. */
  private readonly marks: number[] = [];
  private idCount = 0;
  private readonly quoted = new Map<string, string>();
  /** Objects of extensions that need their parts first, with those parts. */
  private readonly late = new Map<object, readonly unknown[]>();
  /** Numbers of the `[durable.save]` instances that are open, innermost last. */
  private readonly loads: number[] = [];
  /** Numbers of open objects that cannot be made before their parts. */
  private readonly closed = new Set<number>();
  private readonly owners = new Map<object, object>();
  /** Fail at this object: how the path of a fault that is found afterwards is told. */
  private readonly wanted: object | undefined;

  constructor(setting: Setting, wanted?: object) {
    this.setting = setting;
    this.wanted = wanted;
  }

  write(value: unknown): string {
    this.value(value);
    while (this.level !== null) this.advance(this.level);
    assertNoImpossibleCycle(this.late, (culprit) => new Writer(this.setting, culprit).write(value));
    return GRAPH_MARK + this.withDefinitions();
  }

  /** One item of the innermost object, or its end. */
  private advance(level: Level): void {
    const { form } = level;
    if (level.index === form.items.length) return this.close(level);
    const index = level.index++;
    if (index > 0 || form.comma) this.text += ",";
    if (form.keys !== null) this.text += this.quote(form.keys[index]!) + ":";
    this.value(form.items[index]);
  }

  private close(level: Level): void {
    const { form } = level;
    this.text += form.close;
    if (this.text.length > this.setting.lengthMax) {
      throw this.fault(`its text is longer than ${this.setting.lengthMax} characters; ${KEEP_ELSEWHERE}`);
    }
    if (form.next !== null) {
      this.text += form.next.open;
      this.level = { number: level.number, form: form.next, up: level.up, depth: level.depth, index: 0 };
      return;
    }
    this.marks[3 * level.number + END] = this.text.length;
    if (this.loads.at(-1) === level.number) this.loads.pop();
    this.level = level.up;
  }

  private value(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.text += JSON.stringify(value);
        return;
      case "number":
        this.text += isPlainNumber(value) ? String(value) : oddNumber(value);
        return;
      case "boolean":
        this.text += value ? "true" : "false";
        return;
      case "undefined":
        this.text += '["~u"]';
        return;
      case "bigint":
        this.text += `["~big","${value.toString(16)}"]`;
        return;
      case "symbol":
        return this.node(value);
      default:
        if (value === null) this.text += "null";
        else this.node(value as object);
    }
  }

  private node(value: object | symbol): void {
    const known = this.numbers.get(value);
    if (known !== undefined) return this.refer(known);
    const number = this.numbers.size;
    this.numbers.set(value, number);
    this.marks.push(this.text.length, -1, -1);
    const depth = this.level === null ? 1 : this.level.depth + 1;
    if (value === this.wanted)
      throw this.fault(
        "it is made of parts that need it to exist before them; reach it through a variable that is assigned later",
      );
    if (depth > this.setting.depthMax)
      throw this.fault(
        `it is nested deeper than ${this.setting.depthMax} levels; keep a list in an array, not in a chain`,
      );
    const form = this.open(value);
    if (form.late !== null) {
      this.closed.add(number);
      if (form.late === "load") this.loads.push(number);
      else this.late.set(value as object, form.items);
    }
    this.text += form.open;
    this.level = { number, form, up: this.level, depth, index: 0 };
  }

  private open(value: object | symbol): Form {
    try {
      return openForm(value, this);
    } catch (error) {
      if (error instanceof CannotEncode) throw this.fault(error.message);
      throw error;
    }
  }

  private refer(number: number): void {
    const load = this.loads.at(-1);
    if (
      load !== undefined &&
      number <= load &&
      this.marks[3 * number + END] === -1 &&
      this.closed.has(number)
    ) {
      throw this.fault(
        "what [durable.save] returned leads back to the object that it is part of; write an id of it",
      );
    }
    const at = 3 * number + ID;
    if (this.marks[at] === -1) this.marks[at] = this.idCount++;
    this.text += `["~=",${this.marks[at]}]`;
  }

  has(value: object): boolean {
    return this.numbers.has(value);
  }

  own(value: object, owner: object): void {
    this.owners.set(value, owner);
  }

  ownerOf(value: object): object | undefined {
    return this.owners.get(value);
  }

  private quote(key: string): string {
    let quoted = this.quoted.get(key);
    if (quoted === undefined) this.quoted.set(key, (quoted = JSON.stringify(key)));
    return quoted;
  }

  private fault(reason: string): EncodeError {
    return new EncodeError(this.path(), reason);
  }

  private path(): string {
    let path = "";
    for (let level = this.level; level !== null; level = level.up) {
      const step = labelOf(level.form, level.index - 1);
      path = step + (path === "" || path.startsWith("[") || path.startsWith(".") ? path : "." + path);
    }
    if (path.startsWith(".")) path = path.slice(1);
    return path.length <= PATH_MAX ? path : path.slice(0, PATH_MAX / 2) + "..." + path.slice(-PATH_MAX / 2);
  }

  private withDefinitions(): string {
    if (this.idCount === 0) return this.text;
    const marks: { readonly at: number; readonly mark: string }[] = [];
    for (let i = 0; i < this.marks.length; i += 3) {
      const id = this.marks[i + ID]!;
      if (id === -1) continue;
      marks.push({ at: this.marks[i]!, mark: `["~#",${id},` }, { at: this.marks[i + END]!, mark: "]" });
    }
    // No two are at the same place: an object's text is longer than what it contains, and commas stand between.
    marks.sort((a, b) => a.at - b.at);
    let done = 0;
    let text = "";
    for (const { at, mark } of marks) {
      text += this.text.slice(done, at) + mark;
      done = at;
    }
    return text + this.text.slice(done);
  }
}

function oddNumber(value: number): string {
  if (value === 0) return '["~-0"]';
  if (value === Infinity) return '["~inf"]';
  return value === -Infinity ? '["~-inf"]' : '["~nan"]';
}
