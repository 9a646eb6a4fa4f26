// Single keys: they do what the buttons do, take no key from whoever writes or chooses, and can be switched off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURES, control, lab, metric, ready, says, small_run, until } from './page.mjs';

const built = lab();

/** A page with little text to train on, and the focus nowhere. */
async function opened(options) {
  const page = await built.open('?device=cpu', options);
  await small_run(page);
  await away(page);
  return page;
}

const away = (page) => page.evaluate(() => document.activeElement.blur());

/** One step more, by its button: what keys did before it would have been more than that. */
async function one(page) {
  const before = await metric(page, 'step') ?? 0;
  await control(page, 'step').click();
  await until(page, 'step', 'exactly', before + 1);
  await says(page, `Paused at step ${before + 1}.`);
}

test('space trains and pauses, a dot is one step, with Shift ten, brackets mark', async () => {
  const page = await opened();
  const scrolled = await page.evaluate(() => scrollY);
  await page.keyboard.press('.');
  await says(page, 'Paused at step 1.');
  await page.keyboard.press('Shift+Period');
  await says(page, 'Paused at step 11.');
  await page.keyboard.press('[');
  await page.locator('#timeline figcaption').filter({ hasText: 'A is step 11.' }).waitFor();
  await page.keyboard.press('Space');
  await until(page, 'step', 'at least', 15);
  await page.keyboard.press('Space');
  await says(page, 'Paused');
  await page.keyboard.press(']');
  await page.locator('#timeline figcaption').filter({ hasText: 'B is step' }).waitFor();
  await page.keyboard.press('[');
  await page.locator('#timeline[data-step="11"]').waitFor();
  assert.equal(await page.evaluate(() => scrollY), scrolled, 'the space bar does not scroll as well');
  assert.deepEqual(page.errors, []);
});

test('no key is taken from a field, a list, a control, or a command of the browser', async () => {
  const page = await opened();
  await one(page);
  const before = await page.locator('#own-text').inputValue();
  await page.locator('#own-text').press('End');
  for (const key of [' ', '.', '[', ']']) await page.keyboard.press(key);
  const after = await page.locator('#own-text').inputValue();
  assert.equal(after.length, before.length + 4);
  assert.ok(after.includes(' .[]'));
  await page.locator('#settings [name=seed]').press('.');
  await control(page, 'theme').press('.');
  await page.locator('#update .tokens [tabindex="0"]').press('.');
  await page.evaluate(() => document.body.append(Object.assign(document.createElement('p'), { id: 'free', contentEditable: 'true' })));
  await page.locator('#free').press('.');
  await page.keyboard.press(' ');
  assert.equal(await page.locator('#free').textContent().then((text) => text.length), 2);
  // The space bar presses what is focused, and that alone.
  await control(page, 'share').press(' ');
  assert.equal(await control(page, 'share').getAttribute('aria-expanded'), 'true');
  await page.locator('loss-chart canvas').press(' ');
  await page.locator('.log').press(' ');
  await away(page);
  for (const key of ['Control+Period', 'Alt+Period', 'Meta+Period', 'Control+[']) await page.keyboard.press(key);
  await one(page);
  assert.doesNotMatch(await page.locator('#timeline figcaption').textContent(), /A is/);
  assert.deepEqual(page.errors, []);
});

test('the keys are listed, and switched off for good', async () => {
  const page = await opened();
  await page.locator('.shortcuts > summary').click();
  assert.equal(await page.locator('.shortcuts kbd').count(), 9);
  await page.screenshot({ path: `${PICTURES}/shortcuts.png`, fullPage: true });
  await page.locator('[name=shortcuts]').uncheck();
  await away(page);
  for (const key of ['Space', '.', '[']) await page.keyboard.press(key);
  await one(page);
  assert.doesNotMatch(await page.locator('#timeline figcaption').textContent(), /A is/);
  // On the slider, where the focus is, the time line still hears them.
  await page.locator('#timeline [name=at]').press('[');
  await page.locator('#timeline figcaption').filter({ hasText: 'A is step 1.' }).waitFor();
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('[name=shortcuts]').isChecked(), false);
  await page.locator('.shortcuts > summary').click();
  await page.locator('[name=shortcuts]').check();
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('[name=shortcuts]').isChecked(), true);
  assert.deepEqual(page.errors, []);
});

test('where storage is refused the keys work, and are switched off until the page is closed', async () => {
  const page = await built.open('?device=cpu');
  await page.addInitScript(() => Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError'); } }));
  await page.reload();
  await ready(page);
  await page.locator('.shortcuts > summary').click();
  const box = page.locator('[name=shortcuts]');
  assert.equal(await box.isChecked(), true);
  await box.uncheck();
  await away(page);
  await page.keyboard.press('[');
  await box.check();
  await away(page);
  await page.keyboard.press(']');
  await page.locator('#timeline figcaption').filter({ hasText: 'B is step' }).waitFor();
  assert.doesNotMatch(await page.locator('#timeline figcaption').textContent(), /A is/);
  assert.deepEqual(page.errors, []);
});
