// What can break under the page, and what then goes on. Here: the device in the middle of a look, the network, the worker, what was
// recorded, a reload before the first save, small storage that is full. Elsewhere: the device in mid-run (adapter, machine), a reload
// in mid-run, the storage of runs full, refused or broken, two tabs at once (storage), a hidden tab (curves), links with parts that
// mean nothing (share, selection) or mean harm (hostile), a vocabulary that does not come (vocabularies), no WebGPU (train).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL, STAGES, TEXT, control, enter, lab, metric, paste, ready, says, set, train, unfold, until } from './page.mjs';

const built = lab();
const adapter = lab({ adapter: true });

const alert = (page, words) => page.locator('#alert').filter({ hasText: words }).waitFor();
/** Ends the process that holds the adapter. */
const crash = async () => (await adapter.browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
/** A run that a software adapter makes in seconds. */
const TINY = { batch: 2, channels: 32, context: 16, sample_every: 0, eval_every: 0, save_every: 5, warmup: 2 };

test('a device that is lost while heads are looked at leaves no view waiting', async () => {
  const page = await adapter.open('?device=gpu');
  await train(page, TINY);
  await enter(page, 'inspect');
  await page.locator('#attention[data-run=live]').waitFor();
  await until(page, 'step', 'at least', 7);
  await crash();
  await alert(page, 'The device was lost and opened again');
  // The run goes on, and what is looked at follows it again; a text is written.
  const at = await metric(page, 'step');
  await page.waitForFunction((at) => Number(document.querySelector('#attention').dataset.step) > at, at);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  await enter(page, 'generate');
  await page.locator('#generate [name=max_tokens]').fill('3');
  await control(page, 'generate').click();
  await page.locator('#writing figcaption').filter({ hasText: 'went on with 3 tokens' }).waitFor();
  await page.context().close();
});

test('a device that is lost before there is a run is opened again for what is asked next', async () => {
  const page = await adapter.open('?device=gpu#stage=inspect');
  await ready(page);
  await page.locator('#attention[data-run=recorded]').waitFor();
  await page.locator('[data-input=prompt]').fill('What is a king?');
  await page.locator('#attention[data-run=derived]').waitFor();
  await crash();
  await page.locator('[data-input=prompt]').fill('What is a queen?');
  await page.locator('#attention[data-run=derived]').waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('#attention-rows li')].some(({ textContent }) => textContent.startsWith('“q”')));
  await page.locator('[data-stage=train]').click();
  await unfold(page);
  await paste(page, TEXT);
  await set(page, { ...SMALL, ...TINY, vocab_size: '', steps: 3 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  assert.match(await page.locator('#device').textContent(), /SwiftShader/i);
  await page.context().close();
});

test('without a network the page works on with what it has', async () => {
  const page = await built.open();
  await ready(page);
  await page.context().setOffline(true);
  await control(page, 'train').click();
  await alert(page, /fetch/i);
  await page.locator('[data-action=train]:enabled').waitFor();
  // Every stage still shows something, and one's own text needs nobody.
  for (const stage of ['train', 'inspect', 'generate']) await enter(page, stage);
  await train(page);
  await page.context().setOffline(false);
  await control(page, 'reset').click();
  await page.locator('#settings [value=en]').check();
  await enter(page, 'data');
  await page.context().close();
});

for (const [what, refused, said] of [['the worker', '**/worker.js', 'engine'], ['the engine', '**/*.wasm', 'engine']]) {
  test(`where ${what} does not come the page says so, and shows the recorded run in every stage`, async () => {
    const page = await built.open('?device=cpu', { refused });
    await alert(page, said);
    for (const stage of STAGES) {
      await page.locator(`[data-stage=${stage}]`).click();
      await page.waitForFunction(() => [...document.querySelectorAll('main [data-figure], .dock [data-figure]')]
        .filter((figure) => figure.checkVisibility() && figure.dataset.run === 'recorded').length > 0);
    }
    assert.equal(await control(page, 'train').isDisabled(), true);
    assert.equal(await page.locator('#device').textContent(), 'The engine did not load');
    await page.context().close();
  });
}

test('a language whose words do not come leaves the page as it is, and comes when it is chosen again', async () => {
  const page = await built.open('?device=cpu', { refused: '**/words/zh.json' });
  await ready(page);
  await control(page, 'language').selectOption('zh');
  await alert(page, 'The words of that language did not come');
  assert.equal(await control(page, 'language').inputValue(), 'en');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.unroute('**/words/zh.json');
  await control(page, 'language').selectOption('zh');
  await page.locator('html[lang=zh-Hans]').waitFor();
  assert.match(await control(page, 'train').textContent(), /\p{Script=Han}/u);
  await page.context().close();
});

test('where the words of the page do not come at first it goes on, and has them when they come', async () => {
  let asked = 0;
  const page = await built.open('?device=cpu', { first: () => localStorage.clear() });
  await page.route('**/words/en.json', (route) => {
    asked += 1;
    return asked === 1 ? route.abort() : route.continue();
  });
  await page.reload();
  await ready(page);
  await control(page, 'train').filter({ hasText: 'Train' }).waitFor();
  assert.equal(asked, 2);
  assert.equal(await page.evaluate(() => localStorage.getItem('glasshouse.language')), null, 'nobody has chosen a language');
  await page.context().close();
});

test('where the recorded weights do not come, or are broken, it is said, and training takes their place', async () => {
  for (const body of [null, 'no zip']) {
    const page = await built.open('?device=cpu#stage=inspect');
    await page.context().route('**/recorded/*.zip', (route) => (body ? route.fulfill({ body }) : route.abort()));
    await ready(page);
    await page.locator('#attention[data-run=recorded]').waitFor();
    await page.locator('[data-input=prompt]').fill('What is a king?');
    await page.locator('#alert:not(:empty)').waitFor();
    // What was recorded is still there, and a run is looked into as ever.
    await page.locator('#attention[data-run=recorded]').waitFor();
    await train(page);
    await enter(page, 'inspect');
    await page.locator('#attention[data-run=live]').waitFor();
    await page.context().close();
  }
});

test('a reload before the first save leaves nothing half done', async () => {
  const page = await built.open();
  await ready(page);
  await unfold(page);
  await set(page, { ...SMALL, steps: 100_000 });
  await control(page, 'train').click();
  await page.locator('#progress:not([hidden])').waitFor();
  await page.reload();
  await ready(page);
  await page.locator('[data-metric=step][data-run=recorded]').waitFor();
  assert.equal(await page.locator('#kept-offer').isVisible(), false);
  assert.equal(await page.locator('#kept li').count(), 0);
  await train(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('where the small storage is full every choice lasts as long as the page', async () => {
  const page = await built.open('?device=cpu', {
    first: () => {
      Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
    },
  });
  await ready(page);
  await control(page, 'theme').selectOption('dark');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await control(page, 'language').selectOption('zh');
  assert.equal(await control(page, 'train').textContent(), '训练');
  await control(page, 'tour').click();
  await control(page, 'tour-next').click();
  assert.equal(await page.locator('#tour').getAttribute('data-station'), 'library');
  await page.locator('footer details').evaluateAll((all) => all.forEach((details) => {
    details.open = true;
  }));
  for (const box of await page.locator('footer input[type=checkbox]').all()) await box.uncheck();
  await train(page);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
