// The script that weighs the page: on made-up folders, each with one thing wrong.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

/** Limits that a few bytes reach. */
const BUDGETS = {
  limits: { html_css: 1000, words: 1000, js: 2000, recorded: 3000, checkpoint: 4000, lists: 2000, wasm: 20_000 },
  wasm: { bytes: 10_023, rise: 0.03, reason: 'the first' },
};
/** Random bytes stay as long as they are, but for a head of some 20. */
const FILES = {
  'index.html': 300, 'style.css': 300, 'main.js': 500, 'vendor/lines.js': 500, 'words/en.json': 300, 'words/zh.json': 300, 'recorded/en.json': 1000,
  'recorded/zh.json': 1000, 'recorded/en.zip': 3000, 'recorded/zh.zip': 3000, 'stoplists.bin.gz': 1500, 'glasshouse_bg.wasm': 10_000, 'corpora/en.txt.gz': 90_000,
};

let folder;
let limits;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'budgets-'));
  limits = join(folder, 'limits.json');
});
after(() => rm(folder, { recursive: true }));

/** A page of these sizes, weighed. */
async function weighed(sizes, ...options) {
  const page = join(folder, 'dist');
  await rm(page, { recursive: true, force: true });
  for (const [name, size] of Object.entries({ ...FILES, ...sizes })) {
    if (size === null) continue;
    await mkdir(dirname(join(page, name)), { recursive: true });
    await writeFile(join(page, name), randomBytes(size));
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/budgets.mjs', page, '--limits', limits, ...options], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The same under the limits as they were. */
async function fresh(sizes, ...options) {
  await writeFile(limits, JSON.stringify(BUDGETS));
  return weighed(sizes, ...options);
}

test('a page within its limits passes, and every kind has its line', async () => {
  const { status, stdout, stderr } = await fresh({});
  assert.equal(stderr, '');
  assert.equal(status, 0);
  for (const line of [/^HTML and CSS +646 +1,000 +64\.6%$/m, /^words +646 +1,000/m, /^JS +1,046 +2,000/m, /^recorded run +2,046 +3,000/m, /^largest checkpoint +3,000 +4,000/m, /^lists of words +1,500 +2,000/m, /^wasm +10,02\d +20,000/m]) {
    assert.match(stdout, line);
  }
});

for (const [name, sizes, said] of [
  ['HTML and CSS', { 'more/tour.css': 400 }, /HTML and CSS: at most 1,000 bytes were expected, and there are 1,069: make it smaller \(the largest are more\/tour\.css/],
  ['words', { 'words/story.en.json': 400 }, /words: at most 1,000 bytes were expected, and there are 1,069: make it smaller \(the largest are words\/story\.en\.json/],
  ['JS', { 'worker.js': 1500 }, /JS: at most 2,000 bytes were expected, and there are 2,569: .*worker\.js 1,523/],
  ['recorded run', { 'recorded/zh.json': 2500 }, /recorded run: at most 3,000 bytes were expected/],
  ['largest checkpoint', { 'recorded/zh.zip': 4001 }, /largest checkpoint: at most 4,000 bytes were expected, and there are 4,001/],
  ['lists of words', { 'stoplists.bin.gz': 2001 }, /lists of words: at most 2,000 bytes were expected, and there are 2,001/],
  ['wasm', { 'glasshouse_bg.wasm': 20_001 }, /wasm: at most 20,000 bytes were expected/],
]) {
  test(`${name}: too much of it fails, and says what was expected and what was found`, async () => {
    const { status, stderr } = await fresh(sizes);
    assert.equal(status, 1);
    assert.match(stderr, said);
  });
}

test('a page without one of its kinds is not a page', async () => {
  const { status, stderr } = await fresh({ 'glasshouse_bg.wasm': null });
  assert.equal(status, 1);
  assert.match(stderr, /wasm: files were expected, and there is none: build the page/);
  const nothing = spawnSync(process.execPath, ['scripts/budgets.mjs', join(folder, 'nowhere')], { encoding: 'utf8' });
  assert.equal(nothing.status, 1);
  assert.match(nothing.stderr, /nowhere cannot be read \(ENOENT\): build the page/);
});

test('a wasm that grew by more than its share fails until it is accepted with a reason', async () => {
  assert.equal((await fresh({ 'glasshouse_bg.wasm': 10_290 })).status, 0);
  const grown = { 'glasshouse_bg.wasm': 10_400 };
  const { status, stderr } = await weighed(grown);
  assert.equal(status, 1);
  assert.match(stderr, /wasm: at most 3\.0% above the 10,023 bytes .* and 10,42\d are 4\.0% above them: .*--accept/);
  const empty = await weighed(grown, '--accept', ' ');
  assert.equal(empty.status, 1);
  assert.match(empty.stderr, /a reason was expected, and it is empty/);
  assert.deepEqual(JSON.parse(await readFile(limits, 'utf8')), BUDGETS);
  const accepted = await weighed(grown, '--accept', 'a second model');
  assert.equal(accepted.status, 0);
  assert.match(accepted.stdout, /10,42\d bytes were accepted last \(a second model\)/);
  const { wasm, limits: kept } = JSON.parse(await readFile(limits, 'utf8'));
  assert.deepEqual(kept, BUDGETS.limits);
  assert.deepEqual([wasm.reason, wasm.rise], ['a second model', 0.03]);
  assert.ok(Math.abs(wasm.bytes - 10_423) < 10);
  assert.equal((await weighed(grown)).status, 0);
  // What is accepted stays under the limit all the same.
  assert.equal((await weighed({ 'glasshouse_bg.wasm': 21_000 }, '--accept', 'everything')).status, 1);
});
