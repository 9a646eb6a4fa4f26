// Two steps of the time line compared: marked by key and by button, flipped between, and what differs is what each shows.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { chance } from '../../www/stages/inspect/comparison.js';
import { PICTURES, axe, control, lab, none, says, small_run, take_steps, until } from './page.mjs';

const built = lab();

const figure = (page) => page.locator('#comparison');
const slider = (page) => page.locator('#timeline [name=at]');
const compared = (page) => figure(page).and(page.locator('[data-tensor=logits]')).waitFor();
const rows = (page) => figure(page).locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map(({ textContent }) => textContent)));
const number = (cell) => Number(cell.replace(/[,%<> ]/g, ''));

/** What the views of the stage Inspect say of the step that they show. */
async function seen(page, step) {
  await page.locator(`#next[data-step="${step}"]`).waitFor();
  await page.locator(`#timeline[data-step="${step}"]`).waitFor();
  return page.evaluate(() => ({
    chances: Object.fromEntries([...document.querySelectorAll('#next tbody tr')].map(({ cells }) => [cells[1].textContent, Number(cells[4].textContent)])),
    best: document.querySelector('#next tbody td.token').textContent,
    bits: document.querySelector('.heads [aria-selected=true]').ariaLabel.match(/([\d.]+) bits/)[1],
    loss: document.querySelector('#timeline figcaption').textContent.match(/loss (\d+\.\d\d)/)[1],
  }));
}

/** A run of some steps, looked at in the stage Inspect. */
async function stepped(page, steps) {
  await small_run(page, { steps: 1000, lr: 0.01, warmup: 0 });
  await take_steps(page, steps);
  await page.locator('[data-stage=inspect]').click();
}

test('A and B are marked, flipped between, and compared by what either shows', async () => {
  const page = await built.open();
  await stepped(page, 4);
  const pinned = page.locator('#timeline-snapshots li').filter({ hasText: 'pinned' });
  const b = await seen(page, 4);
  await slider(page).focus();
  await page.keyboard.press(']');
  await pinned.waitFor({ state: 'attached' });
  assert.equal(await figure(page).isVisible(), false, 'one step alone is not compared');
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowLeft');
  const a = await seen(page, 1);
  await control(page, 'compare-a').click();
  await compared(page);
  assert.match(await page.locator('#timeline figcaption').textContent(), /A is step 1\. B is step 4\.$/);
  // The names stand where the steps do.
  const place = await page.locator('.mark-a').evaluate((mark) => mark.getBoundingClientRect().left);
  const track = await slider(page).boundingBox();
  assert.ok(Math.abs(place - (track.x + 8 + (track.width - 16) * (1 / 4))) < 2 || Math.abs(place - (track.x + 8)) < 2, `${place} of ${JSON.stringify(track)}`);

  const [losses, entropies, ...tokens] = await rows(page);
  assert.deepEqual(losses.slice(2, 4), [a.loss, b.loss]);
  assert.ok(Math.abs(number(losses[4]) - (Number(b.loss) - Number(a.loss))) < 0.011, losses.join());
  assert.deepEqual(entropies.slice(2, 4), [a.bits, b.bits]);
  assert.ok(tokens.length >= 5 && tokens.some(([token]) => token === a.best) && tokens[0][0] === b.best);
  for (const [token, , first, last, change] of tokens) {
    for (const [cell, { chances }] of [[first, a], [last, b]]) {
      if (token in chances) assert.ok(Math.abs(number(cell) / 100 - chances[token]) <= 0.006 * chances[token], `${token}: ${cell}, ${chances[token]}`);
    }
    assert.ok(Math.abs(number(change) - (number(last) - number(first))) < 0.06, `${token}: ${first} ${last} ${change}`);
  }
  assert.match(await figure(page).locator('figcaption').textContent(), new RegExp(`^From A, step 1, to B, step 4, the loss went from ${a.loss} to ${b.loss}\\.`));
  assert.equal(await figure(page).getAttribute('data-run'), 'live');

  // The same key again flips, and so do the buttons.
  await slider(page).focus();
  for (const [key, step] of [[']', 4], ['[', 1], ['[', 4], [']', 1]]) {
    await page.keyboard.press(key);
    await seen(page, step);
  }
  await control(page, 'compare-flip').click();
  await seen(page, 4);
  await control(page, 'compare-a').click();
  await seen(page, 1);
  assert.equal(await control(page, 'compare-a').getAttribute('aria-pressed'), 'true');
  // Another head, another entropy; another prompt, other tokens.
  const before = (await rows(page))[1];
  await page.locator('.heads button').nth(1).click();
  await page.waitForFunction((old) => document.querySelector('#comparison tbody tr:nth-child(2) th').textContent !== old, before[0]);
  const other = (await rows(page)).flat().join('');
  await page.locator('#prompt').fill('bones');
  await page.waitForFunction((old) => !document.querySelector('#comparison.waiting') && document.querySelector('#comparison tbody').textContent !== old, other);

  // Escape lets both go, and the pins that were there for them.
  await slider(page).focus();
  await page.keyboard.press('Escape');
  await figure(page).waitFor({ state: 'hidden' });
  await pinned.nth(1).waitFor({ state: 'detached' });
  await pinned.waitFor({ state: 'detached' });
  assert.equal(await page.locator('.mark-a').isVisible(), false);
  assert.deepEqual(page.errors, []);
});

test('what is marked stays while the run goes on, and goes with the run', async () => {
  const page = await built.open();
  await stepped(page, 3);
  await control(page, 'compare-a').click();
  await page.locator('#timeline figcaption').filter({ hasText: 'A is step 3.' }).waitFor();
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 80);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  await control(page, 'compare-b').click();
  await compared(page);
  assert.match(await figure(page).locator('.at-a').textContent(), /step 3$/);
  await control(page, 'reset').click();
  await figure(page).waitFor({ state: 'hidden' });
  await page.locator('#timeline[data-run=recorded]').waitFor();
  assert.doesNotMatch(await page.locator('#timeline figcaption').textContent(), /A is/);
  assert.deepEqual(page.errors, []);
});

/** The recorded run, its first step and its last compared. */
async function recorded(options = {}) {
  const page = await built.open('?device=cpu#stage=inspect', { refused: '**/*.wasm', ...options });
  await page.locator('#attention[data-run=recorded]').waitFor();
  await slider(page).focus();
  for (const key of [']', 'Home', '[']) await page.keyboard.press(key);
  await compared(page);
  return page;
}

test('two steps of the recorded run are compared by their recorded looks, without any engine', async () => {
  const run = JSON.parse(await readFile('recorded/en.json', 'utf8'));
  const page = await recorded();
  const [losses, entropies, ...tokens] = await rows(page);
  const [first, last] = [run.looks[0], run.looks.at(-1)];
  assert.deepEqual([losses[2], losses[3], losses[4]], ['', run.steps.loss.at(-1).toFixed(2), ''], 'before the first step there is no loss');
  for (const [cell, { entropy }] of [[entropies[2], first], [entropies[3], last]]) assert.ok(Math.abs(number(cell) - entropy[0]) < 0.006 * entropy[0] + 0.001, `${cell} ${entropy[0]}`);
  assert.equal(await figure(page).getAttribute('data-run'), 'recorded');
  // What is not among the recorded tokens of a step is under the last of them.
  const least = first.candidates.findLast(([, , rank], i) => rank === i)[4];
  const ids = await figure(page).locator('tbody tr[data-id]').evaluateAll((all) => all.map(({ dataset }) => Number(dataset.id)));
  let under = 0;
  for (const [i, id] of ids.entries()) {
    const known = first.candidates.find(([other]) => other === id);
    const [, , cell, , change] = tokens[i];
    under += known ? 0 : 1;
    assert.equal(cell.startsWith('< '), !known);
    assert.equal(change.startsWith('> '), !known);
    assert.ok(Math.abs(number(cell) / 100 - (known?.[4] ?? least)) < 0.006 * least + 0.006 * (known?.[4] ?? 0), `${cell} ${known} ${least}`);
  }
  assert.ok(under > 0);
  await page.locator('#prompt').fill('What is a king?');
  await figure(page).locator('figcaption').filter({ hasText: 'its own prompt alone' }).waitFor();
  await page.locator('#prompt').fill(run.prompt);
  await compared(page);
  assert.deepEqual(page.errors.filter((error) => !error.includes('ERR_FAILED')), []);
});

test('a token that is none of the likeliest has its probability by its logit, or is under the last of them', () => {
  const logits = Float32Array.from([2, 1, 0, -1]);
  const sum = logits.reduce((all, logit) => all + Math.exp(logit), 0);
  const candidates = [0, 1].map((id) => ({ id, rank: id, logit: logits[id], probability: Math.exp(logits[id]) / sum, log_probability: logits[id] - Math.log(sum) }));
  assert.deepEqual(chance({ candidates, logits }, 1), { value: candidates[1].probability });
  assert.ok(Math.abs(chance({ candidates, logits }, 3).value - Math.exp(-1) / sum) < 1e-12);
  // What was drawn stands behind the likeliest, wherever its rank is.
  assert.deepEqual(chance({ candidates: [...candidates, { id: 3, rank: 3, probability: 0.01 }] }, 2), { value: candidates[1].probability, most: true });
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    test(`the comparison fits ${width} pixels, ${colorScheme}, and axe finds no fault`, async () => {
      const page = await recorded({ viewport: { width, height: 900 }, colorScheme, locale: colorScheme === 'dark' ? 'zh-CN' : 'en-US' });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      await figure(page).scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${PICTURES}/comparison-${colorScheme}-${width}.png` });
      none(await axe(page));
    });
  }
}
