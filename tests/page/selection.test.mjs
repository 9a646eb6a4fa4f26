// One selection for all views: pointing at a thing is seen everywhere at once, a click or Enter keeps it, Escape lets it go.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { axe, control, lab, none, ready, says, small_run, take_steps } from './page.mjs';

const STAGES = ['data', 'tokenizer', 'train', 'inspect', 'generate'];
const built = lab();

const panel = (page) => page.locator('#inspector');
const row = (page, name) => page.locator(`[data-reading=${name}]`);
const state = (page, wanted) => page.locator(`#inspector[data-state=${wanted}]`).waitFor();
const value = (page) => row(page, 'value').getAttribute('data-value');
const cell = (page, i, j) => page.locator('#attention .matrix').evaluate((canvas, [i, j]) => ({
  x: ((j + 0.5) * canvas.clientWidth) / canvas.width, y: ((i + 0.5) * canvas.clientHeight) / canvas.width,
}), [i, j]);
/** What is not pointed at by anything. */
const away = (page) => page.locator('.mark').hover();

/** What the engine tells, as the page hears it. */
async function told(page) {
  await page.addInitScript(() => {
    globalThis.told = {};
    const { addEventListener: listen } = Worker.prototype;
    Worker.prototype.addEventListener = function hear(name, hearer) {
      return listen.call(this, name, (event) => {
        for (const one of name === 'message' ? event.data : []) globalThis.told[one.event] = one;
        hearer(event);
      });
    };
  });
  await page.reload();
  await ready(page);
  return page;
}

const TEXT = 'Now is the winter of our discontent made glorious summer. '.repeat(60);

/** A run of two steps on little text. */
async function stepped(page, values = {}) {
  await small_run(page, { text: TEXT, ...values });
  await take_steps(page, 2);
}

test('a look that is pointed at is seen in matrix, arcs, words and inspector, with the recorded number', async () => {
  const run = JSON.parse(await readFile('recorded/en.json', 'utf8'));
  const page = await built.open('?device=cpu#stage=inspect', { refused: '**/*.wasm' });
  await page.locator('#attention[data-run=recorded]').waitFor();
  const n = run.tokens.length;
  const numbers = new Uint16Array(new Uint8Array(Buffer.from(run.looks.at(-1).attention, 'base64')).buffer);
  const look = (head, i, j) => Math.fround(numbers[(head * n * (n + 1)) / 2 + (i * (i + 1)) / 2 + j] / 65_535);
  await state(page, 'none');
  assert.equal(await control(page, 'release').isDisabled(), true);
  await page.locator('#attention .matrix').hover({ position: await cell(page, 5, 3) });
  await state(page, 'previewed');
  assert.equal(Number(await value(page)), look(0, 5, 3));
  assert.match(await row(page, 'cell').textContent(), new RegExp(`Token 6, “.*${run.tokens[5].text.trim()}”, looks at token 4, “.*${run.tokens[3].text.trim()}”`));
  assert.match(await row(page, 'tensor').textContent(), new RegExp(`^attention\\.0\\.0 · ${n} × ${n}$`));
  assert.match(await row(page, 'token').textContent(), new RegExp(`^6 of ${n}, .*number ${run.tokens[5].id}$`));
  assert.match(await row(page, 'run').textContent(), /^recorded run · 4 layers, 4 heads/);
  assert.equal(await page.locator('#attention .row-sentence').textContent(), await page.locator('#attention-rows li').nth(5).textContent());
  const faint = () => page.locator('.arcs-lines path').evaluateAll((all) => all.map(({ dataset, classList }) => [Number(dataset.from), classList.contains('faint')]));
  assert.ok((await faint()).every(([from, off]) => off === (from !== 5)));
  const [mark, matrix] = await Promise.all(['#attention .cell-mark', '#attention .matrix'].map((part) => page.locator(part).boundingBox()));
  assert.ok(Math.abs(mark.x - matrix.x - (3 * matrix.width) / n) < 2 && Math.abs(mark.y - matrix.y - (5 * matrix.height) / n) < 2);
  // A click keeps it, pointing elsewhere is seen over it, and another head reads the same cell.
  await page.locator('#attention .matrix').click({ position: await cell(page, 5, 3) });
  await state(page, 'kept');
  await page.locator('#attention .matrix').hover({ position: await cell(page, 8, 1) });
  await state(page, 'previewed');
  assert.equal(Number(await value(page)), look(0, 8, 1));
  await page.locator('.heads button').nth(6).hover();
  await page.locator('[data-reading=tensor]').filter({ hasText: 'attention.1.2' }).waitFor();
  assert.equal(Number(await value(page)), look(6, 5, 3));
  assert.equal(await page.locator('#attention').getAttribute('data-tensor'), 'attention.1.2');
  await away(page);
  await state(page, 'kept');
  assert.equal(Number(await value(page)), look(0, 5, 3));
  await page.locator('.heads button').nth(6).click();
  await away(page);
  assert.equal(Number(await value(page)), look(6, 5, 3));
  // What is never looked at has no number.
  await page.locator('#attention .matrix').hover({ position: await cell(page, 2, 9) });
  await state(page, 'previewed');
  assert.equal(await value(page), '');
  // In a text field Escape belongs to the text; anywhere else it lets go.
  await page.locator('#prompt').press('Escape');
  await away(page);
  await state(page, 'kept');
  await page.locator('[data-stage=inspect]').press('Escape');
  await state(page, 'none');
  assert.equal(await page.locator('#attention .cell-mark').isVisible(), false);
  assert.deepEqual(page.errors.filter((error) => !error.includes('ERR_FAILED')), []);
});

test('the matrix is gone through by keys, and says what it stands at', async () => {
  const page = await built.open('?device=cpu#stage=inspect', { refused: '**/*.wasm' });
  await page.locator('#attention[data-run=recorded]').waitFor();
  const matrix = page.locator('#attention .matrix');
  const at = async () => (await row(page, 'cell').textContent()).match(/\d+/g)?.map(Number).slice(0, 2);
  await page.locator('.heads button').last().focus();
  for (let i = 0; i < 8 && !await matrix.evaluate((canvas) => canvas === document.activeElement); i += 1) await page.keyboard.press('Tab');
  await state(page, 'previewed');
  assert.deepEqual(await at(), [16, 16]);
  for (const key of ['ArrowUp', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
  await page.locator('#inspector [data-reading=cell]').filter({ hasText: /^Token 15, .* looks at token 13,/ }).waitFor();
  assert.deepEqual(await at(), [15, 13], 'what is above the diagonal is passed by');
  await page.locator('#inspector [aria-live]').filter({ hasText: /^pointed at: 0\.\d+ probability · Token 15, / }).waitFor({ state: 'attached' });
  await page.keyboard.press('Enter');
  await state(page, 'kept');
  await page.keyboard.press('Home');
  await state(page, 'previewed');
  assert.deepEqual(await at(), [15, 1]);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await state(page, 'kept');
  assert.deepEqual(await at(), [15, 1]);
  await control(page, 'release').click();
  await state(page, 'none');
  assert.equal(await page.locator('#inspector summary').evaluate((summary) => summary === document.activeElement), true);
});

test('every view previews, keeps and lets go in the same way, with the engine’s own numbers', async () => {
  const page = await told(await built.open());
  await stepped(page);
  const heard = (name) => page.evaluate((name) => globalThis.told[name], name);
  /** Points at `thing`, reads `wanted` of it, keeps it by `keep`, and lets go of it. */
  const rule = async (thing, wanted, keep) => {
    await thing.hover();
    await state(page, 'previewed');
    assert.equal(await value(page), String(await wanted()));
    await away(page);
    await page.locator('#inspector:not([data-state=previewed])').waitFor();
    if (keep === 'click') await thing.click();
    else {
      await thing.focus();
      await page.keyboard.press('Enter');
    }
    await away(page);
    await page.locator('body').evaluate(() => document.activeElement.blur());
    await state(page, 'kept');
    assert.equal(await value(page), String(await wanted()));
    await page.keyboard.press('Escape');
    await state(page, 'none');
  };
  await page.locator('[data-stage=inspect]').click();
  await page.locator('#next[data-step="2"]').waitFor();
  const candidate = async (i) => (await heard('looked')).candidates[i].logit;
  await rule(page.locator('#next tbody tr').nth(2), () => candidate(2), 'click');
  await rule(page.locator('#next tbody tr').nth(1), () => candidate(1), 'Enter');
  await page.locator('[data-stage=train]').click();
  await page.locator('#update .tokens li').nth(3).waitFor();
  await rule(page.locator('#update .tokens li').nth(3), async () => Math.exp((await heard('updated')).log_probabilities_before[2]), 'click');
  const chart = page.locator('[data-figure=gradient] canvas');
  const { width } = await chart.boundingBox();
  await chart.hover({ position: { x: width - 24, y: 40 } });
  await state(page, 'previewed');
  assert.equal(Number(await value(page)), (await heard('step')).grad_norm);
  assert.match(await row(page, 'tensor').textContent(), /^grad_norm · 2$/);
  await chart.click({ position: { x: width - 24, y: 40 } });
  await away(page);
  await state(page, 'kept');
  assert.match(await page.locator('[data-figure=loss] .cursor').textContent(), /^2: /, 'all curves show the step that is kept');
  await chart.press('Escape');
  await state(page, 'none');
  await page.locator('[data-stage=tokenizer]').click();
  await page.locator('#strip[data-run=live] .tokens li').nth(4).waitFor();
  await page.locator('[data-input=tokens]').fill('winter');
  await page.locator('#strip figcaption').filter({ hasText: '6 bytes' }).waitFor();
  await rule(page.locator('#strip .tokens li').first(), async () => (await heard('tokens')).ids[0], 'click');
  await page.locator('[data-stage=data]').click();
  // The text is read for this stage, until then its line is that of the corpus before; and the sample goes through the sieve, which
  // then takes its room above.
  await page.locator('#stream figcaption').filter({ hasText: `one line of ${TEXT.length.toLocaleString('en-US')} bytes` }).waitFor();
  await page.locator('#cleaning .funnel tbody tr').first().waitFor();
  await rule(page.locator('.characters [data-at]').nth(2), () => 'w'.charCodeAt(0).toString(16), 'Enter');
  await page.locator('#documents tbody button').first().hover();
  await page.locator('#inspector [data-reading=cell]').filter({ hasText: 'No. 1 · ' }).waitFor();
  await page.locator('[data-stage=generate]').click();
  await page.locator('#generate [name=max_tokens]').fill('3');
  await control(page, 'generate').click();
  await page.locator('#writing .chips button').nth(2).waitFor();
  await page.locator('[data-action=stop]:disabled').waitFor();
  await rule(page.locator('#writing .chips button').nth(2), async () => (await heard('token')).probability, 'click');
  assert.deepEqual(page.errors, []);
});

test('a live look is read as the engine computes it, and nothing jumps while it trains', async () => {
  const page = await told(await built.open());
  await stepped(page);
  await page.locator('[data-stage=inspect]').click();
  await page.locator('#attention[data-step="2"]').waitFor();
  await page.locator('#attention .matrix').click({ position: await cell(page, 4, 2) });
  await state(page, 'kept');
  const look = () => page.evaluate(() => {
    const { attention, tokens } = globalThis.told.looked;
    return attention[4 * tokens.length + 2];
  });
  assert.equal(Number(await value(page)), await look());
  assert.match(await row(page, 'run').textContent(), /^live · 1 layer, 2 heads/);
  assert.match(await row(page, 'step').textContent(), /^step 2 of 100,000, .*live$/);
  await away(page);
  // Whatever is written anew stays where it stands.
  await page.evaluate(() => {
    const top = (part) => Math.round(part.getBoundingClientRect().top - part.closest('#inspector, .shell').getBoundingClientRect().top);
    const tops = () => [...document.querySelectorAll('#inspector dd, #inspector button, .shell [data-metric]')].map(top).join();
    const first = tops();
    globalThis.jumps = [];
    new MutationObserver(() => {
      if (tops() !== first) globalThis.jumps.push(tops());
    }).observe(document.querySelector('#inspector'), { subtree: true, childList: true, characterData: true, attributes: true });
  });
  await control(page, 'train').click();
  await page.waitForFunction(() => Number(document.querySelector('#attention').dataset.step) > 20);
  // A cell in words, what stands there without one, and what is never looked at.
  for (const place of [[5, 2], [2, 9]]) {
    await page.locator('#attention .matrix').hover({ position: await cell(page, ...place) });
    await state(page, 'previewed');
    await page.locator('.arcs-tokens button').nth(3).hover();
    await row(page, 'cell').filter({ hasText: 'Point at a cell' }).waitFor();
  }
  await away(page);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  await page.waitForFunction(() => document.querySelector('#attention').dataset.step === document.querySelector('[data-metric=step]').dataset.value);
  assert.deepEqual(await page.evaluate(() => globalThis.jumps), []);
  await state(page, 'kept');
  assert.equal(Number(await value(page)), await look());
  assert.deepEqual(page.errors, []);
});

for (const [width, height] of [[360, 740], [768, 900], [1280, 900], [1920, 1000]]) {
  test(`what is docked stays in sight and covers nothing of each other at ${width} pixels`, async () => {
    const page = await built.open('?device=cpu', { viewport: { width, height } });
    await ready(page);
    await page.locator('#timeline[data-run=recorded]').waitFor();
    for (const stage of STAGES) {
      await page.locator(`[data-stage=${stage}]`).click();
      // Halfway down: what is docked is there although the page is scrolled.
      await page.evaluate(() => scrollTo(0, (document.documentElement.scrollHeight - innerHeight) / 2));
      const wide = width > 1180;
      const docked = ['[data-action=train]', '[data-action=pause]', '[data-action=step]', '#timeline [name=at]', '#inspector summary', ...(wide ? ['[data-stage=data]', '[data-action=language]', '[data-action=theme]', '[data-metric=step]', '[data-metric=loss]'] : [])];
      const covered = await page.evaluate((selectors) => selectors.filter((selector) => {
        const part = document.querySelector(selector);
        const { left, top, width, height } = part.getBoundingClientRect();
        const seen = document.elementFromPoint(left + width / 2, top + height / 2);
        return !seen || !(part.contains(seen) || seen.contains(part) && seen.closest('.metrics > div'));
      }), docked);
      assert.deepEqual(covered, [], stage);
      for (const name of ['train', 'pause', 'step', 'language', 'theme']) assert.ok(await control(page, name).isVisible(), `${name} in ${stage}`);
      for (const name of ['step', 'loss']) assert.ok(await page.locator(`[data-metric=${name}]`).isVisible(), `${name} in ${stage}`);
      const [reading, dock] = await Promise.all(['#inspector', '#timeline'].map((part) => page.locator(part).boundingBox()));
      assert.ok(reading.y + reading.height <= dock.y + 1, `the inspector ends above the time line in ${stage}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      if (!wide) assert.ok(reading.height <= 40, 'below a line, which unfolds');
    }
    if (width > 1180) return;
    await page.locator('#inspector summary').click();
    await row(page, 'value').waitFor();
    const { height: open } = await panel(page).boundingBox();
    assert.ok(open > 100 && open <= 0.4 * height + 2, `unfolded it leaves room: ${open}`);
    none(await axe(page));
  });
}

test('the order of the keys is the order on the page', async () => {
  const page = await built.open('?device=cpu#stage=inspect');
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  const order = await page.evaluate(() => {
    const parts = ['[data-action=share]', '[data-stage=inspect]', '[data-action=train]', '#settings summary', '#prompt', '#attention .matrix', '#inspector summary', '[data-action=play]', 'footer a'];
    const all = [...document.querySelectorAll('a, button, select, input, textarea, summary, [tabindex]')];
    return parts.map((part) => all.indexOf(document.querySelector(part)));
  });
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
  const columns = await Promise.all(['#settings', '#view', '#inspector'].map(async (part) => (await page.locator(part).boundingBox()).x));
  assert.deepEqual(columns, [...columns].sort((a, b) => a - b));
});
