/** The texts of a store: whether each can be read again. */
import { eventField } from "../stores/encrypted.ts";
import { GRAPH_MARK } from "../values/format.ts";
import type { Finding } from "./checkStore.ts";
import { checkStates, readLargeEvent } from "./chunks.ts";
import { readText, rowsOf } from "./reading.ts";
import type { Parts, Place } from "./reading.ts";
import type { Row } from "./tables.ts";

export interface TextPlace extends Place {
  readonly field: (row: Row) => string;
}

/** All texts of executions but those of their states. */
export const PLACES: readonly TextPlace[] = [
  { table: "inbox", column: "body", key: ["number"], field: () => "message" },
  {
    table: "transacted",
    column: "body",
    key: ["execution", "op"],
    field: ({ op }) => `result of transaction ${String(op)}`,
  },
  {
    table: "events",
    column: "body",
    key: ["execution", "seq"],
    beside: ["kind", "chunks"],
    field: ({ seq, kind }) => eventField({ seq: seq as number, kind: kind as string, body: "" }),
  },
];

export async function* checkTexts(parts: Parts): AsyncGenerator<Finding> {
  for (const place of PLACES) {
    for await (const row of rowsOf(parts.tables, place)) {
      if (typeof row.text !== "string") continue;
      const field = place.field(row);
      const read =
        typeof row.chunks === "string"
          ? await readLargeEvent(parts, row)
          : readText(parts, { execution: row.id as string, field, text: row.text });
      // An event is a line of JSON, and a payload after it.
      const texts = read.text === null ? [] : place.table === "events" ? split(read.text) : [read.text];
      const what = read.wrong ?? (texts.every(isJson) ? null : `its ${field} is no JSON`);
      if (what !== null) yield { execution: row.id as string, what };
    }
  }
  yield* checkStates(parts);
}

function split(event: string): readonly string[] {
  const end = event.indexOf("\n");
  return end < 0 ? [event] : [event.slice(0, end), event.slice(end + 1)];
}

/** JSON, or the codec's own form of what is no plain data. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text.startsWith(GRAPH_MARK) ? text.slice(GRAPH_MARK.length) : text);
    return true;
  } catch {
    return false;
  }
}
