// The stages before training: the text as one line, merges as they happen, tokens after the first of them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { test } from 'node:test';
import { QUIET, SMALL, STAGES, control, drop, lab, metric, open_small_run, paste, ready, says, set, unfold, until } from './page.mjs';

const built = lab();

const tab = (page, stage) => page.locator(`[data-stage=${stage}]`);
const caption = (page, figure) => page.locator(`[data-figure=${figure}] figcaption`);
const digits = (n) => n.toLocaleString('en-US');
const number = (string) => Number(string.replaceAll(',', ''));

/** Waits until a figure's sentence matches, and gives the match. */
async function sentence(page, figure, pattern) {
  await caption(page, figure).filter({ hasText: pattern }).waitFor();
  return (await caption(page, figure).textContent()).match(pattern);
}

/** Opens a stage, and waits until its figures hold something. */
async function open(page, stage) {
  await tab(page, stage).click();
  if (stage === 'data') await page.locator('#stream[data-run=live] .characters li').first().waitFor();
  if (stage === 'tokenizer') await page.locator('#strip[data-run=live] .tokens li').first().waitFor();
}

/** A small model, and the stage that looks into it. */
async function inspected(page) {
  await open_small_run(page);
  await tab(page, 'inspect').click();
  await page.locator('.heads button').first().waitFor();
}

/** The page on one's own text, in a stage. */
async function on(text, stage) {
  const page = await built.open();
  await ready(page);
  await paste(page, text);
  await open(page, stage);
  return page;
}

test('the documents and the line are those of the corpus', async () => {
  const page = await built.open();
  await ready(page);
  await open(page, 'data');
  const corpus = gunzipSync(await readFile('corpora/en.txt.gz'));
  const [, documents, bytes] = await sentence(page, 'documents', /The text is (\d+) documents?, .*: ([\d,]+) bytes/);
  const rows = await page.locator('#documents tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.equal(rows.length, Number(documents));
  assert.equal(rows.reduce((sum, row) => sum + number(row[2]), 0), number(bytes));
  assert.ok(corpus.length - number(bytes) < 2 * rows.length, 'all but the separators are documents');
  // The third document begins where the first two end.
  await page.locator('#documents tbody button').nth(2).click();
  const [, at] = await sentence(page, 'stream', /From byte ([1-9][\d,]*) on/);
  assert.equal(number(at), number(rows[0][2]) + number(rows[1][2]));
  assert.equal(await page.locator('.characters li').first().textContent(), 'a document begins');
  const shown = await page.locator('.characters b').allTextContents();
  assert.ok(shown.join('').startsWith(rows[2][1].replaceAll(' ', '·')), shown.join(''));
  assert.deepEqual(page.errors, []);
});

test('of many documents a hundred are listed, any of them by a slider, and the one that a link names', async () => {
  const page = await built.open('?device=cpu#stage=data&corpus=zh&tensor=documents&cell=1234');
  await ready(page);
  const [, all] = await sentence(page, 'documents', /The text is ([\d,]+) documents/);
  const listed = (from, to) => page.locator('#documents[data-run=live] label').filter({ hasText: `Nos. ${from} to ${to} of ${all}` }).waitFor();
  const numbers = () => page.locator('#documents tbody td:first-child').allTextContents();
  await listed('1,201', '1,300');
  await page.locator('#inspector [data-reading=cell]').filter({ hasText: 'No. 1,235 · ' }).waitFor();
  assert.deepEqual((await numbers()).map(number), Array.from({ length: 100 }, (_, i) => 1201 + i));
  // They are one place in the order of the keys, from which arrows go on.
  await page.locator('#documents tbody button').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.locator('#documents tbody tr:nth-child(2) button:focus').waitFor();
  await page.keyboard.press('Tab');
  await page.locator('#documents label input:focus').waitFor();
  await page.keyboard.press('ArrowRight');
  await listed('1,301', '1,400');
  await page.keyboard.press('Home');
  await listed('1', '100');
  await page.keyboard.press('End');
  await listed(digits(100 * Math.floor((number(all) - 1) / 100) + 1), all);
  // The last document ends where the text does.
  const button = page.locator('#documents tbody button').last();
  const [start, bytes] = [await button.getAttribute('data-start'), await page.locator('#documents tbody tr').last().locator('td').last().textContent()];
  const [, size] = await sentence(page, 'documents', /: ([\d,]+) bytes/);
  assert.equal(Number(start) + number(bytes), number(size));
  await button.click();
  await page.locator('#stream figcaption').filter({ hasText: `From byte ${digits(Number(start))} on` }).waitFor();
  // Few are listed whole.
  await unfold(page);
  await page.locator('#settings [value=en]').check();
  await sentence(page, 'documents', /The text is 13 documents/);
  assert.ok(await page.locator('#documents label').isHidden());
  assert.deepEqual(page.errors, []);
});

test('characters, bytes and bits agree', async () => {
  const typed = 'a 宋😀\n';
  const page = await on(typed, 'data');
  const found = await page.locator('.characters li:not(.begins)').evaluateAll((items) => items.map((item) => ({
    text: item.querySelector('b').textContent,
    bytes: [...item.querySelectorAll('.byte')].map((byte) => ({
      hex: byte.querySelector('code').textContent,
      bits: [...byte.querySelectorAll('small')].map((half) => half.textContent).join(''),
    })),
  })));
  assert.deepEqual(found.map(({ text }) => text), ['a', '·', '宋', '😀', '↵']);
  for (const [i, character] of [...typed].entries()) {
    const bytes = [...new TextEncoder().encode(character)];
    assert.deepEqual(found[i].bytes.map(({ hex }) => Number.parseInt(hex, 16)), bytes);
    assert.deepEqual(found[i].bytes.map(({ bits }) => Number.parseInt(bits, 2)), bytes);
  }
  await sentence(page, 'stream', /5 characters are 10 bytes, or 80 zeros and ones/);
  // The middle of a character shows the whole of it.
  await page.locator('#stream input').fill('4');
  await sentence(page, 'stream', /From byte 2 on, 3 characters are 8 bytes/);
});

test('a byte that is no UTF-8 stands in the line as one', async () => {
  const page = await built.open();
  await ready(page);
  // Fewer than one in a thousand: with more the text would be one in another encoding.
  await drop(page, 'bytes.txt', Buffer.from([0x61, 0xff, 0xfe, ...Buffer.from('b'.repeat(2500))]));
  await open(page, 'data');
  await page.locator('#stream[data-run=live] .characters b').nth(1).filter({ hasText: '�' }).waitFor();
  assert.deepEqual((await page.locator('.characters b').allTextContents()).slice(0, 4), ['a', '�', '�', 'b']);
  assert.deepEqual(page.errors, []);
});

test('merges happen one at a time, and the line grows shorter by each', async () => {
  const text = 'low lower lowest '.repeat(20);
  const page = await on(text, 'tokenizer');
  await sentence(page, 'merges', /Before any merge the 340 bytes are 340 tokens/);
  let before = 340;
  for (let k = 1; k <= 4; k += 1) {
    const next = await page.locator('.race li').first().locator('b').allTextContents();
    await control(page, 'merge-step').click();
    const [, left, right, pair, count, tokens] = await sentence(page, 'merges', new RegExp(`Merge ${k}: “(.*)” and “(.*)” became “(.*)”; they stood side by side ([\\d,]+) times. The 340 bytes are now ([\\d,]+) tokens`));
    assert.deepEqual([left, right], next, 'the first of the race is merged');
    assert.equal(left + right, pair);
    assert.equal(number(tokens), before - number(count));
    before = number(tokens);
    // The strip follows: the sample is the first 300 bytes.
    await sentence(page, 'tokens', new RegExp(`With the merges up to ${k}, 300 bytes`));
  }
  // The bytes stay, and the new symbols stand behind them, the newest first.
  assert.equal(await page.locator('.bytes-all span').count(), 256);
  assert.match(await page.locator('.alphabet p').textContent(), /The 256 bytes stay.* made of pairs: 4; .* has 260/);
  const made = await page.locator('.made li').evaluateAll((items) => items.map((item) => [...item.children].map(({ textContent }) => textContent)));
  assert.deepEqual(made.map(([id]) => id), ['259', '258', '257', '256']);
  assert.ok((await caption(page, 'merges').textContent()).includes(`became “${made[0][1]}”`));
  await control(page, 'merge-reset').click();
  await sentence(page, 'merges', /Before any merge/);
  assert.equal(await page.locator('.made li').count(), 0);
  await page.locator('[name=merge-speed]').selectOption('0');
  await control(page, 'merge-play').click();
  await sentence(page, 'merges', /No merge is left to make/);
  assert.equal(await control(page, 'merge-play').isDisabled(), true);
});

test('the first merges encode any text, without training again', async () => {
  const page = await on('the cat sat on the mat and the rat '.repeat(20), 'tokenizer');
  const typed = 'the hat <|endoftext|> 👩‍👩‍👧';
  await page.locator('[data-input=tokens]').fill(typed);
  const bytes = new TextEncoder().encode(typed).length;
  await page.locator('[name=first-merges]').fill('0');
  const [, least] = await sentence(page, 'tokens', /With the merges up to 0, (\d+) bytes of text are \1 tokens/);
  assert.equal(number(least), bytes);
  const most = await page.locator('[name=first-merges]').getAttribute('max');
  await page.locator('[name=first-merges]').fill(most);
  const [, tokens] = await sentence(page, 'tokens', new RegExp(`With the merges up to ${most}, ${bytes} bytes of text are (\\d+) tokens`));
  assert.ok(number(tokens) < bytes);
  const shown = await page.locator('.tokens li').evaluateAll((items) => items.map((item) => item.firstChild.textContent));
  assert.equal(shown.join(''), typed.replaceAll(' ', '·'), 'no character is cut, and none is lost');
  assert.ok(shown.includes('👩‍👩‍👧'), 'what is one character for its reader is one box');
});

test('a token tells its number, its bytes and its merges, by pointer and by key', async () => {
  const page = await on('the then them '.repeat(30), 'tokenizer');
  await page.locator('[name=first-merges]').fill(await page.locator('[name=first-merges]').getAttribute('max'));
  await page.locator('[data-input=tokens]').fill('the them');
  await sentence(page, 'tokens', /8 bytes of text/);
  const first = page.locator('.tokens li').first();
  await first.focus();
  const reading = page.locator('.token-reading');
  await reading.filter({ hasText: 'bytes 74 68 65' }).waitFor();
  assert.match(await first.getAttribute('aria-label'), /^the, number \d+, bytes: 3$/);
  const leaves = await reading.locator('.tree li:not(:has(ul)) b').allTextContents();
  assert.equal(leaves.join(''), 'the');
  await page.keyboard.press('Enter');
  assert.equal(await first.getAttribute('aria-selected'), 'true');
  await page.keyboard.press('ArrowRight');
  await reading.filter({ hasText: '“·them”' }).waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.tokens [aria-selected=true]').count(), 0);
});

test('a tokenizer from a file, and bytes alone, encode the same text', async () => {
  const page = await on('the cat sat on the mat '.repeat(20), 'tokenizer');
  await page.locator('[data-input=tokens]').fill('the cat <|end|>');
  await sentence(page, 'tokens', /15 bytes of text/);
  await page.locator('[data-input=tokenizer]').selectOption('bytes');
  await sentence(page, 'tokens', /merges up to 0, 15 bytes of text are 15 tokens/);
  // Two merges and a special token, in the form of Hugging Face's files: bytes are named by printable characters.
  const named = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let spare = 256;
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(named(byte) ? byte : spare++));
  const vocab = Object.fromEntries([...bytes, 'th', 'the'].map((token, id) => [token, id]));
  const special = { id: 258, content: '<|end|>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const file = {
    version: '1.0', truncation: null, padding: null, added_tokens: [special], normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null, decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab, merges: ['t h', 'th e'] },
  };
  await drop(page, 'tokenizer.json', new TextEncoder().encode(JSON.stringify(file)));
  await sentence(page, 'tokens', /merges up to 2, 15 bytes of text are 13 tokens/);
  assert.equal(await page.locator('[data-input=tokenizer] option:checked').textContent(), 'tokenizer.json: 259 tokens');
  await page.locator('[name=special]').selectOption('token');
  await sentence(page, 'tokens', /15 bytes of text are 7 tokens/);
  await page.locator('[name=first-merges]').fill('1');
  await sentence(page, 'tokens', /merges up to 1, 15 bytes of text are 8 tokens/);
  // A file that is none is refused in a sentence, and what is shown stays.
  await drop(page, 'tokenizer.json', new TextEncoder().encode('{"model": 1}'));
  await page.locator('#alert').filter({ hasText: 'tokenizer.json' }).waitFor();
  await page.locator('[name=first-merges]').fill('2');
  await sentence(page, 'tokens', /15 bytes of text are 7 tokens/);
});

test('without a model and without the recorded one, Inspect says what to do', async () => {
  const page = await built.open('?device=cpu#stage=inspect', { refused: '**/recorded/**' });
  await ready(page);
  await sentence(page, 'attention', /One step of training is enough/);
  assert.equal(await page.locator('.heads').isVisible(), false);
});

test('attention is drawn as it is told, and nothing looks ahead', async () => {
  const page = await built.open();
  await ready(page);
  await inspected(page);
  await page.locator('[data-input=prompt]').fill('Now is the winter');
  await page.locator('#attention-rows li').nth(3).waitFor({ state: 'attached' });
  await sentence(page, 'attention', /Layer 1, head 1, at step 3:/);
  assert.equal(await page.locator('.heads button').count(), SMALL.layers * SMALL.heads);
  const { n, pixels } = await page.locator('.matrix').evaluate((canvas) => ({
    n: canvas.width,
    pixels: [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data],
  }));
  assert.equal(`${n}x${n}`, await page.locator('#attention').getAttribute('data-shape'));
  const rows = await page.locator('#attention-rows li').allTextContents();
  assert.equal(rows.length, n);
  // The first token sees itself alone: the lightest colour, and 1 in words.
  assert.deepEqual(pixels.slice(0, 4), [0xfe, 0xe8, 0x38, 255]);
  assert.match(rows[0], /looks at “.*” 1$/);
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column < n; column += 1) assert.equal(pixels[4 * (row * n + column) + 3], column <= row ? 255 : 0);
  }
  // What the last row looks at most is its lightest cell.
  const [, , most] = rows[n - 1].match(/“(.*?)” looks at “(.*?)” ([\d.]+)/);
  const labels = await page.locator('.labels li').allTextContents();
  const light = Array.from({ length: n }, (_, column) => pixels[4 * ((n - 1) * n + column) + 1]);
  assert.equal(labels[light.indexOf(Math.max(...light))], most);
});

test('heads off and the sampling change what comes next, and all on brings it back', async () => {
  const page = await built.open();
  await ready(page);
  await inspected(page);
  const logits = () => page.locator('#next tbody tr td:nth-child(3)').allTextContents();
  await page.locator('#next tbody tr').first().waitFor();
  const before = await logits();
  await control(page, 'head-off').click();
  await sentence(page, 'attention', /1 of 2 heads is switched off/);
  assert.notDeepEqual(await logits(), before);
  assert.match(await caption(page, 'attention').textContent(), /This head is off\.$/);
  const button = control(page, 'head-off');
  assert.equal(await button.textContent(), 'Switch on');
  // Another head is on; and this one is switched on by the button that switched it off.
  await page.locator('.heads button').last().click();
  assert.equal(await button.textContent(), 'Switch off');
  assert.match(await caption(page, 'attention').textContent(), /computed without them\.$/);
  await page.locator('.heads button').first().click();
  await button.click();
  await page.locator('[data-action=heads-on]:disabled').waitFor();
  assert.equal(await button.textContent(), 'Switch off');
  assert.deepEqual(await logits(), before);
  await button.click();
  await sentence(page, 'attention', /1 of 2 heads is switched off/);
  await control(page, 'language').selectOption('zh');
  await button.filter({ hasText: /^打开$/ }).waitFor();
  assert.match(await caption(page, 'attention').textContent(), /这个头已关闭。$/);
  await control(page, 'language').selectOption('en');
  await control(page, 'heads-on').click();
  await page.locator('[data-action=heads-on]:disabled').waitFor();
  assert.deepEqual(await logits(), before);
  await page.locator('#next [name=top_k]').fill('3');
  await sentence(page, 'next', /keep 3 of/);
  const shares = await page.locator('#next tbody tr td:nth-child(8)').allTextContents();
  assert.ok(Math.abs(shares.slice(0, 3).reduce((sum, share) => sum + Number(share), 0) - 1) < 0.01, shares.join());
  assert.deepEqual([...new Set(shares.slice(3))], ['0']);
  await page.locator('#next [name=temperature]').fill('0');
  const [, likeliest, picked] = await sentence(page, 'next', /Likeliest is “(.*)”, with .* keep 1 of .* it picks “(.*)”/);
  assert.equal(picked, likeliest);
});

test('what a slider shows at once is what the engine says of it', async () => {
  const page = await built.open();
  await ready(page);
  await inspected(page);
  const rows = () => page.locator('#next tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  await page.locator('#next tbody tr').first().waitFor();
  await page.locator('#next [name=temperature]').fill('0.6');
  await sentence(page, 'next', /keep \d+ of/);
  // This thread's engine may still have been on its way: now it is there, and the worker hears nothing of a slider.
  await page.waitForFunction(() => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm')).length > 0);
  await page.evaluate(() => import(new URL('sampling.js', location.href)).then(({ prepare }) => prepare()));
  await page.evaluate(() => {
    globalThis.asked = 0;
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function post(...message) {
      globalThis.asked += 1;
      return postMessage.apply(this, message);
    };
  });
  await page.locator('#next [name=top_k]').fill('7');
  await sentence(page, 'next', /keep 7 of/);
  assert.equal(await page.evaluate(() => globalThis.asked), 0, 'no other thread was asked');
  const here = await rows();
  const told = await caption(page, 'next').textContent();
  // The same from the worker, which is asked where a head is switched off and on again.
  await control(page, 'head-off').click();
  await sentence(page, 'attention', /1 of 2 heads is switched off/);
  await control(page, 'heads-on').click();
  await page.locator('[data-action=heads-on]:disabled').waitFor();
  assert.deepEqual(await rows(), here);
  assert.equal(await caption(page, 'next').textContent(), told);
});

test('attention follows the model while it trains', async () => {
  const page = await built.open();
  await ready(page);
  await inspected(page);
  await control(page, 'train').click();
  await page.waitForFunction(() => Number(document.querySelector('#attention').dataset.step) > 20);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  const step = await metric(page, 'step');
  await page.locator(`#attention[data-step="${step}"]`).waitFor();
  await control(page, 'reset').click();
  await page.locator('#attention[data-run=recorded]').waitFor();
  assert.deepEqual(page.errors, []);
});

test('hostile text stays text in every stage', async () => {
  const hostile = '<img src=x onerror="document.title=1"><b>bold</b>';
  const page = await on(hostile.repeat(10), 'tokenizer');
  await page.locator('.tokens li').first().click();
  await open(page, 'data');
  assert.equal(await page.locator('main img').count(), 0);
  assert.equal(await page.title(), 'Glasshouse');
  assert.deepEqual(page.errors, []);
});

test('a stage is opened by pointer, by key and by address, and the address keeps it', async () => {
  const page = await built.open();
  await ready(page);
  assert.equal(await tab(page, 'train').getAttribute('aria-selected'), 'true');
  await tab(page, 'train').focus();
  await page.keyboard.press('ArrowLeft');
  assert.equal(await tab(page, 'tokenizer').getAttribute('aria-selected'), 'true');
  assert.match(page.url(), /#stage=tokenizer$/);
  await page.reload();
  await ready(page);
  await page.locator('.tokens li').first().waitFor();
  await page.keyboard.press('Home');
  await tab(page, 'tokenizer').press('Home');
  assert.equal(await tab(page, 'data').getAttribute('aria-selected'), 'true');
  assert.equal(await page.locator('#loss').isVisible(), false);
  await page.evaluate(() => {
    location.hash = '#stage=nowhere';
  });
  await page.locator('#loss').waitFor();
});

test('run controls and numbers stand once and are seen in every stage, also while a run goes on', async () => {
  const page = await on('Now is the winter of our discontent. '.repeat(60), 'tokenizer');
  await tab(page, 'train').click();
  await set(page, { ...SMALL, vocab_size: '', steps: 100_000, ...QUIET });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 3);
  for (const stage of STAGES) {
    await open(page, stage);
    for (const action of ['train', 'pause', 'step', 'language', 'theme']) {
      assert.equal(await control(page, action).count(), 1, action);
      assert.ok(await control(page, action).isVisible(), `${action} in ${stage}`);
    }
    for (const name of ['step', 'loss']) {
      assert.equal(await page.locator(`[data-metric=${name}]`).count(), 1, name);
      assert.ok(await page.locator(`[data-metric=${name}]`).isVisible(), `${name} in ${stage}`);
    }
    const step = await metric(page, 'step');
    await until(page, 'step', 'at least', step + 1);
  }
  await open(page, 'tokenizer');
  await control(page, 'merge-step').click();
  await sentence(page, 'merges', /Merge 1:/);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  assert.deepEqual(page.errors, []);
});
