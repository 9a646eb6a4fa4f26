// The tour and the glossary: each station is done by the deed alone, and every word has its meaning in both languages.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL, axe, catalogue, control, lab, none, paste, ready, set, until } from './page.mjs';

const built = lab();

const station = (page, name) => page.locator(`#tour[data-station=${name}]`);
const next = (page) => control(page, 'tour-next').click();
const done = (page) => page.locator('#tour.done').waitFor();

test('every station is done by its deed, and by nothing before', async () => {
  const page = await built.open();
  await ready(page);
  await paste(page, 'The moon is bright tonight, and the owl asks who is there. '.repeat(80));
  await set(page, { ...SMALL, vocab_size: '', steps: 400, sample_every: 0, eval_every: 0 });
  assert.equal(await page.locator('#tour').isVisible(), false, 'nothing opens by itself');
  await control(page, 'tour').click();
  const deeds = {
    road: () => page.locator('[data-stage=data]').click(),
    async library() {
      await page.locator('#documents[data-run=live]').waitFor();
      await page.locator('#documents tbody button').first().click();
    },
    async sieve() {
      await page.locator('[data-sieve=c4]').click();
      await page.locator('#cleaning tbody [data-document]').first().click();
    },
    async line() {
      await page.locator('#settings [value=own]').check();
      await page.locator('#stream[data-run=live]').waitFor();
      await page.locator('#stream input').fill('20');
    },
    async symbols() {
      await page.locator('#merges[data-run=live]').waitFor();
      await control(page, 'merge-step').click();
    },
    question: () => page.locator('[data-input=prompt]:visible').first().fill('The owl'),
    async wrong() {
      await control(page, 'step').click();
      await until(page, 'step', 'exactly', 1);
      await control(page, 'update').click();
      await page.locator('[data-metric=target-probability-after][data-value]').waitFor();
      if (await page.locator('#tour.done').count() === 0) await control(page, 'update-ten').click();
    },
    async million() {
      await control(page, 'train').click();
      await until(page, 'step', 'at least', 110);
      await control(page, 'pause').click();
    },
    inside: () => control(page, 'head-off').click(),
    talking: () => control(page, 'generate').click(),
    async base() {
      await page.locator('[data-input=prompt]:visible').first().fill('Who is there?');
      await control(page, 'generate').click();
    },
  };
  const names = Object.keys(deeds);
  for (const [i, name] of names.entries()) {
    await station(page, name).waitFor();
    assert.equal(await page.locator('#tour.done').count(), 0, `${name} is not done before its deed`);
    assert.equal(await page.locator('.tour-done').textContent(), '');
    assert.doesNotMatch(await page.locator('#tour').textContent(), /\{|\btour\./);
    await deeds[name]();
    await done(page);
    assert.ok((await page.locator('.tour-done').textContent()).length > 0);
    if (i < names.length - 1) await next(page);
  }
  assert.ok(await control(page, 'tour-next').isDisabled());
  assert.match(await page.locator('.tour-place').textContent(), /Station 11 of 11 · 11 done/);
  assert.deepEqual(page.errors, []);
});

test('stations can be skipped, and progress stays when the page is loaded again', async () => {
  const page = await built.open();
  await ready(page);
  await control(page, 'tour').click();
  await page.locator('[data-stage=tokenizer]').click();
  await done(page);
  await next(page);
  await next(page);
  await station(page, 'sieve').waitFor();
  assert.equal(await page.locator('body').getAttribute('data-open'), 'data');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#tour').isVisible(), false);
  assert.equal(await page.locator('.tour-mark').count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.action), 'tour');
  await page.reload();
  await ready(page);
  await control(page, 'tour').click();
  await station(page, 'sieve').waitFor();
  assert.match(await page.locator('.tour-place').textContent(), /Station 3 of 11 · 1 done/);
  await control(page, 'tour-back').click();
  await control(page, 'tour-back').click();
  await station(page, 'road').waitFor();
  await page.locator('#tour.done').waitFor();

  await page.addInitScript(() => Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('no', 'SecurityError'); } }));
  await page.reload();
  await ready(page);
  await control(page, 'tour').click();
  assert.match(await page.locator('.tour-place').textContent(), /Station 1 of 11 · 0 done/);
  assert.deepEqual(page.errors, []);
});

test('every word has its meaning, behind figures too, in both languages', async () => {
  const page = await built.open();
  await ready(page);
  const terms = Object.keys(await catalogue('en')).filter((key) => key.startsWith('term.') && key !== 'term.what').map((key) => key.slice(5));
  await page.locator('.glossary summary').click();
  for (const language of ['en', 'zh']) {
    await control(page, 'language').selectOption(language);
    const strings = await catalogue(language);
    await page.locator('.glossary dt').first().filter({ hasText: strings['term.corpus'] }).waitFor();
    const listed = await page.locator('.glossary dl > div').evaluateAll((all) => all.map((pair) => [...pair.children].map(({ textContent }) => textContent)));
    assert.deepEqual(listed, terms.map((term) => [strings[`term.${term}`], strings[`define.${term}`]]));
    const mark = page.locator('#loss .term');
    assert.equal(await mark.getAttribute('aria-label'), strings['term.what'].replace('{term}', strings['term.loss']));
    await mark.click();
    assert.equal(await page.locator('#loss .meaning').textContent(), strings['define.loss']);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#loss .meaning').isVisible(), false);
  }
});

for (const [width, colorScheme, locale] of [[360, 'dark', 'zh-CN'], [360, 'light', 'en-US'], [1280, 'light', 'zh-CN'], [1280, 'dark', 'en-US']]) {
  test(`the tour fits ${width} pixels, ${colorScheme}, ${locale}, and axe finds no fault`, async () => {
    const page = await built.open('?device=cpu', { viewport: { width, height: 900 }, colorScheme, locale });
    await ready(page);
    await control(page, 'tour').click();
    // What is docked lies around the stages: a mark that stands out from them is covered.
    const mark = await page.locator('.stages.tour-mark').evaluate((stages) => getComputedStyle(stages)).then(({ outlineOffset, outlineWidth }) => [outlineOffset, outlineWidth].map(Number.parseFloat));
    assert.ok(mark[0] + mark[1] <= 0, `the mark stands out by ${mark[0] + mark[1]} pixels`);
    await page.locator('.tour-terms .term').first().click();
    await page.locator('.glossary summary').click();
    for (let i = 0; i < 11; i += 1) {
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      if (i < 10) await next(page);
    }
    await page.screenshot({ path: `build/page/tour-${colorScheme}-${width}.png`, fullPage: true });
    none(await axe(page));
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}
