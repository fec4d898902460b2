// Asks an index of a published site as a browser would: node search.mjs PUBLIC INDEX QUERY…
// Prints, for each query, the results and the files that were fetched, as JSON.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import path from "node:path";

const [publicFolder, index, ...queries] = process.argv.slice(2);
const { openIndex, wordsIn } = await import(pathToFileURL(path.join(publicFolder, "search.js")));
const answers = [];
for (const query of queries) {
  const fetched = [];
  const load = async (address) => {
    const file = address.split("?")[0];
    fetched.push(file);
    return JSON.parse(await readFile(path.join(publicFolder, file), "utf8"));
  };
  const opened = await openIndex(index, load);
  const found = await opened.search(query);
  const pages = await Promise.all(found.slice(0, 10).map(opened.page));
  answers.push({ words: wordsIn(query), count: found.length, pages, fetched });
}
console.log(JSON.stringify(answers));
