import { openSqliteStore } from "../../runtime/stores/sqlite.ts";
import { describePromises } from "./promises.ts";
import { makeFolder } from "./folder.ts";

describePromises("the SQLite store", () => {
  const folder = makeFolder();
  return { open: () => openSqliteStore(folder.path("store.db")), remove: folder.remove };
});
