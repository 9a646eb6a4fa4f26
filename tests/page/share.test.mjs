// Links: what is seen travels in the address, one's own words only when asked for, and a bad link says what it has wrong.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { control, lab, paste, ready, set } from './page.mjs';

const built = lab();

const said = (page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));
const link = (page) => page.locator('#share [name=link]').inputValue();

test('a link brings settings and view to another tab, and offers the same run', async () => {
  const page = await built.open();
  await ready(page);
  assert.equal(await page.locator('#linked').isVisible(), false);
  await set(page, { seed: 42, steps: 7, layers: 2 });
  await page.locator('[data-stage=inspect]').click();
  await control(page, 'share').click();
  const shared = await link(page);
  const said = new URLSearchParams(new URL(shared).hash.slice(1));
  assert.deepEqual(Object.fromEntries(said), { corpus: 'en', preset: 'tiny', seed: '42', steps: '7', layers: '2', stage: 'inspect' });
  const other = await built.open(shared.slice(page.address.length));
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

test('the link follows what is chosen while its panel is open, and what is copied is what is shown', async () => {
  const page = await built.open('?device=cpu#stage=train');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await ready(page);
  await control(page, 'share').click();
  const holds = page.locator('.share-holds');
  await holds.filter({ hasText: 'Seed 0' }).waitFor();
  const copied = async (values) => {
    await control(page, 'copy').click();
    await page.locator('#share [role=status]').filter({ hasText: 'Copied.' }).waitFor();
    const shared = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(shared, await link(page));
    const found = new URLSearchParams(new URL(shared).hash.slice(1));
    for (const [name, value] of Object.entries(values)) assert.equal(found.get(name), value, name);
  };
  // Whoever copies at once gets what was set.
  await set(page, { seed: 7, steps: 30 });
  await copied({ seed: '7', steps: '30', corpus: 'en', stage: 'train' });
  await holds.filter({ hasText: 'Seed 7' }).waitFor();
  await page.locator('[data-stage=inspect]').click();
  await holds.filter({ hasText: 'It holds: Inspect' }).or(holds.filter({ hasText: '· Inspect' })).waitFor();
  await page.locator('#settings [value=zh]').check();
  await holds.filter({ hasText: 'Text Chinese' }).waitFor();
  await copied({ corpus: 'zh', stage: 'inspect' });
  await page.locator('#share [name=own-words]').check();
  await page.locator('[data-input=prompt]').fill('Who is there?');
  await copied({ prompt: 'Who is there?' });
  await control(page, 'language').selectOption('zh');
  await holds.filter({ hasText: '随机种子 7' }).waitFor();
  assert.deepEqual(page.errors, []);
});

test('a copied link shows the same text and recorded run to a reader of another language, and offers to train', async () => {
  const loss = async (name) => JSON.parse(await readFile(`recorded/${name}.json`, 'utf8')).steps.loss.at(-1);
  for (const [corpus, locale, elsewhere] of [['en', 'en-US', 'zh-CN'], ['zh', 'zh-CN', 'en-US']]) {
    const page = await built.open('?device=cpu#stage=inspect', { locale });
    await ready(page);
    await page.locator('#attention[data-run=recorded]').waitFor();
    assert.deepEqual(said(page), { stage: 'inspect' });
    await control(page, 'share').click();
    const shared = await link(page);
    const prompt = await page.locator('[data-input=prompt]').inputValue();
    const other = await built.open(shared.slice(page.address.length), { locale: elsewhere });
    await ready(other);
    await other.locator('#attention[data-run=recorded]').waitFor();
    assert.equal(await other.locator('#settings [name=corpus]:checked').inputValue(), corpus);
    assert.equal(await other.locator('[data-metric=loss][data-run=recorded]').getAttribute('data-value'), String(await loss(corpus)));
    assert.equal(await other.locator('[data-input=prompt]').inputValue(), prompt);
    assert.ok(await other.locator('#linked').isVisible());
    // The language of the page is the reader's, and what it says of the run stays.
    await control(other, 'language').selectOption(elsewhere === 'zh-CN' ? 'en' : 'zh');
    await control(other, 'language').selectOption(elsewhere === 'zh-CN' ? 'zh' : 'en');
    assert.equal(await other.locator('[data-input=prompt]').inputValue(), prompt);
    await other.locator('#attention[data-run=recorded]').waitFor();
    assert.ok(other.requests.every((request) => !request.endsWith('.zip')), 'it is recorded, and computed from no weights');
    // Another link in the same tab brings the other text and its run.
    const [turned] = ['en', 'zh'].filter((name) => name !== corpus);
    await other.evaluate((name) => {
      location.hash = `#stage=inspect&corpus=${name}&step=50`;
    }, turned);
    await other.locator(`[data-metric=loss][data-run=recorded][data-value="${await loss(turned)}"]`).waitFor();
    await other.locator('#attention[data-run=recorded][data-step="50"]').waitFor();
    for (const { errors } of [page, other]) assert.deepEqual(errors, []);
    await page.context().close();
    await other.context().close();
  }
});

test('own words stay out of the link until they are asked for', async () => {
  const page = await built.open();
  await ready(page);
  const words = 'a secret & <b>bold</b> # of mine';
  await paste(page, words);
  await control(page, 'share').click();
  assert.doesNotMatch(decodeURIComponent(await link(page)), /secret/);
  assert.doesNotMatch(decodeURIComponent(page.url()), /secret/);
  await page.locator('#share [name=own-words]').check();
  const shared = await link(page);
  const other = await built.open(shared.slice(page.address.length));
  await ready(other);
  assert.equal(await other.locator('#own-text').inputValue(), words);
  assert.equal(await other.locator('#settings [name=corpus]:checked').inputValue(), 'own');
  await page.locator('#own-text').fill('x'.repeat(4_001));
  await page.locator('#share [name=own-words]').uncheck();
  await page.locator('#share [name=own-words]').check();
  await page.locator('#share [role=status]').filter({ hasText: /4,001 characters and a link holds 4,000/ }).waitFor();
});

test('a teacher hides controls through the link', async () => {
  const page = await built.open('?device=cpu#hide=settings,files');
  await ready(page);
  assert.equal(await page.locator('#settings').isVisible(), false);
  assert.equal(await control(page, 'download').isVisible(), false);
  assert.ok(await control(page, 'train').isVisible());
  await control(page, 'share').click();
  await page.locator('#share [value=numbers]').check();
  assert.equal(new URLSearchParams(new URL(await link(page)).hash.slice(1)).get('hide'), 'numbers');
  const other = await built.open('?device=cpu#corpus=zh&hide=controls');
  await other.locator('[data-metric=step][data-run=recorded]').waitFor();
  assert.equal(await other.locator('#linked').isVisible(), false, 'it would train as well');
});

test('what is hidden leaves no room, and nothing that is said sends to it', async () => {
  const page = await built.open('?device=cpu#stage=inspect&steps=7&hide=settings,controls');
  await page.locator('#status').filter({ hasText: /^Ready\.$/ }).waitFor();
  assert.equal(await page.locator('#linked').isVisible(), false);
  assert.equal(await control(page, 'train-linked').isVisible(), false);
  const columns = () => page.locator('main, .side').evaluateAll((all) => all.map((part) => part.getBoundingClientRect()).map(({ left, width }) => ({ left, width })));
  const [main, side] = await columns();
  assert.deepEqual([main.left, main.width, side.left, side.width], [16, 932, 964, 300]);
  await page.setViewportSize({ width: 1000, height: 900 });
  assert.deepEqual((await columns()).map(({ width }) => width), [968, 968]);
  // Another link in the same tab brings them back.
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.evaluate(() => {
    location.hash = '#stage=inspect&steps=7&hide=files';
  });
  await page.locator('#linked').waitFor();
  assert.deepEqual((await columns()).map(({ width }) => width), [684, 300]);
  assert.ok(await control(page, 'train').isVisible());
  assert.deepEqual(page.errors, []);
});

test('a bad link opens the page, and says which of its parts mean nothing', async () => {
  const page = await built.open('?device=cpu#stage=nowhere&seed=-1&preset=huge&corpus=en&colour=<b>red</b>&hide=walls');
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

test('a view goes round: step, head, token and cell are those that were left', async () => {
  const page = await built.open('?device=cpu#stage=inspect');
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  await page.locator('#timeline [name=at]').focus();
  await page.keyboard.press('ArrowLeft');
  await page.locator('#attention[data-step="1400"]').waitFor();
  await page.locator('.heads button').nth(9).click();
  const { width, height } = await page.locator('#attention .matrix').boundingBox();
  await page.locator('#attention .matrix').click({ position: { x: (2.5 * width) / 16, y: (6.5 * height) / 16 } });
  await page.locator('#inspector[data-state=kept]').waitFor();
  const value = await page.locator('[data-reading=value]').getAttribute('data-value');
  assert.ok(Number(value) > 0);
  await control(page, 'share').click();
  const shared = await link(page);
  const view = { stage: 'inspect', step: '1400', layer: '2', head: '1', token: '6', tensor: 'attention', cell: '6.2' };
  assert.deepEqual(said(page), view, 'the address names no run that nobody chose');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(new URL(shared).hash.slice(1))), { ...view, corpus: 'en', preset: 'tiny', seed: '0' });
  assert.equal(await page.locator('.share-holds').textContent(), 'It holds: Inspect · Step 1400 · Layer 3 · Head 2 · Token 7 · Cell 7 / 3 · Text English: Shakespeare · Preset tiny · Seed 0.');
  // Without any engine: what is recorded is enough.
  const other = await built.open(shared.slice(page.address.length), { refused: '**/*.wasm' });
  await other.locator('#attention[data-step="1400"][data-tensor="attention.2.1"]').waitFor();
  await other.locator('#inspector[data-state=kept]').waitFor();
  assert.equal(await other.locator('[data-reading=value]').getAttribute('data-value'), value);
  assert.equal(await other.locator('.arcs-tokens button').nth(6).getAttribute('aria-selected'), 'true');
  assert.equal(await other.locator('.heads button').nth(9).getAttribute('aria-selected'), 'true');
  assert.doesNotMatch(await other.locator('#alert').textContent(), /mean nothing/);
  // What is let go leaves the address too, and another link in the same tab is followed.
  await other.locator('[data-stage=inspect]').press('Escape');
  await other.waitForFunction(() => !location.hash.includes('token'));
  await other.evaluate(() => {
    location.hash = '#stage=inspect&step=60&head=3&token=1';
  });
  await other.locator('#attention[data-step="50"][data-tensor="attention.0.3"]').waitFor();
  assert.equal(await other.locator('.arcs-tokens button').nth(1).getAttribute('aria-selected'), 'true');
  await other.waitForFunction(() => location.hash.includes('step=50'));
  assert.deepEqual(said(other), { stage: 'inspect', step: '50', head: '3', token: '1' });
});

test('a step of the curves, a token and a byte of the text go round as well', async () => {
  const page = await built.open('?device=cpu#stage=train&tensor=grad_norm&cell=300');
  await ready(page);
  await page.locator('#inspector[data-state=kept]').waitFor();
  assert.match(await page.locator('[data-reading=cell]').textContent(), /^Step 300: loss/);
  assert.match(await page.locator('[data-figure=loss] .cursor').textContent(), /^300: /);
  const text = await built.open('?device=cpu#stage=data&tensor=text&cell=5000');
  await ready(text);
  await text.locator('[data-reading=cell]').filter({ hasText: 'byte 5,000 of' }).waitFor();
  assert.equal(await text.locator('.characters [aria-selected=true]').getAttribute('data-at'), '5000');
  const tokens = await built.open('?device=cpu#stage=tokenizer&tensor=tokens&cell=3');
  await ready(tokens);
  await tokens.locator('#strip[data-run=live] .tokens [aria-selected=true]').waitFor();
  for (const { errors } of [page, text, tokens]) assert.deepEqual(errors, []);
});

test('what a link says of a view that does not exist is said, and the rest is shown', async () => {
  const bad = ['step=soon', 'layer=4', 'head=-1', 'token=99', 'tensor=attention', 'cell=2.99'];
  const page = await built.open(`?device=cpu#stage=inspect&${bad.join('&')}`);
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  const alert = page.locator('#alert');
  await alert.filter({ hasText: 'cell=2.99' }).waitFor();
  for (const part of bad) assert.ok((await alert.textContent()).includes(part), `${part} in: ${await alert.textContent()}`);
  await page.locator('#inspector[data-state=none]').waitFor();
  assert.equal(await page.locator('#attention').getAttribute('data-tensor'), 'attention.0.0');
  for (const one of ['tensor=walls&cell=1', 'cell=1.2', 'tensor=attention&cell=1', 'token=1.5', 'tensor=constructor&cell=1']) {
    const other = await built.open(`?device=cpu#stage=inspect&${one}&layer=1`);
    await ready(other);
    await other.locator('#attention[data-tensor="attention.1.0"]').waitFor();
    assert.ok((await other.locator('#alert').textContent()).includes(one.split('&')[0]), one);
    assert.deepEqual(other.errors, []);
    await other.context().close();
  }
  assert.deepEqual(page.errors, []);
});
