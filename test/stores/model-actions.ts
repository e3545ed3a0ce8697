import fc from "fast-check";
import { expect } from "vitest";
import type {
  Answer,
  Commit,
  EventWrite,
  NewExecution,
  SnapshotWrite,
  Store,
} from "../../runtime/stores/store.ts";
import {
  addExecution,
  applyCommit,
  applyRemoval,
  applyReopening,
  expectedDue,
  expectedRefusal,
  freeAll,
  isOver,
  newModel,
} from "./model.ts";
import type { Model, ModelExecution } from "./model.ts";
import { commitOf, event, newExecution, owner } from "./samples.ts";

/** The store under test, opened again now and then. */
export interface Real {
  store: Store;
  reopen(): Answer<Store>;
}

/** One thing done to both. Numbers pick among what there is. */
export interface Action {
  readonly kind:
    | "create"
    | "commit"
    | "end"
    | "post"
    | "settle"
    | "heartbeat"
    | "expire"
    | "wait"
    | "claim"
    | "takeOver"
    | "open"
    | "reopen"
    | "remove";
  readonly pick: number;
  readonly size: number;
  readonly flag: boolean;
}

export const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(["create", "commit", "commit", "commit", "commit", "end", "post", "settle", "heartbeat"] as const),
      ...(["expire", "wait", "claim", "takeOver", "open", "end", "reopen", "reopen", "remove"] as const),
    ),
    pick: fc.nat(11),
    size: fc.nat(3),
    flag: fc.boolean(),
  }),
  { minLength: 5, maxLength: 60, size: "max" },
);

const IDS = ["x0", "x1", "x2"];
const pickId = ({ pick }: Action): string => IDS[pick % IDS.length]!;
const pickCallback = (model: Model, { pick }: Action): string =>
  [...model.callbacks.keys()][pick] ?? "nobody";

async function act(action: Action, model: Model, real: Real): Promise<void> {
  const { store } = real;
  switch (action.kind) {
    case "create":
      return create(action, model, store);
    case "commit":
    case "end":
      return commit(action, model, store);
    case "post":
      return post(pickId(action), model, store);
    case "settle":
    case "heartbeat":
      return settle(action, model, store);
    case "expire":
      return expire(pickCallback(model, action), model, store);
    case "wait":
      model.now += action.pick * 20;
      return;
    case "claim":
      return claim(action, model, store);
    case "takeOver":
      return takeOver(action, model, store);
    case "open":
      real.store = await real.reopen();
      return;
    case "reopen":
      return reopen(action, model, store);
    case "remove":
      return remove(action, model, store);
  }
}

async function create(action: Action, model: Model, store: Store): Promise<void> {
  const start = startFor(action, model);
  const isLeased = action.size > 0 && model.isOwned;
  const { created, lease } = await store.create(start, action.size > 0 ? model.epoch : undefined);
  expect(created).toBe(!model.executions.has(start.id));
  if (!created) return;
  expect(lease !== undefined).toBe(isLeased);
  addExecution(model, start, isLeased);
}

function startFor(action: Action, model: Model): NewExecution {
  const { flag, size } = action;
  return newExecution(pickId(action), {
    createdAt: model.now,
    ...(flag ? { parent: "x0", tags: { size: String(size) } } : {}),
    ...(size > 1 ? { keepMs: size * 10 } : {}),
  });
}

async function reopen(action: Action, model: Model, store: Store): Promise<void> {
  const execution = pickId(action);
  const held = model.executions.get(execution);
  const callbacks = [...model.callbacks.values()].filter((row) => row.execution === execution);
  const reopening = {
    execution,
    event: event((held?.row.lastSeq ?? 0) + 1),
    wakeAt: model.now,
    callbacks: callbacks.slice(0, action.size).map(({ id }) => id),
  };
  const isEnded = held !== undefined && held.row.status !== "RUNNING";
  expect(await store.reopen(reopening)).toBe(isEnded);
  if (isEnded) applyReopening(model, reopening);
}

/** A few rows at a time, until nothing is left to do. */
async function remove({ size }: Action, model: Model, store: Store): Promise<void> {
  const limit = size + 1;
  for (let removed = limit; removed > 0;) {
    removed = await store.remove(model.now, limit);
    expect(removed).toBeLessThanOrEqual(limit);
  }
  applyRemoval(model);
}

async function commit(action: Action, model: Model, store: Store): Promise<void> {
  const id = pickId(action);
  const held = model.executions.get(id);
  const made = await commitFor(action, held, { model, store });
  const epoch = action.pick === 7 ? model.epoch - 1 : model.epoch;
  const isOver = epoch !== model.epoch || !model.isOwned;
  const lost: string[] = [];
  const name = await nameOfFailure(async () => lost.push(...(await store.commit(epoch, [made]))));
  if (isOver && !model.isShared) expect(name).toBe("FencedError");
  else {
    expect(name).toBeNull();
    const isHeld = !model.isShared || (!isOver && held?.isLeased === true);
    const isWritten = held?.row.status === "RUNNING" && isHeld;
    expect(lost).toEqual(isWritten ? [] : [id]);
    if (isWritten) applyCommit(model, made);
  }
}

/** Where one worker has all, its store knows what it has, and others on the same place do not. */
async function claim({ pick, size }: Action, model: Model, store: Store): Promise<void> {
  if (!model.isShared || !model.isOwned) return;
  const free = expectedDue(model).filter((id) => !model.executions.get(id)!.isLeased);
  const wanted = { now: model.now, limit: pick % 4, functions: ["a.ts#f"] };
  const { executions } = await store.claim(model.epoch, wanted);
  expect(executions).toHaveLength(Math.min(free.length, wanted.limit));
  for (const { row, lease } of executions) {
    const held = model.executions.get(row.id)!;
    expect(free).toContain(row.id);
    expect(lease).toBe(++held.lease);
    held.isLeased = true;
  }
  const [first] = executions;
  if (first === undefined || size > 0) return;
  await store.releaseLeases(model.epoch, [{ execution: first.row.id, lease: first.lease }]);
  model.executions.get(first.row.id)!.isLeased = false;
}

interface Both {
  readonly model: Model;
  readonly store: Store;
}

async function commitFor(action: Action, held: ModelExecution | undefined, both: Both): Promise<Commit> {
  const { size, flag, pick } = action;
  const { model, store } = both;
  const id = pickId(action);
  const next = (held?.row.lastSeq ?? 0) + 1;
  const messages = await store.messages(id);
  const callback = { id: `${id}/${next}/${model.chunkCount++}`, op: "0.1", heartbeatAt: model.now };
  const pending = [...model.callbacks.values()]
    .filter(({ state }) => state === "PENDING")
    .map((row) => row.id);
  return commitOf(id, {
    lease: held?.lease ?? 1,
    events: Array.from({ length: size }, (_, i) =>
      held !== undefined && i === 0 && pick % 3 !== 1 ? largeEvent(action, held, model) : event(next + i),
    ),
    wakeAt: flag ? model.now + pick * 10 : null,
    consumed: messages.slice(0, size).map(({ number }) => number),
    opened: flag
      ? [{ ...callback, timeoutAt: model.now + 100, heartbeatMs: pick % 2 === 0 ? 50 : null }]
      : [],
    closed: pick === 3 ? pending.slice(0, 1) : [],
    ...(held !== undefined && pick > 2 ? { snapshot: snapshotFor(action, held, model) } : {}),
    ...(pick === 5 ? { problem: flag ? "problem" : null } : {}),
    ...(pick === 4 ? { paused: flag } : {}),
    ...othersFor(action, model),
    ...(action.kind === "end" && pick > 3 ? { end: { status: "SUCCEEDED", at: model.now } as const } : {}),
  });
}

/** What it starts, and whom it leaves a message: another one, which may not be there, may have ended, or may just begin. */
function othersFor(action: Action, model: Model): Pick<Commit, "starts" | "posts"> {
  const { pick, size } = action;
  if (size < 2) return {};
  const other = { ...action, pick: pick + 1 + (pick % 3) };
  if (pickId(other) === pickId(action)) return {};
  const posts = [{ execution: pickId(other), body: `message ${model.chunkCount++}` }];
  return pick % 2 === 0 ? { posts } : { posts, starts: [startFor(other, model)] };
}

/** Has some chunks of the state, or of events after it, and a new one. */
function largeEvent({ pick, flag }: Action, held: ModelExecution, model: Model): EventWrite {
  const seq = held.row.lastSeq + 1;
  const inState = held.snapshot?.chunks ?? [];
  const known = [...(inState.length > 1 ? inState : []), ...inTail(held)];
  const hash = `h${model.chunkCount++}`;
  const chunks = [...known.filter((_, i) => (i + pick) % 3 === 0 || flag), hash];
  return { ...event(seq), body: `{"n":${seq}}\n`, chunks, added: [{ hash, body: `<${hash}>` }] };
}

function inTail({ events, snapshot }: ModelExecution): readonly string[] {
  return events.slice(snapshot?.seq ?? 0).flatMap(({ chunks = [] }) => chunks);
}

/** Keeps some chunks of the last one and of events after it, drops and adds others. */
function snapshotFor({ pick, size, flag }: Action, held: ModelExecution, model: Model): SnapshotWrite {
  const before = held.snapshot?.chunks ?? [];
  const kept = [...before, ...inTail(held)].filter((_, i) => (i + pick) % 2 === 0 || flag);
  const fresh = Array.from({ length: kept.length === 0 ? size + 1 : size }, () => `h${model.chunkCount++}`);
  const chunks = [...kept, ...fresh];
  return {
    seq: held.row.lastSeq,
    chunks,
    added: fresh.map((hash) => ({ hash, body: `<${hash}>` })),
    removed: before.filter((hash) => !chunks.includes(hash)),
  };
}

async function post(id: string, model: Model, store: Store): Promise<void> {
  const held = model.executions.get(id);
  const isTaken = held?.row.status === "RUNNING";
  const body = `message ${model.chunkCount++}`;
  expect(await store.post(id, body)).toBe(isTaken);
  if (isTaken) held.messages.push(body);
}

async function settle(action: Action, model: Model, store: Store): Promise<void> {
  const id = pickCallback(model, action);
  const row = model.callbacks.get(id);
  const settlement = action.flag
    ? ({ kind: "succeeded", result: "1" } as const)
    : ({ kind: "failed", error: "2" } as const);
  const name = await nameOfFailure(() =>
    action.kind === "settle" ? store.settle(id, settlement, model.now) : store.heartbeat(id, model.now),
  );
  expect(name).toBe(expectedRefusal(row, model.now));
  if (name !== null || row === undefined) return;
  if (action.kind === "heartbeat") model.callbacks.set(id, { ...row, heartbeatAt: model.now });
  else {
    model.callbacks.set(id, { ...row, state: action.flag ? "SUCCEEDED" : "FAILED" });
    leave(model, row.execution, JSON.stringify({ kind: "callback", callback: id, op: row.op, settlement }));
  }
}

async function expire(id: string, model: Model, store: Store): Promise<void> {
  const row = model.callbacks.get(id);
  const next = await store.expire(id, model.now);
  if (row === undefined || row.state !== "PENDING") expect(next).toBeNull();
  else if (isOver(row, model.now)) {
    expect(next).toBeNull();
    model.callbacks.set(id, { ...row, state: "TIMED_OUT" });
    const silentAt = row.heartbeatMs === null ? Infinity : row.heartbeatAt + row.heartbeatMs;
    const by = row.timeoutAt! <= silentAt ? "timeout" : "heartbeat";
    const settlement = { kind: "timedOut", by };
    leave(model, row.execution, JSON.stringify({ kind: "callback", callback: id, op: row.op, settlement }));
  } else expect(next).toBeGreaterThan(model.now);
}

function leave(model: Model, execution: string, body: string): void {
  model.executions.get(execution)!.messages.push(body);
}

async function takeOver({ flag, pick }: Action, model: Model, store: Store): Promise<void> {
  if (flag) await acquireAnew(model, store);
  else if (pick > 8) {
    await store.release(model.epoch);
    model.isOwned = false;
    freeAll(model);
  }
}

/** What it had is free. */
async function acquireAnew(model: Model, store: Store): Promise<void> {
  const acquired = await store.acquire(owner, model.now, 600_000);
  expect(acquired.kind).toBe("acquired");
  if (acquired.kind !== "acquired") return;
  expect(acquired.epoch).toBeGreaterThan(model.epoch);
  model.epoch = acquired.epoch;
  model.isOwned = true;
  freeAll(model);
}

async function nameOfFailure(work: () => unknown): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return (error as Error).name;
  }
}

async function assertSame(model: Model, store: Store): Promise<void> {
  for (const [id, { row, events, snapshot, messages }] of model.executions) {
    expect(await store.get(id)).toEqual(row);
    expect(await store.history(id, 0, 1_000)).toEqual(events);
    expect((await store.messages(id)).map(({ body }) => body)).toEqual(messages);
    const loaded = (await store.load(id))!;
    const isRunning = row.status === "RUNNING";
    const body = snapshot?.chunks.map((hash) => `<${hash}>`).join("");
    expect(loaded.snapshot).toEqual(snapshot === null ? null : { seq: snapshot.seq, body });
    expect(loaded.chunks).toEqual(snapshot?.chunks ?? []);
    expect(loaded.tail).toEqual(isRunning ? events.slice(snapshot?.seq ?? 0) : []);
  }
  for (const [id, row] of model.callbacks) expect(await store.callback(id)).toEqual(row);
  expect((await store.list({})).map(({ id }) => id)).toEqual([...model.executions.keys()].reverse());
  await acquireAnew(model, store);
  const wanted = { now: model.now, limit: 100, functions: ["a.ts#f"] };
  const { executions } = await store.claim(model.epoch, wanted);
  expect(executions.map(({ row }) => row.id).sort()).toEqual(expectedDue(model));
  for (const { row, tail } of executions) expect(tail).toEqual((await store.load(row.id))!.tail);
}

/** Does all of it to a store and to the model, and compares them. */
export async function run(list: readonly Action[], real: Real, isShared = false): Promise<void> {
  const model = newModel(isShared);
  for (const action of list) await act(action, model, real);
  await assertSame(model, real.store);
}
