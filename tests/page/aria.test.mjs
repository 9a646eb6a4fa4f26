// What assistive technology is given of every stage, on the recorded run: roles, names, states and words, against the files in
// tests/page/aria/. Who changes the page on purpose writes them anew, reads the difference, and commits it:
//
//   UPDATE=1 node --test tests/page/aria.test.mjs

import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { STAGES, enter, lab, ready } from './page.mjs';

const FOLDER = new URL('aria/', import.meta.url);
/** What differs from machine to machine: the device and its numbers. */
const MACHINE = '#device, #machine dd';
/** Of several neighbours with one role, cells of a row say, so many are kept; of what is long by itself, fewer. */
const KEPT = 8;
const FEW = { row: 3, listitem: 3, term: 3, definition: 3 };

const built = lab();

/** A snapshot as a tree: each line with what is indented below it. */
function tree(snapshot) {
  const root = { line: '', children: [] };
  const path = [root];
  for (const written of snapshot.split('\n')) {
    const [, indent, line] = written.match(/^( *)(.*)$/);
    const node = { line, children: [] };
    path.length = indent.length / 2 + 1;
    path.at(-1).children.push(node);
    path.push(node);
  }
  return root.children;
}

/** What a line says it is of: `- row "1 the": …` is a row. */
const role = ({ line }) => line.match(/^- '?([\w/]+)/)?.[1] ?? '';

/** A tree as lines, with the first of many neighbours of one role, and how many more there are. */
function lines(nodes, indent = '') {
  const written = [];
  for (let at = 0, run = 0; at < nodes.length; at += 1) {
    run = at > 0 && role(nodes[at]) === role(nodes[at - 1]) ? run + 1 : 0;
    if (run < (FEW[role(nodes[at])] ?? KEPT)) {
      written.push(indent + nodes[at].line, ...lines(nodes[at].children, `${indent}  `));
      continue;
    }
    let more = 1;
    while (at + 1 < nodes.length && role(nodes[at + 1]) === role(nodes[at])) {
      at += 1;
      more += 1;
    }
    written.push(`${indent}# ${more} more of ${role(nodes[at])}`);
  }
  return written;
}

const written = (nodes) => `${lines(nodes).join('\n')}\n`;

test('every stage is to assistive technology what it was', async () => {
  const page = await built.open();
  await ready(page);
  const trees = {};
  for (const stage of STAGES) {
    await enter(page, stage);
    // The reading follows with the next picture.
    await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); }));
    await page.locator(MACHINE).evaluateAll((all) => all.forEach((element) => {
      element.textContent = '…';
    }));
    trees[stage] = tree(await page.locator('body').ariaSnapshot());
  }
  // What is the same in every stage is told once.
  const own = (nodes) => nodes.map((node) => written([node]));
  const shared = new Set(own(trees.train).filter((part) => STAGES.every((stage) => own(trees[stage]).includes(part))));
  const found = { shell: written(trees.train.filter((node) => shared.has(written([node])))) };
  for (const stage of STAGES) found[stage] = written(trees[stage].filter((node) => !shared.has(written([node]))));
  if (process.env.UPDATE) for (const [name, text] of Object.entries(found)) await writeFile(new URL(`${name}.yml`, FOLDER), text);
  assert.deepEqual((await readdir(FOLDER)).sort(), Object.keys(found).map((name) => `${name}.yml`).sort());
  for (const [name, text] of Object.entries(found)) {
    assert.equal(text, await readFile(new URL(`${name}.yml`, FOLDER), 'utf8'), `${name}: where this is meant, write it anew with UPDATE=1`);
  }
  assert.deepEqual(page.errors, []);
});
