import { createMemory } from "../../runtime/stores/memory-place.ts";
import { openMemoryStore } from "../../runtime/stores/memory.ts";
import { describePromises } from "./promises.ts";

describePromises("the memory store", () => {
  const memory = createMemory();
  return { open: () => openMemoryStore(memory), remove: () => undefined };
});
