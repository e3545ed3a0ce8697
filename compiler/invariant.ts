/** What must hold if our own code is right. A failure is a bug of ours, never the user's. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`durablec has a bug: ${message}. Please report it.`);
}

/** Closes a dispatch over a union: a kind without its case does not compile. */
export function assertNever(value: never): never {
  throw new Error(`durablec has a bug: no case for ${JSON.stringify(value)}. Please report it.`);
}
