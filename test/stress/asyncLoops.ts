/** Methods of arrays and of tests, for callbacks that are async: what stressed sources call as `$async`. */
type Callback = (...args: readonly unknown[]) => unknown;
type List = ArrayLike<unknown>;

export async function forEach(list: List, callback: Callback): Promise<void> {
  for (let i = 0; i < list.length; i++) if (i in list) await callback(list[i], i, list);
}

export async function map(list: List, callback: Callback): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let i = 0; i < list.length; i++) found.push(await callback(list[i], i, list));
  return found;
}

export async function filter(list: List, callback: Callback): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let i = 0; i < list.length; i++) if (await callback(list[i], i, list)) found.push(list[i]);
  return found;
}

export async function some(list: List, callback: Callback): Promise<boolean> {
  for (let i = 0; i < list.length; i++) if (await callback(list[i], i, list)) return true;
  return false;
}

export async function every(list: List, callback: Callback): Promise<boolean> {
  return !(await some(list, async (...args) => !(await callback(...args))));
}

export async function reduce(list: List, callback: Callback, initial: unknown): Promise<unknown> {
  let result = initial;
  for (let i = 0; i < list.length; i++) result = await callback(result, list[i], i, list);
  return result;
}

type Assertion = (callback: () => void, ...more: readonly unknown[]) => unknown;
type Test = Readonly<Record<"throws" | "doesNotThrow", Assertion>>;

export async function throws(test: Test, callback: Callback, ...more: readonly unknown[]): Promise<unknown> {
  return test.throws(await toSync(callback), ...more);
}

export async function doesNotThrow(
  test: Test,
  callback: Callback,
  ...more: readonly unknown[]
): Promise<unknown> {
  return test.doesNotThrow(await toSync(callback), ...more);
}

/** What the callback did, done again at once. */
async function toSync(callback: Callback): Promise<() => void> {
  try {
    await callback();
    return () => undefined;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
