// The heads of all layers as a grid: its names, its keys, its pictures.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { lab } from './page.mjs';

const built = lab();

/** The recorded run, and the page that shows it. */
async function opened(options) {
  const run = JSON.parse(await readFile('recorded/en.json', 'utf8'));
  const page = await built.open('?device=cpu#stage=inspect', { refused: '**/*.wasm', ...options });
  await page.locator('#attention[data-run=recorded]').waitFor();
  return { run, page, focused: () => page.evaluate(() => document.activeElement.getAttribute('aria-label')) };
}

const cell = (page, layer, head) => page.locator('.heads [role=row]').nth(layer).locator('[role=gridcell]').nth(head - 1);

test('the grid has its rows and columns, and every head its name', async () => {
  const { run: { layers, heads, looks }, page } = await opened();
  const grid = page.getByRole('grid', { name: 'Heads, a row for each layer' });
  assert.equal(await grid.getByRole('row').count(), layers + 1);
  assert.deepEqual(await grid.getByRole('columnheader').allTextContents(), ['entropy in bits', ...Array.from({ length: heads }, (_, i) => `head ${i + 1}`)]);
  assert.deepEqual(await grid.getByRole('rowheader').allTextContents(), Array.from({ length: layers }, (_, i) => `layer ${i + 1}`));
  const names = await grid.getByRole('gridcell').evaluateAll((cells) => cells.map((one) => [one.getAttribute('aria-label'), one.textContent]));
  const { entropy } = looks.at(-1);
  assert.deepEqual(names, entropy.map((bits, i) => {
    const shown = String(Number(bits.toPrecision(3)));
    return [`layer ${Math.floor(i / heads) + 1}, head ${(i % heads) + 1}, entropy ${shown} bits`, shown];
  }));
  assert.equal(await grid.locator('[tabindex="0"]').count(), 1, 'one stop of the Tab key');
  for (const header of await grid.locator('[role$=header]').all()) assert.ok(await header.isVisible());
});

test('arrow keys go from head to head, and Enter shows one large', async () => {
  const { run: { layers, heads }, page, focused } = await opened();
  await cell(page, 1, 1).focus();
  const at = async (layer, head) => assert.match(await focused(), new RegExp(`^layer ${layer}, head ${head}, `));
  for (const [key, layer, head] of [
    ['ArrowLeft', 1, 1], ['ArrowUp', 1, 1], ['ArrowRight', 1, 2], ['ArrowDown', 2, 2], ['End', 2, heads], ['ArrowRight', 2, heads],
    ['Home', 2, 1], ['Control+End', layers, heads], ['ArrowDown', layers, heads], ['Control+Home', 1, 1], ['ArrowDown', 2, 1],
  ]) {
    await page.keyboard.press(key);
    await at(layer, head);
  }
  assert.equal(await cell(page, 1, 1).getAttribute('aria-selected'), 'true', 'moving chooses nothing');
  await page.keyboard.press('Enter');
  await at(2, 1);
  assert.deepEqual(await page.locator('.heads [aria-selected=true]').evaluateAll((all) => all.length), 1);
  assert.equal(await cell(page, 2, 1).getAttribute('aria-selected'), 'true');
  assert.equal(await page.locator('#attention').getAttribute('data-tensor'), 'attention.1.0');
  // From elsewhere Tab comes back to where it was left, and leaves the grid at once.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('.heads :focus').count(), 0);
  await page.keyboard.press('Shift+Tab');
  await at(2, 2);
  assert.deepEqual(page.errors.filter((error) => !error.includes('ERR_FAILED')), []);
});

test('all heads are drawn on one scale', async () => {
  const { colour } = await import('../../www/figure/colours.js');
  const { run: { layers, heads, tokens: { length: n }, looks }, page } = await opened();
  const numbers = new Uint16Array(new Uint8Array(Buffer.from(looks.at(-1).attention, 'base64')).buffer);
  const pictures = await page.locator('.heads canvas').evaluateAll((all) => all.map((canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]));
  assert.equal(pictures.length, layers * heads);
  let at = 0;
  for (const pixels of pictures) {
    for (let row = 0; row < n; row += 1) {
      for (let column = 0; column <= row; column += 1, at += 1) {
        assert.deepEqual(pixels.slice(4 * (row * n + column), 4 * (row * n + column) + 3), colour(Math.fround(numbers[at] / 65_535)));
      }
    }
  }
});
