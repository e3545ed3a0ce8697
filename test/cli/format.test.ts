import { describe, expect, test } from "vitest";
import { formatDuration } from "../../cli/format/duration.ts";
import { formatMarkdownTable, formatTable } from "../../cli/format/table.ts";
import { formatBrief, formatValue, toJson } from "../../cli/format/value.ts";

describe("a duration is shown", () => {
  test.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [1_000, "1.00 s"],
    [59_940, "59.9 s"],
    [60_000, "1 min"],
    [90_061_000, "1 d 1 h"],
    [3_600_000, "1 h"],
    [3_605_000, "1 h"],
    [86_400_000 * 2, "2 d"],
  ])("%d ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("a table", () => {
  const columns = [{ title: "n", align: "right" as const }, { title: "name" }, { title: "last" }];

  test("is as wide as its widest cells and has no blanks at the ends of lines", () => {
    expect(
      formatTable(columns, [
        ["1", "a", ""],
        ["10", "longer", "x"],
      ]),
    ).toEqual([" n  name    last", " 1  a", "10  longer  x"]);
  });

  test("in Markdown keeps a bar inside its cell", () => {
    expect(formatMarkdownTable(columns, [["1", "a | b", ""]])).toEqual([
      "| n | name | last |",
      "| --: | --- | --- |",
      "| 1 | a \\| b |  |",
    ]);
  });
});

describe("a value is shown", () => {
  test("as JSON, with the nearest thing for what JSON lacks", () => {
    const value = {
      big: 12n,
      map: new Map([["a", 1]]),
      set: new Set([1]),
      date: new Date(0),
      none: undefined,
    };
    expect(JSON.parse(toJson(value))).toEqual({
      big: "12",
      map: [["a", 1]],
      set: [1],
      date: "1970-01-01T00:00:00.000Z",
    });
    expect(toJson(undefined)).toBe("null");
    expect(JSON.parse(toJson(Object.assign(new TypeError("no"), { code: 7 })))).toEqual({
      name: "TypeError",
      message: "no",
      code: 7,
    });
  });

  test("for people, an error by its message", () => {
    expect(formatValue(new RangeError("too far"), false)).toBe("RangeError: too far");
    expect(formatValue({ a: [1, "x"] }, false)).toBe("{ a: [ 1, 'x' ] }");
  });

  test("briefly on one line", () => {
    expect(formatBrief({ text: "a\nb", more: "x".repeat(50) }, 20)).toHaveLength(20);
    expect(formatBrief("short", 20)).toBe("'short'");
  });
});
