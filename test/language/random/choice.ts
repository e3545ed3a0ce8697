/** Chance for the generator: the same seed, the same program. */
export interface Chance {
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Names given so far: every name is new, so that nothing is shadowed by accident. */
  names: number;
  /** Features that the compiler has, of `FEATURES`. */
  readonly features: ReadonlySet<string>;
  /** Whether work may go on beside the function. */
  readonly parallel: boolean;
  /** It does: the order of effects is then a matter of turns. */
  isParallel: boolean;
}

export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>({ random }: Chance, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

export function happens({ random }: Chance, probability: number): boolean {
  return random() < probability;
}

export function fresh(g: Chance, prefix: string): string {
  return `${prefix}${++g.names}`;
}
