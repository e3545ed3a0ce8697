/** What other processes have done to a store, as far as they say. */
export interface News {
  /** Anything may have happened: executions may be due that nobody has, say. */
  readonly look: boolean;
  /** Executions that were left messages, with the epoch of the worker that has them; 0: nobody had when it was told. */
  readonly called: readonly (readonly [execution: string, epoch: number])[];
  /** Executions that have ended. */
  readonly ended: readonly string[];
}

export const LOOK: News = { look: true, called: [], ended: [] };

/** Of NOTIFY: PostgreSQL takes less than 8,000 bytes. */
const BYTES_MAX = 7_900;
/** More news at a time are a reason to look at everything. */
const TEXTS_MAX = 4;

/** As texts that fit into notifications. */
export function toTexts(self: string, { look, called, ended }: News): readonly string[] {
  const texts: string[] = [];
  let open: { readonly called: News["called"][number][]; readonly ended: string[] } = {
    called: [],
    ended: [],
  };
  let bytes = 0;
  const close = (): void => {
    texts.push(toText(self, { look: false, ...open }));
    open = { called: [], ended: [] };
    bytes = 0;
  };
  const add = (size: number, put: () => void): void => {
    if (bytes + size > BYTES_MAX - OTHER_BYTES) close();
    bytes += size;
    put();
  };
  for (const one of called) add(sizeOf(one), () => open.called.push(one));
  for (const one of ended) add(sizeOf(one), () => open.ended.push(one));
  if (bytes > 0) close();
  if (texts.length > TEXTS_MAX) return [toText(self, LOOK)];
  return look ? [toText(self, LOOK), ...texts] : texts;
}

/** What stands around the lists. */
const OTHER_BYTES = 200;

function sizeOf(one: unknown): number {
  return Buffer.byteLength(JSON.stringify(one)) + 1;
}

function toText(self: string, { look, called, ended }: News): string {
  return `${self} ${JSON.stringify([look ? 1 : 0, called, ended])}`;
}

/** Who says it, and what. What was written by another version says: look. */
export function fromText(text: string): { readonly from: string; readonly news: News } {
  const [, from = text, list = ""] = /^(\S+) (\[.*\])$/s.exec(text) ?? [];
  if (list === "") return { from, news: LOOK };
  const [look, called, ended] = JSON.parse(list) as [number, News["called"], News["ended"]];
  return { from, news: { look: look === 1, called, ended } };
}
