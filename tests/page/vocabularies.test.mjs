// The vocabularies of other models: fetched when they are chosen, the same ids as their own tokenizers, and their licences.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { PICTURES, axe, control, lab, none, paste, ready } from './page.mjs';

/** What the split patterns differ on: contractions, digits, capitals, white space, scripts, marks, special tokens. */
const TEXT = 'hello world, It\'S 1234567 iPhone/HTTPServer\'s\n\n  naïve CAFÉ 你好，世界！カタカナ x\u0301Y 👩‍👩‍👧 \t \n <|endoftext|> <｜User｜>…  end  ';
/** How many symbols each has. */
const SIZES = { gpt2: 50_257, gpt4: 100_277, gpt4o: 200_019 };
const built = lab();

const menu = (page) => page.locator('[data-input=tokenizer]');
const caption = (page) => page.locator('[data-figure=tokens] figcaption');
const source = (page) => page.locator('.vocabulary span');

/** The page on one's own text, in the stage Tokenizer. */
async function opened(options) {
  const page = await built.open('?device=cpu#stage=tokenizer', options);
  await ready(page);
  // A text that is short is learnt from at once, behind the corpus that the page opens with.
  if (options?.viewport?.width < 900) await page.locator('#settings-details > summary').click();
  await paste(page, 'the cat sat on the mat '.repeat(20));
  await page.locator('[data-figure=merges] figcaption').filter({ hasText: 'Before any merge the 460 bytes' }).waitFor();
  await page.locator('.tokens li').first().waitFor();
  return page;
}

/** The ids that the page shows, token by token. */
const shown = (page) => page.locator('.tokens li').evaluateAll((items) => items.flatMap((item) => item.getAttribute('aria-label').match(/, number ([\d ]+), bytes: \d+$/)[1].split(' ').map(Number)));

/** Chooses a vocabulary, and waits until so many tokens are shown by it. */
async function choose(page, name, tokens) {
  await menu(page).selectOption(name);
  await source(page).filter({ hasText: ' symbols' }).waitFor();
  await caption(page).filter({ hasText: new RegExp(`bytes of text are ${tokens} tokens`) }).waitFor();
}

test('each vocabulary gives the ids of its own tokenizer, and is asked for once, when it is chosen', async () => {
  const peers = JSON.parse(execFileSync('build/venv/bin/python', ['tests/page/peer.py'], { input: TEXT, encoding: 'utf8' }));
  const page = await opened();
  const asked = () => page.requests.filter((url) => url.includes('/vocabularies/')).map((url) => url.split('/').at(-1));
  assert.deepEqual(asked(), []);
  await page.locator('[data-input=tokens]').fill(TEXT);
  await caption(page).filter({ hasText: `${new TextEncoder().encode(TEXT).length} bytes of text` }).waitFor();
  const vocabularies = await menu(page).locator('[data-vocabulary]').evaluateAll((options) => options.map(({ value }) => value));
  assert.deepEqual(vocabularies, Object.keys(peers));
  for (const name of vocabularies) {
    await choose(page, name, peers[name].length);
    assert.deepEqual(await shown(page), peers[name], name);
    const [, symbols] = (await source(page).textContent()).match(/ has ([\d,]+) symbols/);
    if (name in SIZES) assert.equal(Number(symbols.replaceAll(',', '')), SIZES[name]);
  }
  assert.deepEqual(asked(), ['list.json', 'gpt2.tiktoken.gz', 'gpt4.tiktoken.gz', 'gpt4o.tiktoken.gz', 'deepseek.json.gz']);
  // What came stays.
  await choose(page, 'gpt4', peers.gpt4.length);
  await page.locator('[data-input=tokens]').fill('hello world');
  await caption(page).filter({ hasText: '11 bytes of text are 2 tokens' }).waitFor();
  assert.deepEqual(await shown(page), [15339, 1917]);
  await page.locator('.tokens li').first().click();
  await page.locator('.token-reading').filter({ hasText: 'number 15,339' }).waitFor();
  // A byte is told as itself, whatever number the vocabulary gives it.
  await page.locator('[data-input=tokens]').fill('as <|endoftext|>');
  await caption(page).filter({ hasText: '16 bytes of text are' }).waitFor();
  for (const [name, special] of [['gpt2', '50,256'], ['gpt4', '100,257'], ['gpt4o', '199,999']]) {
    await page.locator('[name=special]').selectOption('token');
    await menu(page).selectOption(name);
    await page.locator('.tokens li').nth(2).click();
    const told = page.locator('.token-reading');
    await told.filter({ hasText: `number ${special}` }).waitFor();
    await told.locator('.tree .hint').filter({ hasText: /^13 bytes that no merge joins$/ }).waitFor();
    await page.locator('.tokens li').first().click();
    await told.filter({ hasText: /“as”: number \d+, bytes 61 73/ }).waitFor();
    assert.deepEqual(await told.locator('.tree li:not(:has(ul)) .hint').allTextContents(), ['byte 97, hex 61', 'byte 115, hex 73'], name);
  }
  assert.equal(asked().length, 5);
  assert.deepEqual(page.errors, []);
});

test('the package, its version and its licence stand beside the menu, and the notices in the licences', async () => {
  const page = await opened();
  const licences = await readFile('dist/licences.txt', 'utf8');
  const list = JSON.parse(await readFile('dist/vocabularies/list.json', 'utf8'));
  for (const name of ['gpt4', 'deepseek']) {
    const { source: told } = list[name];
    assert.equal(told.licence, 'MIT');
    await menu(page).selectOption(name);
    await source(page).filter({ hasText: `${told.name} ${told.version} on ${told.registry}, by ${told.author}, under the licence MIT` }).waitFor();
    assert.equal(await page.locator('.vocabulary a').getAttribute('href'), 'licences.txt');
    assert.ok(await page.locator('.vocabulary a').isVisible());
    assert.ok(licences.includes(`${told.name} ${told.version}, from ${told.registry}, by ${told.author}: MIT`), name);
  }
  assert.match(licences, /Bazyli Brzoska\n\nPermission is hereby granted/);
  await menu(page).selectOption('bytes');
  await page.locator('.vocabulary a').waitFor({ state: 'hidden' });
  assert.equal(await source(page).textContent(), '');
});

test('the files are packed, and what is packed is what was fetched', async () => {
  const list = JSON.parse(await readFile('dist/vocabularies/list.json', 'utf8'));
  assert.deepEqual((await readdir('dist/vocabularies')).sort(), ['list.json', ...Object.values(list).map(({ file }) => file)].sort());
  for (const { file, bytes } of Object.values(list)) assert.equal((await readFile(`dist/vocabularies/${file}`)).length, bytes);
  const unpacked = async (name) => gunzipSync(await readFile(`dist/vocabularies/${list[name].file}`));
  assert.ok((await unpacked('gpt4')).equals(await readFile('build/vocabularies/cl100k_base.tiktoken')));
  assert.deepEqual(JSON.parse(await unpacked('deepseek')), JSON.parse(await readFile('build/vocabularies/deepseek.json')));
});

test('others are answered while a vocabulary comes, and a download that fails is said', async () => {
  const page = await opened();
  await page.locator('[data-input=tokens]').fill('the cat');
  await caption(page).filter({ hasText: '7 bytes of text' }).waitFor();
  const before = await shown(page);
  let serve = null;
  await page.context().route('**/gpt4.tiktoken.gz', (route) => {
    serve = route;
  });
  await menu(page).selectOption('gpt4');
  await source(page).filter({ hasText: 'Fetching the vocabulary of GPT-4' }).waitFor();
  assert.ok(await page.locator('.vocabulary progress').isVisible());
  // Others are answered while it comes.
  await control(page, 'merge-step').click();
  await page.locator('[data-figure=merges] figcaption').filter({ hasText: 'Merge 1:' }).waitFor();
  assert.deepEqual(await shown(page), before, 'what was shown stays until the other is there');
  await serve.fulfill({ status: 404, body: 'no' });
  await page.locator('#alert').filter({ hasText: 'vocabularies/gpt4.tiktoken.gz: 404' }).waitFor();
  assert.equal(await menu(page).inputValue(), 'ours');
  assert.equal(await page.locator('.vocabulary progress').isVisible(), false);
  // It is asked for again when it is chosen again.
  await page.context().unroute('**/gpt4.tiktoken.gz');
  await choose(page, 'gpt4', 2);
  // A network that is gone, and a file that is cut.
  await page.context().route('**/gpt2.tiktoken.gz', (route) => route.abort());
  await menu(page).selectOption('gpt2');
  await page.locator('#alert').filter({ hasText: 'vocabularies/gpt2.tiktoken.gz: it could not be fetched' }).waitFor();
  assert.equal(await menu(page).inputValue(), 'gpt4');
  const half = (await readFile('dist/vocabularies/deepseek.json.gz')).subarray(0, 1000);
  await page.context().route('**/deepseek.json.gz', (route) => route.fulfill({ body: half }));
  await menu(page).selectOption('deepseek');
  await page.locator('#alert').filter({ hasText: 'vocabularies/deepseek.json.gz: it is not a whole gzip file' }).waitFor();
  await control(page, 'language').selectOption('zh');
  await page.locator('#alert').filter({ hasText: 'vocabularies/deepseek.json.gz 不是完整的 gzip 文件' }).waitFor();
  await source(page).filter({ hasText: 'GPT-4 有 100,277 个符号' }).waitFor();
  await page.context().route('**/gpt4o.tiktoken.gz', (route) => route.fulfill({ body: 'aGVsbG8= 0\n' }));
  await menu(page).selectOption('gpt4o');
  await page.locator('#alert').filter({ hasText: /gpt4o\.tiktoken/ }).waitFor();
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    test(`a vocabulary fits ${width} pixels, ${colorScheme}, and axe finds no fault`, async () => {
      const page = await opened({ viewport: { width, height: 900 }, colorScheme });
      await menu(page).selectOption('gpt4o');
      await source(page).filter({ hasText: 'GPT-4o has 200,019 symbols' }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      await page.locator('#strip').screenshot({ path: `${PICTURES}/vocabulary-${colorScheme}-${width}.png` });
      none(await axe(page));
      await page.context().close();
    });
  }
}
