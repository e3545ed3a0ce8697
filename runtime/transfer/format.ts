/**
 * Executions as lines of JSON. First what the file is; then of each execution its beginning, its events, its rest, and a
 * line that closes it with a checksum; last how many there were, so that a file that was cut off is noticed.
 */
import { createHash } from "node:crypto";
import { StoreError } from "../errors.ts";
import type { CallbackRow, ExecutionStatus, StoredEvent, StoredSnapshot, Tags } from "../stores/store.ts";

/** Those of version 1 said input and outcome a second time. */
export const FORMAT_VERSION = 2;
export const FORMAT_OLDEST = 1;

/** What an execution begins with in another store. */
export interface Beginning {
  readonly id: string;
  readonly function: string;
  readonly createdAt: number;
  readonly parent: string | null;
  readonly tags: Tags;
  readonly keepMs: number | null;
  readonly status: ExecutionStatus;
  /** Its store will not run it any more. */
  readonly moved: boolean;
}

/** What is true of it after its last event. */
export interface Rest {
  readonly wakeAt: number | null;
  readonly paused: boolean;
  readonly snapshot: StoredSnapshot | null;
  readonly callbacks: readonly Omit<CallbackRow, "execution">[];
  /** In their order. */
  readonly messages: readonly string[];
  readonly endedAt: number | null;
}

export type Line =
  | { readonly durablec: "executions"; readonly version: number }
  | { readonly execution: Beginning }
  | { readonly event: StoredEvent }
  | { readonly rest: Rest }
  | { readonly close: { readonly id: string; readonly sha256: string } }
  | { readonly executions: number };

/** The checksum of one execution's lines. */
export class Checksum {
  private readonly hash = createHash("sha256");

  add(text: string): void {
    this.hash.update(text).update("\n");
  }

  /** Nothing can be added any more. */
  end(): string {
    return this.hash.digest("hex");
  }
}

/** Throws a `StoreError` that names the line. */
export function parseLine(text: string, number: number): Line {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null) return line as Line;
  } catch {
    // Said below; what the parser says would quote the text.
  }
  throw damaged(number, "is no line of an export");
}

export function damaged(number: number, what: string): StoreError {
  return new StoreError(
    `Line ${number} of the export ${what}: the file is damaged, or was cut off. Nothing of this execution runs here; get the ` +
      "whole file and import it again.",
  );
}
