// The sieve in the stage Data: its counts are the command line's, thresholds and documents are decided anew at once, what was
// taken out is read with its place marked, and what is left is trained on.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PICTURES, SMALL, axe, control, drop, enter, none, ready, set, start, unfold, until, wide } from './page.mjs';

let lab;
let report;
let pages;
before(async () => {
  await mkdir(PICTURES, { recursive: true });
  report = JSON.parse(await readFile('tests/golden/corpus/pages.json', 'utf8'));
  pages = (await readFile('corpora/pages.jsonl', 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  lab = await start();
});
after(() => lab.stop());

/** The page with the sample in its sieve. */
async function sieve(options) {
  const page = await lab.open('?device=cpu', options);
  await ready(page);
  await enter(page, 'data');
  return page;
}

const stage = (page, name) => page.locator(`[data-sieve=${name}]`);
const fallen = (page, title) => page.locator('.fallen button').filter({ hasText: title });
/** The funnel as it is read: the numbers of each row. */
const rows = (page) => page.locator('.funnel tbody tr').evaluateAll((all) => all.map((row) => [...row.querySelectorAll('.number')].map(({ textContent }) => textContent)));
/** Waits until a stage has taken out so many documents. */
const takes = (page, name, count) => page.locator('.funnel tbody tr').filter({ has: stage(page, name) }).locator('td:last-child').filter({ hasText: new RegExp(`^${count}$`) }).waitFor();

test('the funnel has the counts of the command line, by documents, bytes and words', async () => {
  const page = await sieve();
  const digits = (n) => n.toLocaleString('en-US');
  for (const [by, write] of [['documents', digits], ['tokens', digits], ['bytes', (n) => new Intl.NumberFormat('en', { style: 'unit', unit: n < 1000 ? 'byte' : 'kilobyte', unitDisplay: n < 1000 ? 'long' : 'short', maximumSignificantDigits: 3 }).format(n < 1000 ? n : n / 1000)]]) {
    await page.locator('#cleaning [name=by]').selectOption(by);
    assert.deepEqual(await rows(page), report.stages.map((one) => [one[`${by}_in`], one[`${by}_out`], one[`${by}_in`] - one[`${by}_out`]].map(write)), by);
  }
  const widths = await page.locator('.funnel-out').evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width));
  const last = report.stages.at(-1).bytes_out / report.stages[0].bytes_in;
  const [all] = await page.locator('.funnel-in').evaluateAll((found) => found.map((bar) => bar.getBoundingClientRect().width));
  assert.ok(Math.abs(widths.at(-1) / all - last) < 0.02, `the last bar is ${widths.at(-1)} of ${all}, and ${last} of the bytes are left`);
  assert.deepEqual(await page.locator('#cleaning').evaluate(({ dataset }) => [dataset.tensor, dataset.shape, dataset.run]), ['cleaning', String(pages.length), 'live']);
  for (const { name, reasons } of report.stages) {
    await stage(page, name).click();
    await page.locator(`[data-sieve=${name}][aria-pressed=true]`).waitFor();
    const found = await page.locator('.fallen tbody tr td:nth-child(2)').allTextContents();
    const count = Object.values(reasons).reduce((sum, n) => sum + n, 0);
    assert.equal(found.length, count, name);
    if (name !== 'minhash') for (const [reason, times] of Object.entries(reasons)) assert.equal(found.filter((one) => one === reason).length, times, reason);
  }
  assert.deepEqual(page.errors, []);
});

test('what a stage takes out is read with the rule, the value and the place marked', async () => {
  const page = await sieve();
  await stage(page, 'c4').click();
  await fallen(page, 'I have a question').click();
  await page.locator('.sieve-text mark').filter({ hasText: '{' }).waitFor();
  const { text } = pages.find(({ id }) => id === 'code');
  assert.equal(await page.locator('.sieve-text .scroll').textContent(), text);
  assert.match(await page.locator('.sieve-text p').textContent(), /^code · https:\/\/forum\.example\//);
  assert.equal(await page.locator('[name=rule]').inputValue(), 'curly_bracket', 'its rule is the one whose threshold is shown');
  assert.match(await page.locator('#sieve-rule').textContent(), /^Fires above 0 \(FineWeb: 0\): lines with the bracket \{\. Pages that it takes out: 1\.$/);
  assert.equal(await page.locator('[data-reading=value]').getAttribute('data-value'), '1', 'the reading has what was measured');
  assert.match(await page.locator('.sieve-lines').textContent(), /javascript 2 · policy 2/);
  await stage(page, 'minhash').click();
  await page.locator('[data-sieve=minhash][aria-pressed=true]').waitFor();
  await page.locator('.fallen button').first().click();
  assert.match(await page.locator('.fallen tbody td:nth-child(2)').first().textContent(), /^a copy of “The lighthouse at the end/);
  await stage(page, 'pii').click();
  await page.locator('.sieve-lines').filter({ hasText: /^Replaced: email 2 · ip_address 1$/ }).waitFor();
  assert.equal(await page.locator('.sieve-read').isVisible(), false);
});

test('a threshold changes the counts at once, and goes back', async () => {
  const page = await sieve();
  await stage(page, 'gopher_quality').click();
  await page.locator('[name=rule]').selectOption('gopher_short_doc');
  const slider = page.locator('#cleaning [name=threshold]');
  const most = Number(await slider.getAttribute('max'));
  const least = await slider.getAttribute('min');
  assert.ok(most > 100 && Number(least) < 50);
  await slider.fill('100');
  await page.locator('#sieve-rule').filter({ hasText: 'Fires below 100 (FineWeb: 50)' }).waitFor();
  const more = Number(await page.locator('.funnel tbody tr').nth(1).locator('td:last-child').textContent());
  assert.ok(more > report.stages[1].documents_in - report.stages[1].documents_out, `${more} are taken out`);
  // Many moves in a row: the last one stands.
  for (const value of ['90', '80', '70', '60', least]) await slider.fill(value);
  await page.locator('#sieve-rule').filter({ hasText: `Fires below ${least} ` }).waitFor();
  assert.equal(await page.locator('#cleaning .value').textContent(), least);
  await takes(page, 'gopher_quality', 6);
  await control(page, 'clean-reset').click();
  await takes(page, 'gopher_quality', 7);
  // A rule of lines changes the text, and so what stands behind it.
  await stage(page, 'c4').click();
  await page.locator('[name=rule]').selectOption('too_few_words');
  await slider.fill('0');
  await page.locator('.sieve-lines').filter({ hasNotText: 'too_few_words' }).waitFor();
  await control(page, 'clean-reset').click();
  await page.locator('.sieve-lines').filter({ hasText: 'too_few_words 10' }).waitFor();
  assert.deepEqual((await rows(page)).map(([, out]) => Number(out)), report.stages.map(({ documents_out: out }) => out));
});

test('a page is kept after all, and is trained on with what is left', async () => {
  const page = await sieve();
  await stage(page, 'fineweb').click();
  await fallen(page, 'Rain on the roof').click();
  await control(page, 'clean-keep').click();
  await page.locator('#cleaning figcaption').filter({ hasText: 'Of 42 pages 21 are left' }).waitFor();
  assert.equal(await control(page, 'clean-keep').getAttribute('aria-pressed'), 'true');
  await control(page, 'clean-hand').click();
  await page.locator('#documents[data-run=live] figcaption').filter({ hasText: 'The text is 21 documents' }).waitFor();
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'own');
  assert.match(await page.locator('#own-summary').textContent(), /cleaned\.jsonl/);
  const titles = await page.locator('#documents tbody button').allTextContents();
  assert.ok(titles.includes('Rain on the roof,'));
  assert.ok(titles.every((title) => !title.startsWith('Cheap flights')));
  // The line of the text holds no personal data any more.
  const at = await page.locator('#documents tbody button').filter({ hasText: 'The choir of the old town' }).getAttribute('data-start');
  await page.locator('#stream input').fill(String(Number(at) + 410));
  await enter(page, 'tokenizer');
  await page.locator('#merges[data-run=live]').waitFor();
  await enter(page, 'train');
  await unfold(page);
  await set(page, { ...SMALL, vocab_size: '', steps: 2, sample_every: 0, eval_every: 0 });
  await control(page, 'train').click();
  await until(page, 'step', 'exactly', 2);
  assert.deepEqual(page.errors, []);
});

test('what is dropped on the stage is cleaned, and what cannot be is told', async () => {
  const page = await sieve();
  const caption = (said) => page.locator('#cleaning figcaption').filter({ hasText: said }).waitFor();
  const wet = (kind, type, text) => `WARC/1.0\r\nWARC-Type: ${kind}\r\nWARC-Record-ID: <${text.length}>\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}\r\n\r\n`;
  await drop(page, 'a.warc.wet.gz', gzipSync(pages.slice(0, 3).map(({ text }) => wet('conversion', 'text/plain', text)).join('') + wet('response', 'text/html', '<p>')));
  await caption('Of 3 pages 3 are left');
  assert.equal(await page.locator('#cleaning .skipped').textContent(), 'Passed over: not_extracted 1');
  assert.match(await page.locator('#cleaning .chip').textContent(), /a\.warc\.wet\.gz/);
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'en', 'it is not the text of the run yet');
  await drop(page, 'one.txt', Buffer.from(pages[0].text));
  await caption('Of 1 page 1 is left');
  await page.locator('#clean-files').setInputFiles({ name: 'b.jsonl', mimeType: '', buffer: Buffer.from(`${JSON.stringify(pages[0])}\nno JSON\n${JSON.stringify(pages[0])}\n`) });
  await caption('Of 2 pages 1 is left');
  assert.equal(await page.locator('#cleaning .skipped').textContent(), 'Passed over: line_damaged 1');
  await drop(page, 'many.jsonl', Buffer.from('{"text": "Too short."}\n'.repeat(250)));
  await caption('Of 250 pages 0 are left');
  await page.locator('.sieve-lines').filter({ hasText: 'The first 200 are listed.' }).waitFor();
  assert.equal(await page.locator('.fallen tbody tr').count(), 200);
  const alert = page.locator('#alert');
  await drop(page, 'page.html', Buffer.from('<p>no</p>'));
  await alert.filter({ hasText: 'page.html: the text of pages in HTML is not taken out yet' }).waitFor();
  await drop(page, 'archive.warc', Buffer.from(wet('response', 'text/html', '<p>')));
  await alert.filter({ hasText: 'archive.warc: the text of pages in HTML is not taken out yet' }).waitFor();
  await drop(page, 'x.jsonl.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
  await alert.filter({ hasText: 'files of this kind are not read here' }).waitFor();
  await drop(page, 'noise.bin', Buffer.from([0xff, 0xfe]));
  await alert.filter({ hasText: 'there is no text in it (not_utf8)' }).waitFor();
  await control(page, 'language').selectOption('zh');
  await alert.filter({ hasText: 'noise.bin：其中没有文本' }).waitFor();
  await control(page, 'clean-sample').click();
  await caption('42 个网页中留下 20 个');
  assert.deepEqual(page.errors, []);
});

test('all of it is done by keys, and what had the focus keeps it', async () => {
  const page = await sieve();
  const press = (key) => page.keyboard.press(key);
  const focused = (selector) => page.locator(`${selector}:focus`).waitFor();
  await stage(page, 'gopher_repetition').focus();
  await press('Tab');
  await focused('[data-sieve=gopher_quality]');
  await press('Enter');
  await page.locator('[data-sieve=gopher_quality][aria-pressed=true]:focus').waitFor();
  await page.locator('[name=rule]').focus();
  await page.locator('[name=rule]').selectOption('gopher_short_doc');
  await press('Tab');
  await focused('[name=threshold]');
  await press('Home');
  await takes(page, 'gopher_quality', 6);
  await focused('[name=threshold]');
  await press('Tab');
  await focused('[data-action=clean-reset]');
  await press('Enter');
  await takes(page, 'gopher_quality', 7);
  await fallen(page, 'Reading 1').focus();
  await press('Enter');
  await page.locator('.sieve-text mark').filter({ hasText: /^1$/ }).waitFor();
  await page.locator('.fallen button:focus').filter({ hasText: 'Reading 1' }).waitFor();
  await control(page, 'clean-keep').focus();
  await press('Space');
  await page.locator('[data-action=clean-keep][aria-pressed=true]:focus').waitFor();
});

for (const width of [360, 1280]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`with a page open it fits ${width} pixels in both languages, ${colorScheme}, and axe finds no fault`, async () => {
      const page = await sieve({ viewport: { width, height: 900 }, colorScheme });
      // The text would follow the language, and the Chinese one has more documents than axe can go through.
      await unfold(page);
      await page.locator('#settings [value=own]').check();
      await page.locator('#settings [value=en]').check();
      await stage(page, 'gopher_quality').click();
      await fallen(page, '- Flour').click();
      await page.locator('.sieve-text:visible').waitFor();
      await control(page, 'clean-keep').click();
      await page.locator('[data-action=clean-keep][aria-pressed=true]').waitFor();
      for (const language of ['en', 'zh']) {
        await control(page, 'language').selectOption(language);
        await page.locator('#cleaning h3').filter({ hasText: language === 'zh' ? '质量' : 'quality' }).waitFor();
        // The question mark of a word's button is another in Chinese, so its name holds another.
        const rules = { 'label-content-name-mismatch': { enabled: language === 'en' } };
        none([...await axe(page, { rules }), ...await wide(page)]);
        await page.locator('#cleaning').screenshot({ path: `${PICTURES}/cleaning-${language}-${colorScheme}-${width}.png` });
      }
      assert.deepEqual(page.errors, []);
      await page.context().close();
    });
  }
}
