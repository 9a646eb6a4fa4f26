// A figure takes the whole view and gives it back: the same elements, drawn at their new size.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axe, lab, none, ready } from './page.mjs';

const built = lab();

const STAGES = { data: ['documents', 'cleaning', 'stream'], tokenizer: ['merges', 'tokens'], train: ['loss', 'rate', 'gradient', 'speed', 'update', 'attention-change'], inspect: ['attention', 'next'], generate: ['writing'] };
const figure = (page, name) => page.locator(`[data-figure=${name}]`);
const button = (page, name) => figure(page, name).locator('> .enlarge');

test('every figure takes the view and gives it back, by button and by Escape', async () => {
  const page = await built.open();
  await ready(page);
  await page.locator('#timeline[data-run=recorded]').waitFor();
  const elements = () => page.evaluate(() => document.querySelectorAll('main :is(figure, h2, form, loss-chart, .matrix)').length);
  for (const [stage, names] of Object.entries(STAGES)) {
    await page.locator(`[data-stage=${stage}]`).click();
    if (stage === 'inspect') await page.locator('#attention[data-run=recorded]').waitFor();
    for (const name of names) {
      const title = await figure(page, name).locator('h2 [data-text]').first().textContent();
      assert.equal(await button(page, name).getAttribute('aria-label'), `Enlarge: ${title}`);
      const [before, all] = [await figure(page, name).boundingBox(), await elements()];
      await button(page, name).click();
      assert.equal(await button(page, name).getAttribute('aria-pressed'), 'true');
      const large = await figure(page, name).boundingBox();
      assert.ok(large.width > before.width, `${name} is wider`);
      const seen = await page.locator('main [data-figure]').evaluateAll((figures) => figures.filter((each) => each.checkVisibility()).map(({ dataset }) => dataset.figure));
      assert.deepEqual(seen, [name]);
      assert.equal(await elements(), all, 'nothing stands there twice');
      assert.equal(await page.locator('#settings').isVisible(), false);
      for (const part of ['#inspector', '#timeline', '[data-action=train]']) assert.ok(await page.locator(part).isVisible(), part);
      assert.equal(await button(page, name).evaluate((each) => each === document.activeElement), true, 'the focus stays');
      if (names.indexOf(name) % 2) await button(page, name).click();
      else await page.keyboard.press('Escape');
      assert.equal(await button(page, name).getAttribute('aria-pressed'), 'false');
      assert.equal((await figure(page, name).boundingBox()).width, before.width);
    }
  }
  // Another stage has its own figures.
  await page.locator('[data-stage=inspect]').click();
  await button(page, 'next').click();
  await page.locator('[data-stage=train]').click();
  assert.ok(await figure(page, 'loss').isVisible());
  assert.deepEqual(page.errors, []);
});

test('curves and matrices are drawn at the new size', async () => {
  const page = await built.open();
  await ready(page);
  await page.locator('#loss[data-run=recorded]').waitFor();
  for (const name of ['loss', 'gradient']) {
    const canvas = figure(page, name).locator('canvas');
    const before = await canvas.evaluate(({ width, height }) => ({ width, height }));
    await button(page, name).click();
    await page.waitForFunction(([name, width]) => document.querySelector(`[data-figure=${name}] canvas`).width > width, [name, before.width]);
    const after = await canvas.evaluate(({ width, height, clientWidth, clientHeight }) => ({ width, height, clientWidth, clientHeight }));
    assert.ok(after.height > before.height, name);
    assert.deepEqual([after.width, after.height], [after.clientWidth, after.clientHeight], 'a pixel drawn is a pixel seen');
    await page.keyboard.press('Escape');
    await page.waitForFunction(([name, width]) => document.querySelector(`[data-figure=${name}] canvas`).width === width, [name, before.width]);
  }
  await page.locator('[data-stage=inspect]').click();
  await page.locator('#attention[data-run=recorded]').waitFor();
  const small = await page.locator('#attention .matrix').boundingBox();
  await button(page, 'attention').click();
  const large = await page.locator('#attention .matrix').boundingBox();
  assert.ok(large.width > small.width && Math.abs(large.width - large.height) < 1);
  const foot = await page.locator('#timeline').boundingBox();
  assert.ok(large.y + large.height < foot.y, 'all of the matrix is seen at once');
});

test('what is kept is let go first, then the view is given back', async () => {
  const page = await built.open('?device=cpu#stage=inspect');
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  await button(page, 'attention').click();
  await page.locator('.arcs-tokens button').nth(2).click();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.arcs-tokens [aria-selected=true]').count(), 0);
  assert.equal(await button(page, 'attention').getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('Escape');
  assert.equal(await button(page, 'attention').getAttribute('aria-pressed'), 'false');
});

test('an enlarged figure has no fault for axe, and long chips are told whole', async () => {
  const page = await built.open('?device=cpu#stage=inspect');
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  const chip = page.locator('#attention .chip');
  assert.equal(await chip.getAttribute('title'), await chip.textContent());
  const cut = () => chip.evaluate((each) => each.scrollWidth > each.clientWidth);
  assert.equal(await cut(), true, 'it is longer than its place');
  await button(page, 'attention').click();
  assert.equal(await cut(), false);
  none(await axe(page));
});

test('on a phone a figure has the width already', async () => {
  const page = await built.open('?device=cpu', { viewport: { width: 360, height: 740 } });
  await ready(page);
  assert.equal(await button(page, 'loss').isVisible(), false);
});
