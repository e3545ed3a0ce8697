import { afterEach, beforeEach, describe, test } from "vitest";
import type { Answer, Store } from "../../runtime/stores/store.ts";
import { callbacks } from "./promises-callbacks.ts";
import { commits, snapshots } from "./promises-commits.ts";
import { executions, ownership, waking } from "./promises-executions.ts";
import { lives } from "./promises-lives.ts";
import { looks } from "./promises-looks.ts";
import { queues } from "./promises-queues.ts";
import type { Claim } from "./samples.ts";

/** Something executions can be kept in, and as many stores on it as a test wants. */
export interface Place {
  /** Another store on the same place: another process would have one. */
  open(): Answer<Store>;
  remove(): Answer<void>;
}

/** The promises of `runtime/stores/store.ts`, kept by every store. */
export function describePromises(name: string, makePlace: () => Place): void {
  let place: Place;
  let store: Store;
  const opened: Store[] = [];

  const open = async (): Promise<Store> => {
    const one = await place.open();
    opened.push(one);
    return one;
  };

  beforeEach(async () => {
    place = makePlace();
    store = await open();
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await place.remove();
  });

  for (const [subject, claims] of SUBJECTS) {
    describe(`${name}: ${subject}`, () => {
      for (const [claim, hold] of claims) test(claim, () => hold({ store, open }));
    });
  }
}

const SUBJECTS: readonly (readonly [string, readonly Claim[]])[] = [
  ["executions", executions],
  ["commits", commits],
  ["snapshots", snapshots],
  ["callbacks", callbacks],
  ["wake times and messages", waking],
  ["ownership", ownership],
  ["lives", lives],
  ["looks", looks],
  ["queues", queues],
];
