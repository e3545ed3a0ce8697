/** What an execution has for its next commit. */
import type { ExecutionEvent, OperationReport } from "./events.ts";
import type { OperationHead } from "./operations/operation.ts";
import type { Starting } from "./starts.ts";

/** An event on its way to the journal. */
export interface Outgoing {
  readonly head: OperationHead | null;
  readonly event: OperationReport | ExecutionEvent;
  /** The state before it has to be written with it, whatever its size. */
  readonly snapshot: boolean;
  /** The message it answers. */
  readonly message: number | null;
  /** Another execution that begins with it. */
  readonly start?: Starting;
}

/** What concerns others and not the journal. */
export interface Leftovers {
  /** Messages that came too late to matter. */
  readonly consumed: number[];
  /** Callbacks that nobody may settle any more. */
  readonly closed: string[];
  /** Messages to other executions. */
  readonly posts: { readonly execution: string; readonly body: string }[];
}
