/**
 * Problems that no worker may clear, whatever its build: the execution is in the hands of somebody else. They are readable
 * also where problems are encrypted, and say nothing of what the execution does.
 */
const HELD = "Held: ";

export function toHeld(reason: string): string {
  return HELD + reason;
}

export function isHeld(problem: string | null): boolean {
  return problem?.startsWith(HELD) === true;
}
