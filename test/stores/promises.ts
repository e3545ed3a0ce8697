import { afterEach, beforeEach, describe, test } from "vitest";
import type { Answer, Store } from "../../runtime/stores/store.ts";
import { callbacks } from "./promises-callbacks.ts";
import { commits, snapshots } from "./promises-commits.ts";
import { executions, waking } from "./promises-executions.ts";
import { largeEvents } from "./promises-large.ts";
import { lives } from "./promises-lives.ts";
import { looks } from "./promises-looks.ts";
import { ownership } from "./promises-ownership.ts";
import { queues } from "./promises-queues.ts";
import { sharing } from "./promises-sharing.ts";
import type { Claim } from "./samples.ts";

/** Something executions can be kept in, and as many stores on it as a test wants. */
export interface Place {
  /** Another store on the same place: another process would have one. */
  open(): Answer<Store>;
  remove(): Answer<void>;
}

/** Whether a store has one worker at a time, or many. */
export type Workers = "one" | "many";

/** The promises of `runtime/stores/store.ts`, kept by every store. */
export function describePromises(name: string, makePlace: () => Place, workers: Workers = "one"): void {
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

  for (const [subject, claims] of [...SUBJECTS, workers === "one" ? ALONE : TOGETHER]) {
    describe(`${name}: ${subject}`, () => {
      for (const [claim, hold] of claims) test(claim, () => hold({ store, open }));
    });
  }
}

type Subject = readonly [string, readonly Claim[]];

const SUBJECTS: readonly Subject[] = [
  ["executions", executions],
  ["commits", commits],
  ["snapshots", snapshots],
  ["large events", largeEvents],
  ["callbacks", callbacks],
  ["wake times and messages", waking],
  ["lives", lives],
  ["looks", looks],
  ["queues", queues],
];
const ALONE: Subject = ["ownership", ownership];
const TOGETHER: Subject = ["sharing", sharing];
