/** Chance and time that come out the same whenever the same code runs again. */
import { createHash } from "node:crypto";

/**
 * A stream of values from a recorded seed. A hash a value, and not a generator with inner state: what a snapshot has to
 * keep is one counter.
 */
export class SeededChance {
  readonly seed: string;
  /** Values taken so far. */
  counter: number;

  constructor(seed: string, counter: number) {
    this.seed = seed;
    this.counter = counter;
  }

  /** From 0 up to 1, 53 bits. */
  random(): number {
    const bytes = this.next();
    return ((bytes.readUInt32BE(0) >>> 5) * 2 ** 26 + (bytes.readUInt32BE(4) >>> 6)) / 2 ** 53;
  }

  /** RFC 9562 version 4. */
  uuid(): string {
    const bytes = this.next().subarray(0, 16);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  private next(): Buffer {
    return createHash("sha256").update(`${this.seed}:${this.counter++}`).digest();
  }
}
