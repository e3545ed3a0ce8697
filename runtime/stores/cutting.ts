/**
 * Large events in pieces: what two of them have in common, or one and the state, is stored once. Texts are cut by content, as
 * those of states are, so a value makes the same chunks in both.
 */
import { toChunks } from "../values/chunks.ts";
import type { EventWrite, NewExecution, StoredChunk, StoredEvent } from "./store.ts";

/**
 * Characters from which on an event is cut. A result that no state ever holds is then written slower (66 KB: 1.6 ms instead of
 * 0.7, and 2.0 bytes to files for each instead of 1.2), one that a state holds is not cut and written a second time. Most of
 * the smaller ones are gone before a state is written.
 */
export const LARGE = 65_536;

/** `isKnown`: whether the execution has a chunk of this hash already. The line before the payload stays in one piece. */
export function cut(event: StoredEvent, isKnown: (hash: string) => boolean): EventWrite {
  const { seq, kind, body } = event;
  if (body.length < LARGE) return event;
  const start = body.indexOf("\n") + 1;
  const chunks = toChunks(body.slice(start));
  const added = toFresh(chunks, isKnown);
  return { seq, kind, body: body.slice(0, start), chunks: chunks.map(({ hash }) => hash), added };
}

/** Those that have to be stored, each once. */
export function toFresh(
  chunks: readonly StoredChunk[],
  isKnown: (hash: string) => boolean,
): readonly StoredChunk[] {
  return [
    ...new Map(chunks.filter(({ hash }) => !isKnown(hash)).map((chunk) => [chunk.hash, chunk])).values(),
  ];
}

/** Of an execution that begins: nothing is known yet. */
export function cutNew(execution: NewExecution): NewExecution {
  const { event, past } = execution;
  const cutEvent = (one: StoredEvent): EventWrite => cut(one, () => false);
  return {
    ...execution,
    event: cutEvent(event),
    ...(past === undefined ? {} : { past: past.map(cutEvent) }),
  };
}

/** An event of a new execution as it will be read. */
export function toRead(event: EventWrite): StoredEvent {
  const { chunks, added = [], body, ...rest } = event;
  if (chunks === undefined) return event;
  const bodies = new Map(added.map((chunk) => [chunk.hash, chunk.body]));
  return { ...rest, body: body + chunks.map((hash) => bodies.get(hash) ?? "").join(""), chunks };
}

/** Event 1 is never removed before its execution. */
const NEVER = 2 ** 31 - 1;

/** With the removal of which event a chunk of event `seq` may go. */
export function neededUntil(seq: number): number {
  return seq === 1 ? NEVER : seq;
}
