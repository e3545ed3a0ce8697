import { describe, expect, test } from "vitest";
import { DecodeError } from "../../runtime/errors.ts";
import { makeCodec } from "./samples.ts";

const codec = makeCodec();
const deep = (open: string, inner: string, close: string): string =>
  "~1" + open.repeat(200_000) + inner + close.repeat(200_000);

/** Texts an attacker, or a broken disk, could leave. */
const refused: Readonly<Record<string, string>> = {
  "no text at all": "",
  "half a text": '{"a":',
  "another format": '~2["x"]',
  "a tag nobody knows": '~1["~evil",1]',
  "a reference to nothing": '~1["~=",0]',
  "a reference that is no number": '~1["~=","0"]',
  "a definition twice": '~1[["~#",0,{}],["~#",0,{}]]',
  "a definition of a number": '~1["~#",0,5]',
  "a definition of a definition": "~1" + '["~#",0,'.repeat(50) + "{}" + "]".repeat(50),
  "a change of Object.prototype": '~1["~own",["~std","Object.prototype"],"polluted",7,1]',
  "the same through a reference": '~1[["~#",0,["~std","Object.prototype"]],["~own",["~=",0],"polluted",7,1]]',
  "a frozen Object.prototype": '~1["~lock",3,["~std","Object.prototype"]]',
  "a prototype for Math": '~1["~is",null,["~std","Math"]]',
  "a prototype for a class": '~1["~is",null,["~cls","a.ts#Point"]]',
  "a path that is no builtin": '~1["~std","process.exit"]',
  "a class that is not registered": '~1["~is","process",{}]',
  "a load of a class without one": '~1["~load","a.ts#Point",{}]',
  "a load that needs itself": '~1["~#",0,["~load","a.ts#Money",["~=",0]]]',
  "closures that need each other": '~1["~#",0,["~@","fn",["~#",1,["~@","fn",["~=",0],["~=",1]]]]]',
  "an extension nobody has": '~1["~@","evil"]',
  "flags that are none": '~1["~own",{},"a",8,1]',
  "a property list that is cut off": '~1["~own",{},"a",7]',
  "a property without a name": '~1["~own",{},{},7,1]',
  "a property that cannot be": '~1["~own",["~view","Uint8Array",["~buf","AAAA"],0,3],"0",0,1]',
  "a Map that is cut off": '~1["~map",1]',
  "an array that is too long": '~1["~arr",1e300]',
  "an element outside": '~1["~arr",3,3,1]',
  "a negative element": '~1["~arr",3,-1,1]',
  "a view outside its buffer": '~1["~view","Float64Array",["~buf","AAAA"],0,3]',
  "a view of views": "~1" + '["~view","DataView",'.repeat(50) + '["~buf",""]' + ",0,0]".repeat(50),
  "a view without a buffer": '~1["~view","Uint8Array",{},0,0]',
  "a view of no kind": '~1["~view","constructor",["~buf",""],0,0]',
  "bytes that are none": '~1["~buf","?"]',
  "a buffer that may grow without limit": '~1["~buf","",1e15]',
  "a date that is a text": '~1["~date","1970"]',
  "a RegExp that does not parse": '~1["~re","(","",0]',
  "a RegExp with unknown flags": '~1["~re","a","zz",0]',
  "a bigint that is none": '~1["~big","1n"]',
  "an error of no kind": '~1["~err","Object",null]',
  "a boxed object": '~1["~box",{}]',
  "a boxed undefined": '~1["~box",["~u"]]',
  "a URL that is none": '~1["~url","not a url"]',
  "a symbol of no name": '~1["~sym","constructor"]',
  "arrays deep in each other": deep("[", "", "]"),
  "objects deep in each other": deep('{"a":', "1", "}"),
  "Maps deep in each other": deep('["~map",1,', "1", "]"),
  "plain arrays deep in each other": "[".repeat(200_000) + "]".repeat(200_000),
  "locks deep in each other": deep('["~lock",1,', "{}", "]"),
};

describe("the codec refuses", () => {
  test.each(Object.entries(refused))("%s", (_, text) => {
    expect(() => codec.decode(text)).toThrow(DecodeError);
  });

  test("text that is too long, before it reads it", () => {
    expect(() => makeCodec({ lengthMax: 10 }).decode("x".repeat(11))).toThrow("at most 10");
  });
});

describe("the codec reads", () => {
  test("an array that says it is long without reserving its length", () => {
    const before = process.memoryUsage().rss;
    const many = Array.from({ length: 200 }, () => '["~arr",30000000]').join();
    const back = codec.decode(`~1[${many}]`) as unknown[][];
    expect(back[199]).toHaveLength(30_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  test("a bigint of a million digits in no time", () => {
    const started = performance.now();
    expect(codec.decode(`~1["~big","1${"0".repeat(1_000_000)}"]`)).toBe(1n << 4_000_000n);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test("thousands of closures in a chain, whatever their order", () => {
    const count = 3_000;
    // Each is defined inside the one that needs it, and refers to one that is not made yet.
    let text = '["~@","fn",1]';
    for (let i = 0; i < count; i++) text = `["~#",${i},["~@","fn",{"x":${text}}]]`;
    expect(typeof codec.decode("~1" + text)).toBe("function");
  });

  test("an own property named __proto__ as a property", () => {
    const back = codec.decode('~1{"__proto__":["~map",1,2],"u":["~u"]}') as object;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(back, "__proto__")?.value).toEqual(new Map([[1, 2]]));
  });
});
