/** What loops over asynchronous values keep in a snapshot. */
import { AsyncCursor, CursorIterator, Unwrapping } from "../asyncCursor.ts";
import { EntriesCursor, isCursor, openCursor, type Cursor } from "../cursors.ts";
import { UnplaceableStateError } from "../errors.ts";
import { findTemplate, findTemplateId } from "../templates.ts";
import { dead } from "../deadZone.ts";
import { KeysCursor } from "../keys.ts";
import { IndexCursor, PartCursor, type Listing } from "../listings.ts";
import { Disposables, type Progress, type Resource } from "../disposables.ts";
import type { Extension } from "../values/contract.ts";
import type { Execution } from "./execution.ts";

const templates: Extension = {
  tag: "s",
  matches: (value) => findTemplateId(value) !== undefined,
  write: (value) => [findTemplateId(value)],
  create: ([id]) => {
    const found = findTemplate(String(id));
    if (found === undefined) throw new UnplaceableStateError(`This build has no template ${String(id)}.`);
    return found;
  },
};

const deadZones: Extension = {
  tag: "d",
  matches: (value) => value === dead,
  write: () => [],
  create: () => dead,
};

/** Wherever it stands, a cursor over a Map or Set finds its place when the collection is filled, before any code runs. */
function cursors({ decoded }: Execution): Extension {
  return {
    tag: "i",
    matches: isCursor,
    write: (value) => (value as Cursor).save(),
    create(parts) {
      const opened = openCursor(parts);
      if (opened instanceof EntriesCursor) decoded.push(() => opened.settle());
      return opened;
    },
  };
}

const indexCursors: Extension = {
  tag: "ix",
  matches: (value) => value instanceof IndexCursor,
  write: (value) => (value as IndexCursor).save(),
  create: ([listing, source, position]) =>
    new IndexCursor(source as readonly unknown[], listing as Listing, position as number),
};

const partCursors: Extension = {
  tag: "ip",
  matches: (value) => value instanceof PartCursor,
  write: (value) => (value as PartCursor).save(),
  create: ([listing, whole]) => new PartCursor(whole as Cursor, listing as Listing),
};

const keysCursors: Extension = {
  tag: "k",
  matches: (value) => value instanceof KeysCursor,
  write: (value) => {
    const { source, keys, position } = value as KeysCursor;
    return [source, keys, position];
  },
  create: ([source, keys, position]) =>
    new KeysCursor(source as object | null, keys as readonly string[], position as number),
};

const asyncCursors: Extension = {
  tag: "ai",
  matches: (value) => value instanceof AsyncCursor,
  write: (value) => (value as AsyncCursor).save(),
  create: ([iterator, method, wraps]) => new AsyncCursor(iterator as object, method, wraps === true),
};

const cursorIterators: Extension = {
  tag: "ia",
  matches: (value) => value instanceof CursorIterator,
  write: (value) => [(value as CursorIterator).cursor],
  create: ([cursor]) => new CursorIterator(cursor as Cursor),
};

const unwrappings: Extension = {
  tag: "u",
  matches: (value) => value instanceof Unwrapping,
  write: (value) => [(value as Unwrapping).done, (value as Unwrapping).closing],
  create: ([done, closing]) => new Unwrapping(done === true, closing as object | null),
};

/** What a scope has opened with `using`. */
const disposables: Extension = {
  tag: "ds",
  matches: (value) => value instanceof Disposables,
  write: (value) => (value as Disposables).save(),
  names: () => ["resources", "progress"],
  create: ([resources, progress]) => new Disposables(resources as Resource[], progress as Progress),
};

export function iterations(execution: Execution): readonly Extension[] {
  return [
    templates,
    deadZones,
    cursors(execution),
    indexCursors,
    partCursors,
    keysCursors,
    asyncCursors,
    cursorIterators,
    unwrappings,
    disposables,
  ];
}
