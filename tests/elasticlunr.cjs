// Asks an elasticlunr index: node elasticlunr.cjs LIBRARY INDEX QUERY… prints the results' refs.
const fs = require("node:fs");
const vm = require("node:vm");

const [library, index, ...queries] = process.argv.slice(2);
const context = vm.createContext({ window: {}, console });
vm.runInContext(fs.readFileSync(index, "utf8"), context);
vm.runInContext(fs.readFileSync(library, "utf8"), context);
const opened = context.elasticlunr.Index.load(context.window.searchIndex);
const options = { fields: { title: { boost: 2 }, body: { boost: 1 } }, expand: true };
console.log(JSON.stringify(queries.map((query) => opened.search(query, options).map((r) => r.ref))));
