// Starts `durablec lsp` of each workspace folder's own durablec, so that the editor says what the project's CI says.
// A folder without durablec has no server.
const { createRequire } = require("node:module");
const { dirname, join } = require("node:path");
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const clients = [];

exports.activate = async () => {
  for (const folder of workspace.workspaceFolders ?? []) {
    const main = findMain(folder.uri.fsPath);
    if (main === null) continue;
    const command = workspace.getConfiguration("durablec", folder).get("node", "node");
    const run = { command, args: [main, "lsp", "--stdio"], options: { cwd: folder.uri.fsPath } };
    const pattern = `${folder.uri.fsPath.replaceAll("\\", "/")}/**/*`;
    const documentSelector = ["typescript", "typescriptreact"].map((language) => ({
      scheme: "file",
      language,
      pattern,
    }));
    const client = new LanguageClient("durablec", "durablec", run, {
      documentSelector,
      workspaceFolder: folder,
    });
    clients.push(client);
    await client.start();
  }
};

exports.deactivate = () => Promise.all(clients.map((client) => client.stop()));

function findMain(folder) {
  try {
    const own = createRequire(join(folder, "package.json")).resolve("durablec/package.json");
    return join(dirname(own), "dist/cli/main.js");
  } catch {
    return null;
  }
}
