import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { toChunks } from "../../runtime/values/chunks.ts";

/** Text with little repetition, the same in every run. */
function textOf(length: number, seed = 1): string {
  let state = seed;
  let text = "";
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647;
    text += `{"id":${state},"name":"n${state % 977}"},`;
  }
  return text.slice(0, length);
}

function addedTo(before: string, after: string): number {
  const known = new Set(toChunks(before).map(({ hash }) => hash));
  return toChunks(after).filter(({ hash }) => !known.has(hash)).length;
}

describe("chunks", () => {
  test("joined are the text, and each has the hash of its body", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), fc.nat(40_000), (piece, length) => {
        const text = textOf(length) + piece.repeat(200) + textOf(length, 7);
        const chunks = toChunks(text);
        expect(chunks.map(({ body }) => body).join("")).toBe(text);
        const bodies = new Map(chunks.map(({ hash, body }) => [hash, body]));
        for (const { hash, body } of chunks) {
          expect(hash).toMatch(/^[0-9a-f]{32}$/);
          expect(bodies.get(hash)).toBe(body);
          expect(body.length).toBeLessThanOrEqual(16 * 1024 + 1);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("are one for a small text, and about 4 KiB for a large one", () => {
    expect(toChunks("")).toHaveLength(1);
    expect(toChunks(textOf(4_096))).toHaveLength(1);
    const chunks = toChunks(textOf(1_000_000));
    const average = 1_000_000 / chunks.length;
    expect(average).toBeGreaterThan(3_000);
    expect(average).toBeLessThan(7_000);
    for (const { body } of chunks.slice(0, -1)) expect(body.length).toBeGreaterThan(1_024);
  });

  test("stay the same but for a few when a text grows, or changes at one place", () => {
    const text = textOf(1_000_000);
    expect(addedTo(text, text + textOf(100, 3))).toBeLessThanOrEqual(2);
    for (const at of [0, 1, 500_000, 999_999]) {
      expect(addedTo(text, text.slice(0, at) + "inserted" + text.slice(at))).toBeLessThanOrEqual(4);
      expect(addedTo(text, text.slice(0, at) + text.slice(at + 1_000))).toBeLessThanOrEqual(4);
    }
  });

  test("of a text without any pattern for a cut are cut at the largest size", () => {
    for (const { body } of toChunks("a".repeat(100_000)).slice(0, -1)) expect(body.length).toBe(16 * 1024);
  });

  test("never cut a character in two", () => {
    for (const { body } of toChunks("\u{1f600}".repeat(50_000))) expect(body.isWellFormed()).toBe(true);
    for (const { body } of toChunks("x" + "\u{1f600}".repeat(50_000))) expect(body.isWellFormed()).toBe(true);
  });
});
