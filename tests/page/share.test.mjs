// Links: what is seen travels in the address, one's own words only when asked for, and a bad link says what it has wrong.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { control, paste, ready, set, start } from './page.mjs';

let lab;
before(async () => {
  lab = await start();
});
after(() => lab.stop());

const link = (page) => page.locator('#share [name=link]').inputValue();

test('a link brings settings and view to another tab, and offers the same run', async () => {
  const page = await lab.open();
  await ready(page);
  assert.equal(await page.locator('#linked').isVisible(), false);
  await set(page, { seed: 42, steps: 7, layers: 2 });
  await page.locator('[data-stage=inspect]').click();
  await control(page, 'share').click();
  const shared = await link(page);
  const said = new URLSearchParams(new URL(shared).hash.slice(1));
  assert.deepEqual(Object.fromEntries(said), { seed: '42', steps: '7', layers: '2', stage: 'inspect' });
  const other = await lab.open(shared.slice(page.address.length));
  await ready(other);
  assert.equal(await other.locator('body').getAttribute('data-open'), 'inspect');
  for (const [name, value] of [['seed', '42'], ['steps', '7'], ['layers', '2']]) assert.equal(await other.locator(`#settings [name=${name}]`).inputValue(), value);
  assert.ok(await other.locator('#linked').isVisible());
  assert.match(await other.locator('#linked').textContent(), /the last digits may differ/);
  await other.locator('#attention[data-run=recorded]').waitFor();
  await control(other, 'train-linked').click();
  await other.locator('#linked').waitFor({ state: 'hidden' });
  await other.locator('#run-shape').filter({ hasText: /Layers 2, .* Seed 42/ }).waitFor({ state: 'attached' });
  assert.deepEqual(other.errors, []);
});

test('own words stay out of the link until they are asked for', async () => {
  const page = await lab.open();
  await ready(page);
  const words = 'a secret & <b>bold</b> # of mine';
  await paste(page, words);
  await control(page, 'share').click();
  assert.doesNotMatch(decodeURIComponent(await link(page)), /secret/);
  assert.doesNotMatch(decodeURIComponent(page.url()), /secret/);
  await page.locator('#share [name=own-words]').check();
  const shared = await link(page);
  const other = await lab.open(shared.slice(page.address.length));
  await ready(other);
  assert.equal(await other.locator('#own-text').inputValue(), words);
  assert.equal(await other.locator('#settings [name=corpus]:checked').inputValue(), 'own');
  await page.locator('#own-text').fill('x'.repeat(4_001));
  await page.locator('#share [name=own-words]').uncheck();
  await page.locator('#share [name=own-words]').check();
  await page.locator('#share [role=status]').filter({ hasText: /4,001 characters and a link holds 4,000/ }).waitFor();
});

test('a teacher hides controls through the link', async () => {
  const page = await lab.open('?device=cpu#hide=settings,files');
  await ready(page);
  assert.equal(await page.locator('#settings').isVisible(), false);
  assert.equal(await control(page, 'download').isVisible(), false);
  assert.ok(await control(page, 'train').isVisible());
  await control(page, 'share').click();
  await page.locator('#share [value=numbers]').check();
  assert.equal(new URLSearchParams(new URL(await link(page)).hash.slice(1)).get('hide'), 'numbers');
});

test('a bad link opens the page, and says which of its parts mean nothing', async () => {
  const page = await lab.open('?device=cpu#stage=nowhere&seed=-1&preset=huge&corpus=en&colour=<b>red</b>&hide=walls');
  await ready(page);
  const alert = page.locator('#alert');
  for (const part of ['stage=nowhere', 'seed=-1', 'preset=huge', 'colour=<b>red</b>', 'hide=walls']) {
    assert.ok((await alert.textContent()).includes(part), `${part} in: ${await alert.textContent()}`);
  }
  assert.equal(await alert.locator('b').count(), 0);
  assert.equal(await page.locator('#settings [name=seed]').inputValue(), '');
  assert.equal(await page.locator('#settings [name=preset]').inputValue(), 'tiny');
  assert.deepEqual(page.errors, []);
});
