/** What a value is made of that this build has no code for, when it is only looked at. */

/**
 * A prototype for an instance of an unknown class: all that its builtin kind has (an error stays an error), and a
 * constructor of the class's name that makes nothing.
 */
export function standInPrototype(id: string, value: object): object {
  return Object.create(Object.getPrototypeOf(value) as object, {
    constructor: { value: standInFunction(id), writable: true, configurable: true },
  }) as object;
}

/** A function of that name, which says what is missing when it is called. */
export function standInFunction(id: string): object {
  const missing = (): never => {
    throw new TypeError(`${id} is not in this build: here is only its name.`);
  };
  return Object.defineProperty(missing, "name", { value: id.slice(id.lastIndexOf("#") + 1) });
}
