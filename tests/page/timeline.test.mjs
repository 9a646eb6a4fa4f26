// The time line: scrubbing shows the past as it was, in every view; it plays, loops, pins, and works by keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURES, axe, control, lab, metric, none, ready, says, small_run, take_steps, until } from './page.mjs';

const built = lab();

const tab = (page, stage) => page.locator(`[data-stage=${stage}]`);
const slider = (page) => page.locator('#timeline [name=at]');
const shown = (page, figure) => page.locator(`#${figure}`).getAttribute('data-step').then(Number);
const at = (page, figure, step) => page.locator(`#${figure}[data-step="${step}"]`).waitFor({ state: 'attached' });

/** A run that has taken `steps` steps, one by one, and waits; `each` sees it after each of them. */
async function stepped(page, steps, settings = {}, each = async () => {}) {
  await small_run(page, { steps: 1000, ...settings });
  await take_steps(page, steps, each);
}

/** What the stage Inspect says of the model at a step. */
async function seen(page, step) {
  await at(page, 'attention', step);
  await at(page, 'next', step);
  return page.evaluate(() => {
    const words = (selector) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);
    return { heads: words('.heads button'), rows: words('.rows li'), next: words('#next td'), says: words('#attention figcaption, #next figcaption') };
  });
}

test('before there is a run, recorded or not, there is no time line', async () => {
  const page = await built.open('?device=cpu', { refused: '**/recorded/**' });
  await ready(page);
  assert.equal(await page.locator('#timeline').isVisible(), false);
  await stepped(page, 1);
  assert.ok(await page.locator('#timeline').isVisible());
  await control(page, 'reset').click();
  await page.locator('#timeline').waitFor({ state: 'hidden' });
  assert.deepEqual(page.errors.filter((error) => !error.includes('ERR_FAILED')), []);
});

test('scrubbing shows every view as it was when it was live, and live again', async () => {
  const page = await built.open();
  const live = [];
  await stepped(page, 4, { sample_every: 2 }, async (step) => {
    await tab(page, 'inspect').click();
    live[step] = await seen(page, step);
  });
  assert.notDeepEqual(live[3], live[4]);
  await slider(page).focus();
  for (const step of [3, 2, 1]) {
    await page.keyboard.press('ArrowLeft');
    assert.deepEqual(await seen(page, step), live[step]);
    assert.equal(await shown(page, 'timeline'), step);
    assert.match(await slider(page).getAttribute('aria-valuetext'), new RegExp(`^step ${step} of 1,000, loss \\d\\.\\d\\d, snapshot$`));
    assert.match(await page.locator('#attention .chip').textContent(), new RegExp(`step ${step} .*snapshot$`));
    assert.match(await page.locator('#timeline figcaption').textContent(), new RegExp(`^Shown is step ${step} of 1,000, .*: not live, the run stands at step 4\\.$`));
  }
  await page.keyboard.press('Home');
  const untrained = await seen(page, 0);
  assert.notDeepEqual(untrained, live[1]);
  assert.match(await slider(page).getAttribute('aria-valuetext'), /^step 0 of 1,000, no loss yet/);
  assert.equal(await metric(page, 'step'), 4, 'the run stands where it stood');

  await tab(page, 'train').click();
  await page.keyboard.press('Tab');
  await slider(page).focus();
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowRight');
  await at(page, 'loss', 3);
  assert.match(await page.locator('#loss figcaption').textContent(), /^The cursor stands at step 3, where the loss was \d/);
  assert.equal(await page.locator('#samples [aria-current]').getAttribute('data-step'), '2');
  await control(page, 'live').click();
  await at(page, 'loss', 4);
  assert.equal(await page.locator('#samples [aria-current]').count(), 0);
  await tab(page, 'inspect').click();
  assert.deepEqual(await seen(page, 4), live[4]);
  assert.match(await page.locator('#attention .chip').textContent(), /· live$/);
  assert.deepEqual(page.errors, []);
});

test('what is looked at of the past stays while the run goes on', async () => {
  const page = await built.open();
  await stepped(page, 2);
  await tab(page, 'inspect').click();
  const live = await seen(page, 2);
  await slider(page).focus();
  await page.keyboard.press('ArrowLeft');
  await seen(page, 1);
  await page.keyboard.press('ArrowRight');
  await control(page, 'step').click();
  // The snapshot of a step is told after the step, and before the pause.
  await says(page, 'Paused at step 3.');
  await slider(page).focus();
  await page.keyboard.press('ArrowLeft');
  assert.deepEqual(await seen(page, 2), live);
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 12);
  assert.deepEqual(await seen(page, 2), live);
  assert.equal(await shown(page, 'timeline'), 2);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  await page.keyboard.press('Tab');
  await control(page, 'reset').click();
  await page.locator('#timeline[data-run=recorded]').waitFor();
  assert.deepEqual(page.errors, []);
});

/** Notes every step that the time line shows from here on. */
const noting = (page) => page.evaluate(() => {
  const figure = document.querySelector('#timeline');
  globalThis.noted = [];
  new MutationObserver(() => {
    if (figure.dataset.step !== globalThis.noted.at(-1)) globalThis.noted.push(figure.dataset.step);
  }).observe(figure, { attributeFilter: ['data-step'] });
});

test('it plays to the live step and stops, or loops, also where less motion is asked for', async () => {
  const page = await built.open('?device=cpu', { reducedMotion: 'reduce' });
  await stepped(page, 3);
  await noting(page);
  const play = control(page, 'play');
  await play.click();
  assert.equal(await play.getAttribute('aria-pressed'), 'true');
  await page.locator('[data-action=play][aria-pressed=false]').waitFor();
  assert.deepEqual(await page.evaluate(() => globalThis.noted), ['0', '1', '2', '3']);
  assert.equal(await control(page, 'live').getAttribute('aria-pressed'), 'true');
  await control(page, 'loop').click();
  await play.click();
  await page.waitForFunction(() => globalThis.noted.length >= 10);
  await play.click();
  assert.equal(await play.getAttribute('aria-pressed'), 'false');
  assert.deepEqual((await page.evaluate(() => globalThis.noted)).slice(4, 10), ['0', '1', '2', '3', '0', '1']);
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  assert.deepEqual(page.errors, []);
});

test('a snapshot that is pinned stays when others go, and is let go', async () => {
  const page = await built.open();
  await stepped(page, 4);
  const pinned = page.locator('#timeline-snapshots li').filter({ hasText: 'pinned' });
  await slider(page).focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await pinned.waitFor({ state: 'attached' });
  assert.match(await pinned.textContent(), /step 3 of 1,000, loss .*, pinned/);
  await page.locator('[data-action=pin][aria-pressed=true]').waitFor();
  await control(page, 'live').click();
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 70);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  const steps = await page.locator('#timeline-snapshots li').evaluateAll((items) => items.map(({ textContent }) => Number(textContent.match(/step (\d+)/)[1])));
  assert.ok(steps.includes(3) && !steps.includes(5), String(steps));
  // The live step is pinned by its button, and let go again.
  await control(page, 'pin').click();
  await pinned.nth(1).waitFor({ state: 'attached' });
  await control(page, 'pin').click();
  await pinned.nth(1).waitFor({ state: 'detached' });
  assert.equal(await pinned.count(), 1);
  assert.deepEqual(page.errors, []);
});

test('the slider says what it is, and drags to the nearest snapshot', async () => {
  const page = await built.open();
  await stepped(page, 3);
  assert.equal(await slider(page).getAttribute('aria-label'), 'Step that is shown');
  const { x, y, width, height } = await slider(page).boundingBox();
  await page.mouse.click(x + width * 0.4, y + height / 2);
  await at(page, 'timeline', 1);
  assert.equal(await slider(page).inputValue(), '1');
  await page.mouse.click(x + width - 9, y + height / 2);
  await at(page, 'timeline', 3);
  assert.equal(await control(page, 'live').getAttribute('aria-pressed'), 'true');
  const drawn = await page.locator('#timeline canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 === 3 && value > 0);
  });
  assert.ok(drawn);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    test(`the time line fits ${width} pixels, ${colorScheme}, and axe finds no fault`, async () => {
      const page = await built.open('?device=cpu', { viewport: { width, height: 900 }, colorScheme });
      await stepped(page, 3, { sample_every: 1 });
      await slider(page).focus();
      await page.keyboard.press('ArrowLeft');
      await at(page, 'timeline', 2);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      await page.screenshot({ path: `${PICTURES}/timeline-${colorScheme}-${width}.png` });
      none(await axe(page));
    });
  }
}
