/**
 * The names that emitted code brings into the author's module. Each starts with `$`; one that the file already uses
 * gets underscores until it is free, so that nothing of the author's is ever shadowed.
 */
const WORDS = {
  machine: "$machine",
  start: "$start",
  generate: "$generate",
  generator: "$generator",
  durable: "$durable",
  box: "$box",
  closure: "$closure",
  cursor: "$cursor",
  asyncCursor: "$asyncCursor",
  listing: "$listing",
  keys: "$keys",
  omit: "$omit",
  coercible: "$coercible",
  dead: "$dead",
  live: "$live",
  keep: "$keep",
  template: "$template",
  all: "$all",
  allSettled: "$allSettled",
  any: "$any",
  race: "$race",
  Promise: "$Promise",
  disposables: "$disposables",
  arity: "$arity",
  registerClass: "$registerClass",
  registerValue: "$registerValue",
  symbol: "$symbol",
  frame: "$f",
  slots: "$s",
  counter: "$pc",
  thrown: "$e",
  loop: "$run",
  awaited: "$v",
  self: "$o",
  key: "$k",
  args: "$a",
  enter: "$enter",
  thisValue: "$this",
  argumentsValue: "$arguments",
  toKey: "$toKey",
  invoke: "$invoke",
  superOf: "$super",
  named: "$named",
  me: "$me",
  klass: "$class",
  isLive: "$live",
  base: "$base",
  stepHere: "$step",
  callHere: "$call",
  memberOf: "$member",
  bindable: "$bindable",
  importer: "$importer",
} as const;

export type Words = Readonly<Record<keyof typeof WORDS, string>> & {
  /** Ends the names of machines, where they must differ from those of other files: scripts share one scope. */
  readonly suffix: string;
  /** A name that is free in the file: the wanted one, or with underscores. */
  free(wanted: string): string;
};

export function toWords(taken: ReadonlySet<string>, suffix = ""): Words {
  const free = (wanted: string): string => (taken.has(wanted) ? free(`${wanted}_`) : wanted);
  const words = Object.fromEntries(Object.entries(WORDS).map(([word, wanted]) => [word, free(wanted)]));
  return { ...(words as Record<keyof typeof WORDS, string>), free, suffix };
}
