/** What loops over asynchronous values keep in a snapshot. */
import { ArrayIterator, AsyncCursor, Unwrapping } from "../asyncCursor.ts";
import type { Extension } from "../values/contract.ts";
import type { Cursor } from "../variables.ts";

const asyncCursors: Extension = {
  tag: "ai",
  matches: (value) => value instanceof AsyncCursor,
  write: (value) => (value as AsyncCursor).save(),
  create: ([iterator, method, wraps]) => new AsyncCursor(iterator as object, method, wraps === true),
};

const arrayIterators: Extension = {
  tag: "ia",
  matches: (value) => value instanceof ArrayIterator,
  write: (value) => [(value as ArrayIterator).cursor],
  create: ([cursor]) => new ArrayIterator(cursor as Cursor),
};

const unwrappings: Extension = {
  tag: "u",
  matches: (value) => value instanceof Unwrapping,
  write: (value) => [(value as Unwrapping).done, (value as Unwrapping).closing],
  create: ([done, closing]) => new Unwrapping(done === true, closing as object | null),
};

export const iterations: readonly Extension[] = [asyncCursors, arrayIterators, unwrappings];
