// The page by keys alone: Tab reaches everything, in the order in which it is seen, with a focus that is seen and not covered;
// a whole session without a pointer; Escape closes what was opened.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUIET, SMALL, STAGES, TEXT, control, enter, lab, metric, none, ready, says, until } from './page.mjs';

const built = lab();

/** More stops than any stage has: a walk that is longer is caught somewhere. */
const MOST = 400;

/** All that Tab is to reach: noted in the page, by their numbers; told with their marks. */
const expected = (page) => page.evaluate(() => {
  const able = (element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility({ visibilityProperty: true });
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(able);
  // Of choices that exclude each other Tab reaches the one that is made.
  globalThis.stops = all.filter((element) => element.type !== 'radio' || element.checked);
  return globalThis.stops.map((element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 100));
});

/** Where the focus is: its number, what is wrong with it, and its box as if nothing stuck to the window's edges; in what scrolls
 * by itself as if that were not scrolled, and the box of the whole of it. Null at the end. */
const focused = (page) => page.evaluate(() => {
  const { activeElement: element } = document;
  if (!element || element === document.body || element === document.documentElement) return null;
  const faults = [];
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  if (outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 2) faults.push('its focus has no outline of 2 pixels');
  const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const points = [[x, y], [left + 2, top + 2], [right - 2, top + 2], [left + 2, bottom - 2], [right - 2, bottom - 2]];
  const hit = ([x, y]) => {
    const found = document.elementFromPoint(x, y);
    return found && (element.contains(found) || found.contains(element));
  };
  if (!points.some(hit)) faults.push('it has the focus where it is covered, or out of sight');
  const sticks = [...document.querySelectorAll('body *')].filter((other) => /sticky|fixed/.test(getComputedStyle(other).position));
  for (const other of sticks) other.style.position = 'static';
  const scroller = element.parentElement.closest('.scroll, .tokens, .chips, .log, .rows');
  const box = (of, within) => {
    const { left, right, top, bottom } = of.getBoundingClientRect();
    const [x, y] = [scrollX + (within?.scrollLeft ?? 0), scrollY + (within?.scrollTop ?? 0)];
    return { left: left + x, right: right + x, top: top + y, bottom: bottom + y };
  };
  const boxes = { within: scroller && [...document.querySelectorAll('*')].indexOf(scroller), own: box(element, scroller), whole: box(scroller ?? element) };
  for (const other of sticks) other.style.position = '';
  return {
    number: globalThis.stops.indexOf(element),
    name: element.outerHTML.replace(/\s+/g, ' ').slice(0, 100),
    kind: [element, element.parentElement].map((at) => `${at.localName}.${at.className}.${at.getAttribute('role')}.${at.type}`).join(' '),
    ...boxes,
    seen: { x: left - 6, y: top - 6, width: width + 12, height: height + 12 },
    faults,
  };
});

/** Goes through the page by `key` until it is left, and calls `each` at every stop. */
async function walk(page, key, each = () => {}) {
  // What is pointed at by chance is no part of it.
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    scrollTo(0, 0);
  });
  const stops = [];
  for (;;) {
    await page.keyboard.press(key);
    const stop = await focused(page);
    // Some browsers begin again at once where there is nothing around the page.
    if (stop === null || (stops.length > 1 && stop.number >= 0 && stop.number === stops[0].number)) return stops;
    stops.push(stop);
    assert.ok(stops.length < MOST, `the focus goes in circles: ${stop.name}`);
    await each(stop);
  }
}

/** Whether a stop is seen after the one before it: below it, or in its row and not left of it, or in a column right of it. */
function follows(before, after) {
  const [a, b] = before.within === after.within ? [before.own, after.own] : [before.whole, after.whole];
  return b.top >= a.bottom - 1 || (b.top < a.bottom && b.bottom > a.top && b.left >= a.left - 1) || b.left >= a.right - 1;
}

/** How many pixels differ between two pictures of one place. */
const differing = (page, pictures) => page.evaluate(async (pictures) => {
  const [a, b] = await Promise.all(pictures.map(async (picture) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(picture), (c) => c.charCodeAt(0))], { type: 'image/png' }));
    const g = new OffscreenCanvas(image.width, image.height).getContext('2d');
    g.drawImage(image, 0, 0);
    return g.getImageData(0, 0, image.width, image.height).data;
  }));
  let many = 0;
  for (let i = 0; i < a.length; i += 4) if (Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1]) + Math.abs(a[i + 2] - b[i + 2]) > 60) many += 1;
  return many;
}, pictures.map((picture) => picture.toString('base64')));

for (const width of [1280, 360]) {
  test(`Tab reaches everything in every stage once, in the order in which it is seen, at ${width} pixels`, async () => {
    const page = await built.open('?device=cpu', { viewport: { width, height: 900 } });
    await ready(page);
    const faults = [];
    const shown = new Set();
    for (const stage of STAGES) {
      await enter(page, stage);
      const wanted = await expected(page);
      const stops = await walk(page, 'Tab', async ({ kind, name, seen }) => {
        // A ring looks alike on all controls of a kind: one of each is looked at, with the focus and without.
        if (width < 900 || shown.has(kind)) return;
        shown.add(kind);
        const clip = { ...seen, x: Math.max(0, seen.x), y: Math.max(0, seen.y) };
        const held = await page.evaluateHandle(() => document.activeElement);
        const ringed = await page.screenshot({ clip, animations: 'disabled', caret: 'hide' });
        await held.evaluate((element) => element.blur());
        const bare = await page.screenshot({ clip, animations: 'disabled', caret: 'hide' });
        await held.evaluate((element) => element.focus());
        const many = await differing(page, [ringed, bare]);
        if (many < seen.width + seen.height) faults.push(`${stage}: the focus on ${name} changes ${many} pixels`);
      });
      const reached = stops.map(({ number }) => number).filter((number) => number >= 0);
      wanted.forEach((name, i) => {
        const times = reached.filter((number) => number === i).length;
        if (times !== 1) faults.push(`${stage}: ${name} is reached ${times} times`);
      });
      stops.forEach((stop, i) => {
        faults.push(...stop.faults.map((fault) => `${stage}: ${stop.name}: ${fault}`));
        if (i > 0 && !follows(stops[i - 1], stop)) faults.push(`${stage}: ${stop.name} comes after ${stops[i - 1].name}, and is seen before it`);
      });
      const back = await walk(page, 'Shift+Tab');
      faults.push(...back.flatMap((stop) => stop.faults.map((fault) => `${stage}, backwards: ${stop.name}: ${fault}`)));
      if (back.map(({ number }) => number).reverse().join() !== stops.map(({ number }) => number).join()) faults.push(`${stage}: the way back is another`);
    }
    if (width > 900) assert.ok(shown.size > 15, `${shown.size} kinds of controls were looked at`);
    none(faults);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}

test('a whole session goes by keys alone, and Escape closes what was opened', async () => {
  const page = await built.open();
  await ready(page);
  const { keyboard } = page;
  const at = (selector) => page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, selector);
  /** Presses Tab until the focus is there. */
  const reach = async (selector, key = 'Tab') => {
    for (let i = 0; i < MOST; i += 1) {
      await keyboard.press(key);
      if (await at(selector)) return;
    }
    assert.fail(`Tab does not lead to ${selector}`);
  };
  const press = async (selector, key = 'Enter') => {
    await reach(selector);
    await keyboard.press(key);
  };
  const text = (selector) => page.locator(selector).first().textContent();

  // Text of one's own, and a small shape.
  await reach('#settings [name=corpus]');
  while (!(await at('[value=own]'))) await keyboard.press('ArrowDown');
  await reach('#own-text');
  await keyboard.insertText(TEXT);
  await press('.more > summary');
  const { vocab_size: _, ...shape } = SMALL;
  for (const [name, value] of Object.entries({ ...shape, steps: 100_000, ...QUIET })) {
    await reach(`#settings [name=${name}]`);
    await keyboard.press('Control+a');
    await keyboard.type(String(value));
  }

  // Train, pause, one step.
  await press('[data-action=train]');
  await until(page, 'step', 'at least', 5);
  await press('[data-action=pause]', 'Space');
  await says(page, 'Paused');
  const paused = await metric(page, 'step');
  await press('[data-action=step]');
  await until(page, 'step', 'exactly', paused + 1);

  // What a word means.
  await press('#loss .term');
  assert.ok((await text('#loss .meaning')).length > 20);
  await keyboard.press('Escape');
  assert.equal(await page.locator('#loss .meaning').isVisible(), false);
  assert.ok(await at('#loss .term'), 'the focus stays');

  // One update, and back.
  await press('[data-action=update]:enabled');
  await page.locator('[data-metric=target-probability-after][data-value]').waitFor();
  await press('[data-action=undo]:enabled');
  await page.locator('#update figcaption').filter({ hasText: 'Undone' }).waitFor();

  // The time line.
  await reach('#timeline [name=at]');
  await keyboard.press('ArrowLeft');
  await page.waitForFunction((live) => Number(document.querySelector('#timeline').dataset.step) < live, paused + 1);
  await press('[data-action=live]', 'Space');
  await page.locator(`#timeline[data-step="${paused + 1}"]`).waitFor();

  // A head, and a token that is kept and let go.
  await reach('[data-stage]');
  while (!(await at('[data-stage=inspect]'))) await keyboard.press('ArrowRight');
  await page.locator('.heads button').first().waitFor();
  await reach('.heads button');
  await keyboard.press('ArrowRight');
  await keyboard.press('Enter');
  await page.locator('#attention figcaption').filter({ hasText: 'Layer 1, head 2' }).waitFor();
  await reach('.arcs-tokens [role=option]');
  await keyboard.press('Home');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  assert.equal(await page.locator('.arcs-tokens [aria-selected=true]').getAttribute('data-index'), '1');
  await keyboard.press('Escape');
  assert.equal(await page.locator('.arcs-tokens [aria-selected=true]').count(), 0);

  // A text.
  await reach('[data-stage]');
  await keyboard.press('ArrowRight');
  assert.ok(await at('[data-stage=generate]'));
  await reach('[data-input=prompt]');
  await keyboard.press('Enter');
  await page.locator('#writing .chips button').nth(3).waitFor();
  await reach('[data-action=stop]:enabled, [data-action=regenerate]:enabled');
  if (await at('[data-action=stop]')) await keyboard.press('Enter');
  await page.locator('[data-action=stop]:disabled').waitFor();
  await reach('#writing .chips button');
  await keyboard.press('ArrowRight');
  await keyboard.press('Enter');
  assert.equal(await page.locator('#writing .chips [aria-pressed=true]').count(), 1);
  await keyboard.press('Escape');
  assert.equal(await page.locator('#writing .chips [aria-pressed=true]').count(), 0);

  // What opens over the page or in it.
  await press('[data-action=share]');
  assert.ok(await page.locator('#share').isVisible());
  await reach('#share [name=link]');
  await keyboard.press('Escape');
  assert.equal(await page.locator('#share').isVisible(), false);
  assert.ok(await at('[data-action=share]'), 'the focus goes back');
  await reach('[data-action=tour]', 'Shift+Tab');
  await keyboard.press('Enter');
  assert.ok(await at('#tour h2'), 'the focus goes into the card');
  await keyboard.press('Escape');
  assert.equal(await page.locator('#tour').isVisible(), false);
  assert.ok(await at('[data-action=tour]'), 'the focus goes back');
  assert.equal(await control(page, 'train').isEnabled(), true);
  assert.deepEqual(page.errors, []);
});
