import { LOAD, SAVE } from "./values/format.ts";

/**
 * The hooks of a class that writes itself into stored states, as one with `#private` state has to:
 *
 *     class Money {
 *       #cents: number;
 *       [durable.save]() { return this.#cents; }
 *       static [durable.load](cents: number) { return new Money(cents); }
 *     }
 */
export const durable: { readonly save: typeof SAVE; readonly load: typeof LOAD } = { save: SAVE, load: LOAD };
