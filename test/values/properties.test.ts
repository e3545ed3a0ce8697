import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../runtime/errors.ts";
import { graphs } from "./randomGraph.ts";
import { makeCodec } from "./samples.ts";
import { findDifference } from "./sameGraph.ts";

const codec = makeCodec();

describe("any graph", () => {
  test("comes back the same, and its text is the same again", () => {
    fc.assert(
      fc.property(graphs(), (graph) => {
        const text = codec.encode(graph);
        const back = codec.decode(text);
        expect(findDifference(graph, back)).toBeNull();
        expect(codec.encode(back)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test("that is a plain tree comes back the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (tree) => {
        const text = codec.encode(tree);
        expect(findDifference(tree, codec.decode(text))).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Pieces that mean something, so that changed texts get past the first check. */
const PIECES = [
  ...["[", "]", "{", "}", ",", '"', "null", "-1", "1e999", "0.5", "4294967295", "{}", "[]", '"__proto__"'],
  ...[
    '["~u"]',
    '["~=",0]',
    '["~=",99]',
    '["~#",0,{}]',
    '["~#",0,',
    '["~own",{},"a",7,1]',
    '["~own",',
    '["~lock",3,',
  ],
  ...['["~map",', '["~set",', '["~arr",9,', '["~load","a.ts#Money",', '["~is","a.ts#Point",', '["~is",null,'],
  ...[
    '["~std","Object.prototype"]',
    '["~@","box",',
    '["~@","fn",',
    '["~err","Error",null]',
    '["~local",null]',
  ],
  ...[
    '["~view","Uint8Array",["~buf","AAAA"],0,3]',
    '["~box",',
    '["~args",',
    '["~url","x"]',
    '["~big","zz"]',
    "~1",
    "~",
  ],
];

describe("any other text", () => {
  test("gives a value or a DecodeError, whatever was changed in it", () => {
    const prototypes = [Object.prototype, Array.prototype, Function.prototype, Map.prototype];
    const before = prototypes.map((prototype) => Reflect.ownKeys(prototype).length);
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      drop: fc.constantFrom(0, 0, 1, 2, 8),
      put: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })),
    });
    fc.assert(
      fc.property(graphs(), fc.array(edit, { minLength: 1, maxLength: 4 }), (graph, edits) => {
        let text = codec.encode(graph);
        for (const { at, drop, put } of edits) {
          const index = Math.floor(at * text.length);
          text = text.slice(0, index) + put + text.slice(index + drop);
        }
        assertHarmless(text);
      }),
      { numRuns: 1_500 },
    );
    expect(prototypes.map((prototype) => Reflect.ownKeys(prototype).length)).toEqual(before);
  });

  test("made of pieces of the format gives a value or a DecodeError", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }), (pieces) => {
        assertHarmless("~1" + pieces.join(""));
        assertHarmless(
          "~1" + pieces.join(",") + "]".repeat(pieces.filter((piece) => piece.endsWith(",")).length),
        );
      }),
      { numRuns: 1_500 },
    );
  });
});

function assertHarmless(text: string): void {
  try {
    codec.decode(text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}
