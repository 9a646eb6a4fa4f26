// What the page weighs against what it may: `node scripts/budgets.mjs [FOLDER] [--accept REASON] [--limits FILE]`.
//
// Sizes are bytes after `gzip -9`; a thousand of them are a kilobyte. What is packed already counts as it lies there.
// The limits stand in scripts/budgets.json, and beside them the size that the wasm had when it was last accepted: more than
// its share above that fails, until `--accept` writes the new size down with its reason.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { gzip } from './gzip.mjs';

const PACKED = ['.gz', '.zip'];

/** The kinds that have a limit. Of a checkpoint one is fetched at a time, so each is held to the limit by itself. */
const KINDS = {
  html_css: { name: 'HTML and CSS', holds: (path) => ['.html', '.css'].includes(extname(path)) },
  // What the page says, in every language: data, fetched as such.
  words: { name: 'words', holds: (path) => path.startsWith('words/') && extname(path) === '.json' },
  // The worker, the bindings of the wasm and what comes from npm are scripts like any other.
  js: { name: 'JS', holds: (path) => ['.js', '.mjs'].includes(extname(path)) },
  // Of both languages, though a reader fetches one.
  recorded: { name: 'recorded run', holds: (path) => path.startsWith('recorded/') && extname(path) !== '.zip' },
  checkpoint: { name: 'largest checkpoint', holds: (path) => path.startsWith('recorded/') && extname(path) === '.zip', each: true },
  // What was cut out of the wasm, and is fetched with the first page in HTML.
  lists: { name: 'lists of words', holds: (path) => path === 'stoplists.bin.gz' },
  wasm: { name: 'wasm', holds: (path) => extname(path) === '.wasm' },
};

/** All files below `folder`, with `/` between folders, each with its size after gzip. */
function weigh(folder) {
  const found = [];
  const walk = (within) => {
    for (const entry of readdirSync(within, { withFileTypes: true })) {
      const path = join(within, entry.name);
      if (entry.isDirectory()) {
        walk(path);
        continue;
      }
      const packed = PACKED.includes(extname(path)) ? readFileSync(path) : gzip(path);
      found.push({ path: relative(folder, path).split(sep).join('/'), size: packed.length });
    }
  };
  walk(folder);
  return found.sort((a, b) => b.size - a.size);
}

const digits = (n) => n.toLocaleString('en-US');
const percent = (share) => `${(100 * share).toFixed(1)}%`;

/** What is wrong with the sizes: sentences that say what was expected, what was found and what to do. */
function faults(parts, { limits, wasm }) {
  const said = [];
  for (const [kind, { name, size, files }] of Object.entries(parts)) {
    if (files.length === 0) said.push(`${name}: files were expected, and there is none: build the page with 'make dist'`);
    if (size > limits[kind]) {
      const largest = files.slice(0, 5).map((file) => `${file.path} ${digits(file.size)}`).join(', ');
      said.push(`${name}: at most ${digits(limits[kind])} bytes were expected, and there are ${digits(size)}: make it smaller (the largest are ${largest})`);
    }
  }
  const rise = parts.wasm.size / wasm.bytes - 1;
  if (rise > wasm.rise) {
    said.push(`wasm: at most ${percent(wasm.rise)} above the ${digits(wasm.bytes)} bytes that were accepted last were expected, and ${digits(parts.wasm.size)} are ${percent(rise)} above them: `
      + `make it smaller, or say why with 'node scripts/budgets.mjs --accept "REASON"' and commit scripts/budgets.json`);
  }
  return said;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { accept: { type: 'string' }, limits: { type: 'string', default: 'scripts/budgets.json' } },
});
const folder = positionals[0] ?? 'dist';
const budgets = JSON.parse(readFileSync(values.limits, 'utf8'));
let all;
try {
  all = weigh(folder);
} catch (error) {
  console.error(`budgets: ${folder} cannot be read (${error.code}): build the page with 'make dist'`);
  process.exit(1);
}
const parts = {};
for (const [kind, { name, holds, each }] of Object.entries(KINDS)) {
  const files = all.filter(({ path }) => holds(path));
  const size = each ? Math.max(0, ...files.map((file) => file.size)) : files.reduce((sum, file) => sum + file.size, 0);
  parts[kind] = { name, size, files };
}

if (values.accept !== undefined) {
  const reason = values.accept.trim();
  if (reason === '' || parts.wasm.files.length === 0) {
    console.error(reason === '' ? 'budgets: a reason was expected, and it is empty: --accept "what made the wasm larger"' : `budgets: ${folder} holds no wasm: build the page with 'make dist'`);
    process.exit(1);
  }
  Object.assign(budgets.wasm, { bytes: parts.wasm.size, reason });
  writeFileSync(values.limits, `${JSON.stringify(budgets, null, 2)}\n`);
}

console.log(`${'what'.padEnd(20)}${'bytes'.padStart(12)}${'limit'.padStart(12)}${'share'.padStart(9)}`);
for (const [kind, { name, size }] of Object.entries(parts)) {
  const limit = budgets.limits[kind];
  console.log(`${name.padEnd(20)}${digits(size).padStart(12)}${digits(limit).padStart(12)}${percent(size / limit).padStart(9)}`);
}
const { wasm } = budgets;
console.log(`wasm: ${digits(wasm.bytes)} bytes were accepted last (${wasm.reason})`);
const wrong = faults(parts, budgets);
for (const sentence of wrong) console.error(`budgets: ${sentence}`);
if (wrong.length > 0) process.exit(1);
if (wasm.bytes / parts.wasm.size - 1 > wasm.rise) {
  console.log(`The wasm is ${percent(1 - parts.wasm.size / wasm.bytes)} smaller than that: hold it there with --accept "REASON".`);
}
