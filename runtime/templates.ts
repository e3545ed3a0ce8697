/** The strings objects of tagged templates: one for each place in the source, in every process. */

type Tag = (strings: TemplateStringsArray, ...values: readonly unknown[]) => TemplateStringsArray;

const ids = new WeakMap<object, string>();
const byId = new Map<string, object>();

/** `make` tags the template with what it is given. The last module of an id wins, as for machines. */
export function template(id: string, make: (tag: Tag) => TemplateStringsArray): TemplateStringsArray {
  const strings = make((found) => found);
  for (const [name, part] of [
    [id, strings],
    [`${id}.raw`, strings.raw],
  ] as const) {
    ids.set(part, name);
    byId.set(name, part);
  }
  return strings;
}

export function findTemplateId(value: object): string | undefined {
  return ids.get(value);
}

export function findTemplate(id: string): object | undefined {
  return byId.get(id);
}
