// How the built page looks and handles: widths, themes, keyboard, and what it is allowed to load.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { PICTURES, STAGES, control, enter, lab, ready, says, until } from './page.mjs';

const built = lab();

/** A short run with samples, so that every part of the page holds something. */
async function trained(page) {
  await ready(page);
  const details = page.locator('#settings-details');
  const folded = !(await details.evaluate((element) => element.open));
  if (folded) await page.locator('#settings-details > summary').click();
  await page.locator('.more > summary').click();
  const values = { steps: 40, batch: 4, layers: 1, heads: 2, channels: 32, context: 32, vocab_size: 400, sample_every: 20, eval_every: 20 };
  for (const [name, value] of Object.entries(values)) await page.locator(`#settings [name=${name}]`).fill(String(value));
  await page.locator('.more > summary').click();
  if (folded) await page.locator('#settings-details > summary').click();
  await control(page, 'train').click();
  await says(page, 'Finished');
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 768, 1280, 1920]) {
    test(`fits ${width} pixels, ${colorScheme}`, async () => {
      const page = await built.open('?device=cpu', { viewport: { width, height: 900 }, colorScheme });
      await trained(page);
      const wide = await page.evaluate(() => [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
        .map((element) => element.outerHTML.slice(0, 80)));
      assert.deepEqual(wide, [], 'nothing sticks out');
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      const small = await page.locator('button, select, input:not([hidden]), summary').evaluateAll((elements) => elements
        .filter((element) => element.checkVisibility() && element.type !== 'radio')
        .filter((element) => element.getBoundingClientRect().height < 24 && element.tagName !== 'SUMMARY')
        .map((element) => element.outerHTML.slice(0, 80)));
      assert.deepEqual(small, [], 'what is pressed is 24 pixels high or more');
      const drawn = await page.locator('loss-chart canvas').evaluate((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, i) => i % 4 === 3 && value > 0);
      });
      assert.ok(drawn, 'the curve is drawn');
      await page.screenshot({ path: `${PICTURES}/${colorScheme}-${width}.png`, fullPage: true });
      assert.deepEqual(page.errors, []);
      await page.context().close();
    });
  }
}

for (const width of [360, 1280]) {
  test(`what is there first keeps its place, ${width} pixels`, async () => {
    for (const stage of STAGES) {
      const page = await built.open(`?device=cpu#stage=${stage}`, { viewport: { width, height: 900 } });
      await ready(page);
      await enter(page, stage);
      await page.locator('#timeline').waitFor();
      const shifted = await page.evaluate(() => new Promise((told) => {
        new PerformanceObserver((list) => told(list.getEntries().filter(({ hadRecentInput }) => !hadRecentInput).reduce((sum, { value }) => sum + value, 0)))
          .observe({ type: 'layout-shift', buffered: true });
        setTimeout(told, 1000, 0);
      }));
      assert.ok(shifted < 0.1, `${stage} is shifted by ${shifted}`);
      await page.context().close();
    }
  });
}

test('what belongs together stands on one line', async () => {
  const page = await built.open('?device=cpu#hide=walls');
  await ready(page);
  const tops = (selector) => page.locator(selector).evaluateAll((all) => all.map((element) => {
    const words = document.createRange();
    words.selectNodeContents(element);
    return Math.round((element.matches('select, textarea') ? element : words).getBoundingClientRect().top);
  }));
  for (const row of ['footer > a, footer > span', '.update-what :is(select, textarea)']) assert.equal(new Set(await tops(row)).size, 1, row);
  await page.locator('#status').evaluate((status) => status.replaceChildren());
  assert.equal((await page.locator('#alert').boundingBox()).x, (await page.locator('#status').boundingBox()).x, 'an alert without a status begins where one does');
  // The question mark stands beside its title's last word, and inside the figure.
  for (const stage of STAGES) {
    await enter(page, stage);
    for (let width = 320; width <= 1300; width += 20) {
      await page.setViewportSize({ width, height: 900 });
      const apart = await page.locator('#view h2 > .term').evaluateAll((all) => all.filter((mark) => mark.checkVisibility()).filter((mark) => {
        const words = document.createRange();
        words.setStart(mark.parentElement, 0);
        words.setEndBefore(mark);
        const [last, { top, right, height }] = [[...words.getClientRects()].at(-1), mark.getBoundingClientRect()];
        return Math.abs((last.top + last.bottom) / 2 - top - height / 2) > 8 || right > mark.closest('figure').getBoundingClientRect().right;
      }).map((mark) => mark.parentElement.textContent));
      assert.deepEqual(apart, [], `${stage}, ${width} pixels`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }
});

test('the theme that is chosen stays', async () => {
  const page = await built.open('?device=cpu', { colorScheme: 'light' });
  await ready(page);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.locator('#theme').selectOption('dark');
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload();
  await ready(page);
  assert.equal(await background(), dark);
  assert.equal(await page.locator('#theme').inputValue(), 'dark');
});

test('everything is reached and done with the keyboard, and the focus is seen', async () => {
  const page = await built.open();
  await ready(page);
  const reached = [];
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const { activeElement: element } = document;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element);
      return { name: element.dataset.action || element.name || element.id || element.tagName, outline: style.outlineStyle, width: style.outlineWidth };
    });
    if (focused === null) break;
    assert.notEqual(focused.outline, 'none', `the focus on ${focused.name} is seen`);
    reached.push(focused.name);
  }
  for (const name of ['train', 'step', 'open', 'corpus', 'preset', 'steps', 'theme']) {
    assert.ok(reached.includes(name), `${name} is reached: ${reached}`);
  }
  // One step by keys alone, on little text.
  await page.locator('#settings [value=en]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.insertText('Round and round the garden. '.repeat(60));
  await control(page, 'step').focus();
  await page.keyboard.press('Enter');
  await until(page, 'step', 'exactly', 1);
  await page.locator('loss-chart canvas').focus();
  await page.keyboard.press('Home');
  assert.match(await page.locator('loss-chart .cursor').textContent(), /^1: \d/);
});

test('every control has a name, every number says where it comes from', async () => {
  const page = await built.open();
  await ready(page);
  for (const action of ['train', 'pause', 'step', 'reset', 'download', 'open', 'generate']) {
    assert.equal(await control(page, action).count(), 1, action);
    assert.ok((await control(page, action).textContent()).length > 0, action);
  }
  for (const name of ['step', 'loss', 'tokens-per-second', 'validation-loss']) {
    assert.equal(await page.locator(`[data-metric=${name}][data-run=recorded]`).count(), 1, name);
  }
  const nameless = await page.locator('button, input, select, textarea, canvas:not([aria-hidden=true]), progress').evaluateAll((elements) => elements
    .filter((element) => !(element.labels?.length || element.textContent || element.ariaLabel))
    .map((element) => element.outerHTML));
  assert.deepEqual(nameless, []);
  const keys = await page.locator('[data-text]').evaluateAll((elements) => elements
    .filter((element) => element.textContent === element.dataset.text)
    .map((element) => element.dataset.text));
  assert.deepEqual(keys, [], 'no string is missing from the catalogue');
});

test('nothing moves where less motion is asked for', async () => {
  const page = await built.open('?device=cpu', { reducedMotion: 'reduce' });
  await trained(page);
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});

test('the page is small, and nothing in it is written inline', async () => {
  const html = await readFile('dist/index.html', 'utf8');
  assert.doesNotMatch(html, /<style|style=|<script>|onclick=|https?:/);
  assert.match(html, /script-src 'self' 'wasm-unsafe-eval'/);
  // An address in a script is the name of a kind of element, and asked for by nobody.
  const named = (script) => script.replaceAll(/http:\/\/www\.w3\.org\/(2000\/svg|1998\/Math\/MathML)/g, '');
  for (const name of await readdir('www', { recursive: true })) {
    if (name.endsWith('.js')) assert.doesNotMatch(named(await readFile(`www/${name}`, 'utf8')), /Math\.random|innerHTML|https?:\/\//, name);
  }
  assert.doesNotMatch(await readFile('dist/vendor/uplot.js', 'utf8'), /Math\.random|import\(|fetch\(|XMLHttp|eval\(/);
});
