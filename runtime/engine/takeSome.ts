/** Removes the first items of a set, at most `max`, and returns them. */
export function takeSome<T>(items: Set<T>, max: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === max) break;
    taken.push(item);
    items.delete(item);
  }
  return taken;
}
