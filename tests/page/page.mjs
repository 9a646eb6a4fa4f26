// What the tests of the page share: the built page on a server of its own, in the browser that is installed.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PATIENCE } from './browser.mjs';
import { SMALL, TEXT, small_run_zip } from './small_run.mjs';

export { PATIENCE, PICTURES, lab, start } from './browser.mjs';
export { SMALL, TEXT } from './small_run.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** All words of a language, with the story. */
export async function catalogue(name) {
  const words = await Promise.all([name, `story.${name}`].map((file) => readFile(`www/words/${file}.json`, 'utf8')));
  return Object.assign({}, ...words.map((text) => JSON.parse(text)));
}

/** A control by its action. */
export const control = (page, action) => page.locator(`[data-action=${action}]`);

/** A number of the run in the tab with all its digits; null where there is none, or only the recorded one's. */
export async function metric(page, name) {
  const { value, run } = await page.locator(`[data-metric=${name}]`).evaluate(({ dataset }) => ({ ...dataset }));
  return run !== 'live' || !value ? null : Number(value);
}

/** Waits until a number of the run passes a check that runs in the page. */
export async function until(page, name, check, bound) {
  await page.waitForFunction(
    ([name, check, bound]) => {
      const { value, run } = document.querySelector(`[data-metric="${name}"]`).dataset;
      if (run !== 'live' || !value) return check === 'none';
      return check === 'at least' ? Number(value) >= bound : check === 'exactly' ? Number(value) === bound : false;
    },
    [name, check, bound],
    { timeout: PATIENCE },
  );
}

/** Waits until the page says so. */
export async function says(page, sentence) {
  await page.locator('#status').filter({ hasText: sentence }).waitFor();
}

/** The engine is loaded, and a device is open. */
export async function ready(page) {
  await page.locator('[data-action=train]:enabled').waitFor();
}

/** Fills in settings, by their names. */
export async function set(page, values) {
  await page.locator('.more').evaluate((details) => {
    details.open = true;
  });
  for (const [name, value] of Object.entries(values)) await page.locator(`#settings [name=${name}]`).fill(String(value));
}

/** Chooses one's own text, and pastes it. */
export async function paste(page, text) {
  await page.locator('#settings [value=own]').check();
  await page.locator('#own-text').fill(text);
}

/** Settings of a run that does nothing but train. */
export const QUIET = { sample_every: 0, eval_every: 0, save_every: 0 };

/** Fills in a small run on little text, which does not end by itself. */
export async function small_run(page, { text = TEXT, ...values } = {}) {
  await ready(page);
  const settings = page.locator('#settings-details');
  const folded = !(await settings.evaluate((details) => details.open));
  if (folded) await settings.locator('> summary').click();
  await paste(page, text);
  await set(page, { ...SMALL, vocab_size: '', steps: 100_000, ...QUIET, ...values });
  if (folded) await settings.locator('> summary').click();
}

/** Takes steps one by one, and waits behind each; `each` sees it. */
export async function take_steps(page, steps, each = async () => {}) {
  const before = await metric(page, 'step') ?? 0;
  for (let step = before + 1; step <= before + steps; step += 1) {
    await control(page, 'step').click();
    await until(page, 'step', 'exactly', step);
    await says(page, `Paused at step ${step}.`);
    await each(step);
  }
}

/** Opens a small run that waits at step 3: for tests that need a run and not how it came to be. */
export async function open_small_run(page) {
  await ready(page);
  await page.locator('#run-file').setInputFiles(small_run_zip());
  await until(page, 'step', 'exactly', 3);
  await says(page, 'Paused at step 3.');
}

/** A folder for files of this test. */
async function folder() {
  await mkdir('build/test/downloads', { recursive: true });
  return mkdtemp('build/test/downloads/');
}

/** The file that a press of a button downloads: its name and its path. */
export async function downloaded(page, button = control(page, 'download')) {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  const name = download.suggestedFilename();
  const path = join(await folder(), name);
  // The browser may be another process's, and keeps what it has for itself.
  await download.saveAs(path);
  return { name, path };
}

/** Drops a file on the page. */
export async function drop(page, name, bytes) {
  await page.evaluate(
    ([name, numbers]) => {
      const carried = new DataTransfer();
      carried.items.add(new File([new Uint8Array(numbers)], name));
      for (const type of ['dragover', 'drop']) dispatchEvent(new DragEvent(type, { dataTransfer: carried, cancelable: true }));
    },
    [name, [...bytes]],
  );
}

/** The stages, in their order. */
export const STAGES = ['data', 'tokenizer', 'train', 'inspect', 'generate'];

/** Opens a stage, and waits until every figure in it says what it shows; before training, of the text that is chosen now. */
export async function enter(page, stage) {
  await page.locator(`[data-stage=${stage}]`).click();
  const live = { data: ['documents', 'stream'], tokenizer: ['merges', 'tokens'] }[stage] ?? [];
  for (const figure of live) await page.locator(`[data-figure=${figure}][data-run=live]`).waitFor();
  if (stage === 'data') await page.locator('[data-figure=cleaning]:not([data-shape="0"])').waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('[data-figure]')].filter((figure) => figure.checkVisibility())
    .every((figure) => figure.dataset.tensor && figure.querySelector('figcaption').textContent));
}

/** Keeps a figure in view until `shown` has come, as its reader would: what stands above may take more room as it is drawn,
 * and what nobody sees asks for nothing. */
export async function beside(page, figure, shown) {
  await page.evaluate((figure) => {
    const along = () => {
      document.querySelector(figure).scrollIntoView({ block: 'nearest', behavior: 'instant' });
      globalThis.along = requestAnimationFrame(along);
    };
    along();
  }, figure);
  await shown();
  await page.evaluate(() => cancelAnimationFrame(globalThis.along));
}

/** Shows all settings, also on a small screen, where they begin folded away. */
export const unfold = (page) => page.locator('#settings details, details#settings-details').evaluateAll((all) => {
  for (const details of all) details.open = true;
});

/** Begins a small run on little text that does not end by itself, in the stage Train, and waits for its first steps. */
export async function train(page, { text = TEXT, ...values } = {}) {
  await ready(page);
  await page.locator('[data-stage=train]').click();
  await unfold(page);
  await small_run(page, { text, sample_every: 20, eval_every: 20, ...values });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 3);
}

/** What axe finds wrong in the page, and what it cannot tell but holds for serious; `options` are axe's. */
export async function axe(page, options = {}) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async (options) => {
    const { axe } = globalThis;
    // Marks and single characters are text like any.
    const text = {
      ignoreUnicode: false, ignoreLength: true, ignorePseudo: false, boldValue: 700, boldTextPt: 14, largeTextPt: 18,
      contrastRatio: { normal: { expected: 4.5 }, large: { expected: 3 } }, pseudoSizeThreshold: 0.25, shadowOutlineEmMax: 0.1, textStrokeEmMin: 0.03,
    };
    axe.configure({ checks: [{ id: 'color-contrast', options: text }] });
    const { violations, incomplete } = await axe.run(document, { resultTypes: ['violations', 'incomplete'], elementRef: true, ...options });
    axe.setup(document);
    const { Color, getContrast } = axe.commons.color;
    /** What axe cannot tell of an element, told in another way: whether that is a fault. */
    const faulty = {
      // A name that is read out and a sign that is seen, where the sign is no word: as wide as its script writes it.
      'label-content-name-mismatch': (element) => !axe.commons.text.accessibleText(element).normalize('NFKC').includes(element.innerText.trim()),
      // Text that is cut off, or that something else lies over now, or that stands in for what is to be typed: it is read before
      // its own ground.
      'color-contrast'(element, { any: [{ data }] }) {
        if (!['elmPartiallyObscured', 'elmPartiallyObscuring', 'bgOverlap', 'emptyValue', 'imgNode'].includes(data?.messageKey)) return true;
        const [front, back] = [new Color(), new Color(0, 0, 0, 0)];
        front.parseString(getComputedStyle(element, element.value === '' ? '::placeholder' : null).color);
        for (let at = element; at && back.alpha < 1; at = at.parentElement) {
          const { backgroundColor, backgroundImage, opacity } = getComputedStyle(at);
          if (backgroundImage !== 'none' || opacity !== '1' || at.querySelector(':scope > img')) return true;
          back.parseString(backgroundColor);
        }
        return front.alpha < 1 || getContrast(back, front) < 4.5;
      },
    };
    const unsure = incomplete.filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .map((result) => ({ ...result, nodes: result.nodes.filter((node) => node.element.isConnected && (faulty[result.id]?.(node.element, node) ?? true)) }))
      .filter(({ nodes }) => nodes.length > 0);
    axe.teardown();
    const told = ({ html, any, all, none }) => `${html.slice(0, 120)} (${[...any, ...all, ...none].map(({ message }) => message).join('; ')})`;
    return [...violations, ...unsure].map(({ id, nodes }) => `${id}: ${nodes.map(told).join(' ')}`);
  }, options);
}

/** Nothing was found that should not be. */
export const none = (faults) => assert.equal(faults.join('\n'), '');

/** What of the page is wider than the window, at either side; what scrolls by itself may hold what is wider. */
export const wide = (page) => page.evaluate(() => {
  const scrolls = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  const found = [...document.querySelectorAll('body *')].filter((element) => {
    if (!element.checkVisibility() || scrolls(element)) return false;
    const { left, right, width } = element.getBoundingClientRect();
    return width > 0 && (right > innerWidth + 0.5 || left < -0.5);
  });
  const { scrollWidth } = document.documentElement;
  return [...found.map((element) => element.outerHTML.slice(0, 120)), ...(scrollWidth > innerWidth ? [`the page is ${scrollWidth} pixels wide`] : [])];
});
