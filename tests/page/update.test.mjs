// One update on a copy, from the button to the table: what the page shows is what the engine told, kept and undone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURES, SMALL, axe, catalogue, control, lab, none, ready, says, set, small_run, until } from './page.mjs';

const TEXT = 'Now is the winter of our discontent made glorious summer by this sun of York. '.repeat(60);
const built = lab();

const caption = (page) => page.locator('#update figcaption');
const shown = async (page, when) => {
  const value = await page.locator(`[data-metric=target-probability-${when}]`).getAttribute('data-value');
  return value === null ? null : Number(value);
};
/** The last thing that the engine told of an update. */
const told = (page) => page.evaluate(() => globalThis.heard.at(-1));

/** A change as the page writes it. */
const written = (page, change) => page.evaluate((change) => new Intl.NumberFormat('en', { signDisplay: 'exceptZero', maximumSignificantDigits: 3 }).format(change), change);

/** Runs before the page's own scripts: keeps what its worker tells of updates. */
function record() {
  globalThis.heard = [];
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => globalThis.heard.push(...data.filter(({ event }) => event === 'updated')));
    }
  };
}

/** A page whose run has taken `steps` steps of `text` and waits; with a record of what its worker tells of updates. */
async function trained(steps, { text = TEXT, settings = {}, ...options } = {}) {
  const page = await built.open('?device=cpu', { ...options, first: record });
  await small_run(page, { text, steps, warmup: 0, ...settings });
  await control(page, 'train').click();
  await until(page, 'step', 'exactly', steps);
  await page.locator('#update .tokens li').nth(1).waitFor({ state: 'attached' });
  return page;
}

/** Types a sentence, and waits until its tokens are there. */
async function type(page, sentence) {
  await page.locator('[data-input=update]').fill(sentence);
  await page.waitForFunction((wanted) => globalThis.heard.at(-1)?.text === wanted, sentence);
  await still(page);
}

/** Waits until nothing is asked for any more. */
const still = (page) => page.locator('#update:not([aria-busy=true])').waitFor();

/** Presses a button, and waits for what it leads to. */
async function press(page, action) {
  const before = await page.evaluate(() => globalThis.heard.length);
  await control(page, action).click();
  await page.waitForFunction((before) => globalThis.heard.length > before, before);
  await still(page);
}

test('before there is a run, the figure says what to do and its buttons are off', async () => {
  const page = await built.open();
  await ready(page);
  await caption(page).filter({ hasText: 'One step of training is enough' }).waitFor();
  for (const action of ['update', 'update-ten', 'keep', 'undo']) assert.ok(await control(page, action).isDisabled(), action);
  assert.equal(await shown(page, 'before'), null);
});

test('what is shown is what the engine told, and ten more go on from there', async () => {
  const page = await trained(4);
  await type(page, 'Now is the summer of York');
  assert.equal(await shown(page, 'before'), (await told(page)).target.before.probability);
  assert.equal(await shown(page, 'after'), null, 'nothing is tried yet');
  assert.ok(await control(page, 'keep').isDisabled());

  await press(page, 'update');
  const once = await told(page);
  assert.deepEqual([once.updates, once.count], [1, 1]);
  assert.equal(await shown(page, 'before'), once.target.before.probability);
  assert.equal(await shown(page, 'after'), once.target.after.probability);
  assert.ok(once.target.after.probability > once.target.before.probability, 'the right token has become likelier');
  assert.match(await caption(page).textContent(), /^Before, “.*” had .*% at this place, rank .* After one update it has .*%/);

  // The table has both numbers of each token, and the sign of the change.
  const rows = await page.locator('#update .candidates tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.equal(rows.length, once.candidates.length + 1);
  for (const [i, { before, after }] of once.candidates.entries()) {
    const near = (cell, value) => Math.abs(Number(cell.replace('%', '')) - 100 * value) <= 100 * value * 0.006 + 1e-12;
    assert.ok(near(rows[i][2], before.probability) && near(rows[i][3], after.probability), rows[i].join());
    const change = Math.sign(after.probability - before.probability);
    assert.equal({ '+': 1, '-': -1 }[rows[i][4][0]] ?? 0, change, rows[i].join());
  }
  for (const [i, { log_change: change }] of [...once.candidates, once.rest].entries()) {
    assert.equal(rows[i][5], await written(page, change), rows[i].join());
  }
  assert.equal(rows.at(-1)[0], `${once.rest.tokens} others`);
  assert.ok(Math.abs(Number(rows.at(-1)[2].replace('%', '')) - 100 * once.rest.before) <= 0.6, rows.at(-1).join());
  const picked = await page.locator('#update .candidates .picked').count();
  assert.equal(picked, 1);
  assert.equal(await page.locator('#update .elsewhere tbody tr').count(), once.elsewhere.length);

  await press(page, 'update-ten');
  const ten = await told(page);
  assert.deepEqual([ten.updates, ten.count], [11, 10]);
  assert.equal(ten.target.before.probability, once.target.after.probability);
  assert.equal(await shown(page, 'before'), once.target.after.probability);
  assert.equal(await shown(page, 'after'), ten.target.after.probability);
  assert.deepEqual(page.errors, []);
});

test('the slopes are the probabilities that were told, and no label covers another', async () => {
  const page = await trained(6);
  await type(page, 'Now is the summer of York');
  assert.equal(await page.locator('.slope').isVisible(), false, 'nothing is tried yet');
  await press(page, 'update-ten');
  const { candidates, target } = await told(page);
  const picture = page.locator('.slope svg');
  assert.equal(await picture.getAttribute('role'), 'img');
  assert.match(await picture.getAttribute('aria-label'), /^Before at the left, after at the right: .* from [\d.]+% to [\d.]+%, /);
  assert.ok((await page.locator(`#${await picture.getAttribute('aria-describedby')} tbody tr`).count()) > candidates.length);
  const lines = await picture.locator('[data-id]').evaluateAll((all) => all.map((line) => ({
    id: Number(line.dataset.id), kind: line.getAttribute('class'), ends: line.getAttribute('d').match(/[\d.]+/g).map(Number),
  })));
  assert.equal(lines.length, candidates.length);
  assert.deepEqual(lines.at(-1), { ...lines.at(-1), id: target.id, kind: 'more target' }, 'the target lies above the others');
  // One scale for all ends: heights are a linear function of the logarithms.
  const height = Number(await picture.getAttribute('height'));
  const ends = lines.flatMap(({ id, ends: [, from, , to] }) => {
    const { before, after } = candidates.find((shift) => shift.id === id);
    return [[before.log_probability, from], [after.log_probability, to]];
  });
  const [low, high] = [Math.min, Math.max].map((f) => f(...ends.map(([log]) => log)));
  for (const [log, y] of ends) assert.ok(Math.abs(y - (8 + ((high - log) / (high - low)) * (height - 16))) < 1e-6, `${log} at ${y}`);
  for (const { id, kind } of lines) {
    const { log_change: change } = candidates.find((shift) => shift.id === id);
    assert.ok(kind.startsWith(change < 0 ? 'less' : 'more'), `${kind} for ${change}`);
  }
  for (const side of ['before', 'after']) {
    const labels = await page.locator(`.slope .${side} li`).evaluateAll((all) => all.map((item) => ({ ...item.getBoundingClientRect().toJSON(), said: item.textContent })));
    assert.equal(labels.length, candidates.length);
    const order = [...candidates].sort((a, b) => b[side].log_probability - a[side].log_probability);
    for (const [i, { said, top, bottom }] of labels.entries()) {
      assert.ok(said.startsWith(order[i].text.replaceAll(' ', '·').slice(0, 1)) && said.endsWith('%'), said);
      if (i > 0) assert.ok(top >= labels[i - 1].bottom - 0.01, `${labels[i - 1].said} and ${said}`);
      assert.ok(bottom - top > 10);
    }
  }
  assert.deepEqual(page.errors, []);
});

test('labels that would cover each other move apart, and stay within', async () => {
  const { apart } = await import('../../www/stages/train/slope.js');
  assert.deepEqual(apart([8, 50, 90], 100), [8, 50, 90]);
  assert.deepEqual(apart([8, 8, 8], 100), [8, 24, 40]);
  assert.deepEqual(apart([80, 90, 92, 92], 100), [44, 60, 76, 92]);
});

/** The change of one head as it is drawn: a colour a cell, and those of the scale. */
const drawn = (page) => page.locator('#attention-change .change-matrix').evaluate((canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const style = getComputedStyle(document.body);
  const [less, none, more] = ['--less', '--paper', '--more'].map((name) => {
    const digits = style.getPropertyValue(name).trim().slice(1);
    return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
  });
  const { attention_change: change, heads } = globalThis.heard.at(-1);
  return { width, height, pixels: [...data], less, none, more, change: [...change], heads };
});

/** What lies behind the cells that are clear, and what the legend shows for it, beside its words. */
const hatches = (page) => page.locator('#attention-change').evaluate((figure) => {
  const hatch = (selector, part) => getComputedStyle(figure.querySelector(selector), part).backgroundImage;
  return { behind: hatch('.change-matrix'), legend: hatch('.hatched', '::before'), words: figure.querySelector('.hatched').textContent };
});

/** Holds the picture of the head at `at` against the numbers that were told. */
async function holds(page, at) {
  const { width: n, height, pixels, less, none, more, change, heads } = await drawn(page);
  assert.equal(height, n);
  const extent = Math.abs(heads[at].largest);
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column < n; column += 1) {
      const cell = 4 * (row * n + column);
      if (column > row) {
        assert.equal(pixels[cell + 3], 0, 'what a token never sees stays clear');
        continue;
      }
      const share = change[at * n * n + row * n + column] / extent;
      const want = none.map((channel, i) => channel + Math.abs(share) * ((share < 0 ? less : more)[i] - channel));
      for (let i = 0; i < 3; i += 1) assert.ok(Math.abs(pixels[cell + i] - want[i]) <= 1, `${row}, ${column}: ${pixels.slice(cell, cell + 3)} for ${want}`);
    }
  }
  const figure = page.locator('#attention-change');
  const { layer, head, largest } = heads[at];
  assert.equal(await figure.getAttribute('data-tensor'), `attention.${layer}.${head}`);
  assert.equal(await figure.getAttribute('data-shape'), `${n}x${n}`);
  assert.deepEqual(await figure.locator('.change-less, .change-more').allTextContents(), [await written(page, -extent), await written(page, extent)]);
  assert.equal(await figure.locator('[aria-pressed=true]').last().getAttribute('data-head'), String(head));
  return { layer, head, largest };
}

test('where the heads look changed as it was told: the head that changed most, or the one that is chosen', async () => {
  const page = await trained(6, { settings: { layers: 2 } });
  const figure = page.locator('#attention-change');
  await type(page, 'Now is the summer of York');
  assert.match(await figure.locator('figcaption').textContent(), /^Nothing has been tried yet/);
  await press(page, 'update-ten');
  const { heads, most_changed: most, tokens } = await told(page);
  assert.equal(heads.length, 4);
  assert.ok(heads.every(({ mean }) => mean <= heads[most].mean));
  const { layer, head, largest } = await holds(page, most);
  const { behind, legend, words } = await hatches(page);
  assert.match(behind, /^repeating-linear-gradient/);
  assert.equal(legend, behind);
  assert.equal(words, (await catalogue('en'))['inspect.masked']);
  const said = await figure.locator('figcaption').textContent();
  assert.match(said, new RegExp(`^Layer ${layer + 1}, head ${head + 1} has changed most: `));
  const name = (at) => tokens[at].text.replaceAll(' ', '·');
  assert.ok(said.endsWith(`that of “${name(heads[most].from)}” at “${name(heads[most].to)}”, by ${await written(page, largest)}.`), said);
  const rows = await figure.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  for (const [i, shift] of heads.entries()) {
    assert.deepEqual([rows[i][0], rows[i][2]], [`layer ${shift.layer + 1}, head ${shift.head + 1}`, await written(page, shift.largest)]);
  }
  assert.equal(await figure.locator('.change-rows li').count(), tokens.length - 1);

  // Another head, by key; it is the one that Inspect shows, too. And back.
  const other = (most + 1) % heads.length;
  await figure.locator('tbody button').nth(other).press('Enter');
  await holds(page, other);
  assert.match(await figure.locator('figcaption').textContent(), new RegExp(`has changed most|^In layer ${heads[other].layer + 1}, head ${heads[other].head + 1} `));
  await control(page, 'head-most').click();
  await holds(page, most);
  // The colours of another theme, and what is told of a batch.
  await page.locator('#theme').selectOption('dark');
  await holds(page, most);
  await page.locator('[name=update-on]').selectOption('batch');
  await page.waitForFunction(() => globalThis.heard.at(-1).text === undefined);
  await still(page);
  await press(page, 'update');
  const batch = await told(page);
  assert.equal((await drawn(page)).width, SMALL.context);
  await holds(page, batch.most_changed);
  await press(page, 'undo');
  await figure.locator('figcaption').filter({ hasText: 'Nothing has been tried yet' }).waitFor();
  assert.deepEqual(page.errors, []);
});

test('another token is chosen by key, and the next batch is shown as well', async () => {
  const page = await trained(3);
  await type(page, 'Now is the winter of York');
  await page.locator('#update .tokens [aria-selected=true]').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => globalThis.heard.at(-1).position === 2);
  await still(page);
  const chosen = page.locator('#update .tokens [aria-selected=true]');
  assert.equal(await chosen.getAttribute('data-index'), '2');
  assert.equal(await chosen.evaluate((item) => item === document.activeElement), true, 'the focus stays on it');
  await page.locator('[name=update-on]').selectOption('batch');
  await page.waitForFunction(() => globalThis.heard.at(-1).text === undefined);
  await still(page);
  await press(page, 'update');
  const batch = await told(page);
  assert.deepEqual([batch.rows, batch.tokens.length], [SMALL.batch, SMALL.context + 1]);
  assert.match(await caption(page).textContent(), /made on 4 windows/);
  assert.ok(batch.loss_after < batch.loss_before);
});

test('keep changes what Inspect shows, and undo leaves it as it was', async () => {
  const page = await trained(4);
  await type(page, 'Now is the winter of our York');
  const { tokens, position } = await told(page);
  const prompt = tokens.slice(0, position).map(({ text }) => text).join('');
  /** The probabilities of the next token that Inspect shows, by token. */
  const inspected = async (wait) => {
    await page.locator('[data-stage=inspect]').click();
    await page.locator('[data-input=prompt]').fill(prompt);
    await page.waitForFunction((n) => document.querySelectorAll('#attention-rows li').length === n, position);
    await page.waitForFunction(wait, null);
    const rows = await page.locator('#next tbody tr').evaluateAll((all) => all.map(({ cells }) => [cells[1].textContent, cells[4].textContent]));
    await page.locator('[data-stage=train]').click();
    await still(page);
    return rows;
  };
  const there = () => document.querySelectorAll('#next tbody tr').length > 0;
  const before = await inspected(there);
  await press(page, 'update');
  await press(page, 'undo');
  await caption(page).filter({ hasText: 'Undone: the run is what it was.' }).waitFor();
  assert.equal(await shown(page, 'after'), null);
  assert.deepEqual(await inspected(there), before);

  await press(page, 'update-ten');
  const { candidates } = await told(page);
  await press(page, 'keep');
  await caption(page).filter({ hasText: 'Kept: the run goes on from here.' }).waitFor();
  assert.match(await page.locator('#timeline figcaption').textContent(), /step 4 of 4, loss \d\.\d\d, and since then updates kept: 10\.$/);
  const now = new Map(await inspected(there));
  assert.notDeepEqual([...now], before);
  for (const { text, after } of candidates.filter(({ after }) => after.rank < 5)) {
    const value = Number(now.get(text.replaceAll(' ', '·')));
    assert.ok(Math.abs(value - after.probability) <= 0.006 * after.probability, `${text}: ${value} for ${after.probability}`);
  }
  assert.deepEqual(page.errors, []);
});

test('an update pauses a run that goes on, and training on forgets it', async () => {
  const page = await trained(2);
  await set(page, { steps: 100_000 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 6);
  await press(page, 'update');
  await says(page, 'Paused');
  assert.equal((await told(page)).updates, 1);
  await control(page, 'step').click();
  await caption(page).filter({ hasText: 'The run has trained on, so what was tried is forgotten.' }).waitFor();
  await page.locator('[data-action=keep]:disabled').waitFor();
  await control(page, 'reset').click();
  await caption(page).filter({ hasText: 'There is no model yet' }).waitFor();
  assert.equal(await shown(page, 'before'), null);
  assert.deepEqual(page.errors, []);
});

test('hostile text stays text', async () => {
  const hostile = '<img src=x onerror="document.title=1"><b>bold</b>';
  const page = await trained(2, { text: hostile.repeat(60) });
  await type(page, hostile);
  await press(page, 'update');
  assert.equal(await page.locator('#update img, #update .told b').count(), 0);
  assert.equal(await page.title(), 'Glasshouse');
  assert.equal((await told(page)).tokens.length, await page.locator('#update .tokens li').count());
  assert.deepEqual(page.errors, []);
});

for (const [width, colorScheme, locale] of [[360, 'light', 'en-US'], [360, 'dark', 'zh-CN'], [1280, 'light', 'zh-CN'], [1280, 'dark', 'en-US']]) {
  test(`a tried update fits ${width} pixels, ${colorScheme}, ${locale}, and axe finds no fault`, async () => {
    const page = await trained(4, { viewport: { width, height: 900 }, colorScheme, locale });
    await press(page, 'update');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    for (const name of ['update', 'attention-change']) await page.locator(`#${name}`).screenshot({ path: `${PICTURES}/${name}-${width}-${colorScheme}-${locale}.png` });
    none(await axe(page));
    const small = await page.locator(':is(#update, #attention-change) :is(button, select, [role=option]:not([aria-disabled]))').evaluateAll((all) => all
      .filter((element) => element.checkVisibility()).map((element) => element.getBoundingClientRect()).filter(({ width, height }) => width < 24 || height < 24).length);
    assert.equal(small, 0, 'all that is pressed has 24 pixels');
  });
}
