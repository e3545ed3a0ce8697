// TypeScript's server loads a plugin with `require` and takes a function for the whole module. This file is only that:
// the plugin is integrations/tsserver, an ES module.
module.exports = require("../dist/integrations/tsserver/index.js").init;
