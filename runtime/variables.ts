/** What emitted code keeps in slots beside plain values: shared cells. Loop positions are in `cursors.ts`. */

/** A variable that closures share and somebody assigns. One box a variable, so sharing survives a snapshot. */
export class Box {
  v: unknown;
  constructor(value: unknown) {
    this.v = value;
  }
}

export function box(value: unknown): Box {
  return new Box(value);
}
