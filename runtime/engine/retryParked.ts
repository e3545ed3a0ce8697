import type { Store } from "../stores/store.ts";
import { isHeld } from "../stores/held.ts";

const PAGE = 1_000;

/** A new owner may be a new build: what the last one could not place gets another try. What is held stays so. */
export async function retryParked(store: Store, epoch: number, now: number): Promise<void> {
  for (let before: string | undefined; ;) {
    const page = await store.list({ parked: true, limit: PAGE, ...(before === undefined ? {} : { before }) });
    const parked = page.filter(({ problem }) => !isHeld(problem));
    const none = { events: [], consumed: [], opened: [], closed: [] };
    const commits = parked.map(({ id }) => ({ execution: id, ...none, wakeAt: now, problem: null }));
    if (commits.length > 0) await store.commit(epoch, commits);
    if (page.length < PAGE) return;
    before = page.at(-1)!.id;
  }
}
