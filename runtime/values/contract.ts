/**
 * The values codec turns one graph of JavaScript values into text and back. Identity inside the graph survives:
 * what was one object before is one object after, cycles included.
 */

/** A kind of object the codec does not know by itself: boxes, closures, promises, cursors. */
export interface Extension {
  /** Short, unique, stored: part of the format for ever. */
  readonly tag: string;
  /** Asked for every object and function that is no built-in kind, and for every promise. */
  matches(value: object): boolean;
  /**
   * The values it is made of. Throw `CannotEncode` (with a reason) when this one cannot be written now.
   */
  write(value: object): readonly unknown[];
  /** What people call the parts (variable names), for the path in an error. */
  names?(value: object): readonly string[];
  /**
   * Makes the object. Objects among `parts` exist but may not be filled in yet: keep them, do not look inside.
   * With `early`, it is called before the parts exist (with none), and `fill` brings them.
   */
  create(parts: readonly unknown[]): object;
  /** Own properties that come with the object when it is made. */
  owns?(value: object, key: string | symbol): boolean;
  readonly early?: boolean;
  fill?(value: object, parts: readonly unknown[]): void;
}

/** Classes by stable id, both ways. Errors of the runtime and of the project, and project classes. */
export interface ClassRegistry {
  idOf(constructor: object): string | undefined;
  /** A class that is written as a value of the graph, and not by an id. */
  isLocal?(constructor: object): boolean;
  classOf(id: string): (abstract new (...args: never[]) => object) | undefined;
}

/** Functions that have a name of their own: durable functions (`path#name`). Builtins are known to the codec. */
export interface FunctionRegistry {
  nameOf(fn: object): string | undefined;
  functionOf(name: string): object | undefined;
}

/** Values that are written by name alone. */
export interface NamedRegistry {
  nameOf(value: WeakKey): string | undefined;
  valueOf(name: string): object | symbol | undefined;
  /** Notes a symbol that reading has made: nobody else has it. */
  own(symbol: symbol): symbol;
  /** False: code elsewhere has the symbol, and would not know the one that a restart makes in its place. */
  isOwn(symbol: symbol): boolean;
  /** False: there are none but symbols, so that plain data need not be asked about. */
  hasObjects(): boolean;
}

export interface CodecOptions {
  readonly extensions?: readonly Extension[];
  readonly classes?: ClassRegistry;
  readonly functions?: FunctionRegistry;
  readonly named?: NamedRegistry;
  /**
   * True: classes, functions and names that this build lacks are read as stand-ins, to look at: an error of an unknown class
   * is an `Error` with its message and properties. Never for a state that is to run on.
   */
  readonly toLookAt?: boolean;
  /** Deepest nesting followed. Default 10,000. */
  readonly depthMax?: number;
  /** Longest text written or read, in UTF-16 units. Default 256 Mi. */
  readonly lengthMax?: number;
}

export interface Codec {
  /** Throws `EncodeError` with the path of the value that cannot be written (`lines[2].client`). */
  encode(value: unknown): string;
  /** Throws `DecodeError` for text that is not of this format. Never runs code that the text chooses. */
  decode(text: string): unknown;
}
