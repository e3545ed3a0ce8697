/** A timer. Its end is fixed when its start is committed, so a restart neither shortens nor lengthens it. */
import type { Operation, OperationHead, OperationScope } from "./operation.ts";

export interface WaitState {
  readonly delayMs: number;
  until: number | null;
}

export function waitOperation(head: OperationHead, state: WaitState, scope: OperationScope): Operation {
  let reported = false;
  return {
    kind: "wait",
    head,
    start() {
      if (reported || state.until !== null) return;
      reported = true;
      const time = scope.now();
      scope.report(head, { kind: "WaitStarted", time, until: time + state.delayMs });
    },
    apply(event) {
      reported = false;
      if (event.kind === "WaitStarted") state.until = event.until;
      else {
        scope.finish(this);
        head.record.resolve(undefined);
      }
    },
    timer: () => (reported ? null : state.until),
    fire(now) {
      if (reported || state.until === null || state.until > now) return;
      reported = true;
      scope.report(head, { kind: "WaitSucceeded", time: now });
    },
    busy: () => reported,
    save: () => ({ ...state }),
  };
}
