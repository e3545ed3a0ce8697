/**
 * A closure that captures itself through a box can be made again: the box comes first. One that captures itself
 * directly cannot. `late` holds the objects that need their parts first, and those parts; `fail` names the culprit.
 */
export function assertNoImpossibleCycle(
  late: ReadonlyMap<object, readonly unknown[]>,
  fail: (culprit: object) => unknown,
): void {
  const state = new Map<object, "open" | "done">();
  for (const start of late.keys()) {
    const stack = [start];
    // Not recursive: a chain of closures may be as long as the program made it.
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (state.get(top) !== undefined) {
        state.set(top, "done");
        stack.pop();
        continue;
      }
      state.set(top, "open");
      for (const part of late.get(top)!) {
        if (!isLate(part, late)) continue;
        if (state.get(part) === "open") fail(part);
        if (state.get(part) === undefined) stack.push(part);
      }
    }
  }
}

function isLate(part: unknown, late: ReadonlyMap<object, readonly unknown[]>): part is object {
  return (typeof part === "object" || typeof part === "function") && part !== null && late.has(part);
}
