import { EncodeError } from "../errors.ts";
import type { Codec, CodecOptions } from "./contract.ts";
import type { Setting } from "./form.ts";
import { DEPTH_MAX, LENGTH_MAX } from "./format.ts";
import { plainText } from "./plain.ts";
import { readText } from "./reader.ts";
import { KEEP_ELSEWHERE, Writer } from "./writer.ts";

/** Turns graphs of values into text and back. The forms of text are described in `format.ts`. */
export function createCodec(options: CodecOptions = {}): Codec {
  const setting: Setting = {
    extensions: options.extensions ?? [],
    classes: options.classes,
    functions: options.functions,
    named: options.named,
    toLookAt: options.toLookAt ?? false,
    depthMax: options.depthMax ?? DEPTH_MAX,
    lengthMax: options.lengthMax ?? LENGTH_MAX,
  };
  assertDistinctTags(setting);
  return {
    encode: (value) => encode(value, setting),
    decode: (text) => readText(text, setting),
  };
}

function encode(value: unknown, setting: Setting): string {
  const text = textOf(value, setting);
  if (text.length > setting.lengthMax) {
    throw new EncodeError(
      "",
      `its text has ${text.length} characters, at most ${setting.lengthMax} are allowed; ${KEEP_ELSEWHERE}`,
    );
  }
  return text;
}

function textOf(value: unknown, setting: Setting): string {
  try {
    const named = setting.named?.hasObjects() === true ? setting.named : null;
    return plainText(value, setting.depthMax, named) ?? new Writer(setting).write(value);
  } catch (error) {
    // The engine's own limit for strings, about 512 Mi.
    if (error instanceof RangeError && error.message === "Invalid string length") {
      throw new EncodeError("", `its text is longer than a string can be; ${KEEP_ELSEWHERE}`);
    }
    throw error;
  }
}

function assertDistinctTags({ extensions }: Setting): void {
  const tags = new Set(extensions.map(({ tag }) => tag));
  if (tags.size !== extensions.length)
    throw new TypeError("Two extensions of the values codec have the same tag.");
}
