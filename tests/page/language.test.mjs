// The page in English and in Chinese: both say everything, the switch changes all of it, and the run does not notice.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { translator } from '../../www/words/translator.js';
import { PICTURES, SMALL, axe, catalogue, control, lab, metric, none, paste, ready, set, until } from './page.mjs';

/** Latin words that Chinese keeps: names, units, options. What the model wrote, tokens and what is quoted are not looked at. */
const LATIN = new Set([
  'Glasshouse', 'WebGPU', 'GPT', 'CPU', 'Top', 'k', 'p', 'English', 'tiny', 'small', 'baby', 'gpt', 'MiB', 'kB', 'MB',
  'AdamW', 'e', 'GB', 'zip', 'logit', 'softmax', 'GELU', 'o', 'DeepSeek', 'CSV', 'Esc', 'Home', 'End', 'A', 'B', 'FineWeb', 'Gopher', 'C', 'MinHash', 'IP', 'HTML', 'whatlang',
]);

const [en, zh] = await Promise.all(['en', 'zh'].map(catalogue));
const sentences = JSON.parse(await readFile('www/words/sentences.zh.json', 'utf8'));

const built = lab();

const chinese = (options = {}) => built.open('?device=cpu', { locale: 'zh-CN', ...options });
const choose = (page, name) => control(page, 'language').selectOption(name);

/** All files below a folder with an ending, joined. */
async function sources(folder, ending) {
  const entries = await readdir(folder, { withFileTypes: true });
  const texts = await Promise.all(entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path, ending);
    return ending.test(entry.name) ? readFile(path, 'utf8') : '';
  }));
  return texts.join('\n');
}

/** Everything in the page that a person can read or hear, but for texts and what a model made of them. */
const readable = (page) => page.evaluate(() => {
  const left = (element) => element.closest('.sample, .tokens, .token, script, style, noscript, textarea, [translate=no], figure[data-run=recorded], :not(html)[lang=en]');
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!left(walker.currentNode.parentElement)) found.push(walker.currentNode.data.trim());
  for (const element of document.body.querySelectorAll('*')) {
    if (left(element)) continue;
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) if (element.hasAttribute(name)) found.push(element.getAttribute(name));
  }
  found.push(document.querySelector('meta[name=description]').content);
  return found.filter(Boolean);
});

/** Runs until something stands in every part of the page, and holds. */
async function filled(page, steps = 40) {
  await ready(page);
  await paste(page, 'Full fathom five thy father lies. '.repeat(60));
  await set(page, { ...SMALL, vocab_size: '', steps, sample_every: 10, eval_every: 10 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', Math.min(steps, 20));
}

async function latin(page) {
  const words = (await readable(page)).flatMap((text) => (text.replace(/“[^”]*”/g, '').match(/[A-Za-z]+/g) ?? []).filter((word) => !LATIN.has(word)).map((word) => `${word}: ${text}`));
  assert.deepEqual(words, []);
}

test('both catalogues have the same strings with the same gaps', () => {
  assert.deepEqual(Object.keys(zh), Object.keys(en));
  // English tells one from more, so that a gap may choose among words there: `{count|page|pages}`.
  const gaps = (string) => [...new Set([...string.matchAll(/\{(\w+)(?:\|[^{|}]*\|[^{|}]*)?\}/g)].map(([, name]) => name))].sort();
  for (const key of Object.keys(en)) {
    assert.equal(typeof zh[key], 'string');
    assert.deepEqual(gaps(zh[key]), gaps(en[key]), key);
    assert.doesNotMatch(zh[key], /[!！]/, key);
    if (!/^(generate\.top_|metric\.none|loss\.sentences|loss\.described|update\.join|saved\.name)/.test(key)) assert.match(zh[key], /\p{Script=Han}/u, key);
  }
});

test('no string is unused, and none is missing', async () => {
  const page = await sources('www', /\.(js|html)$/);
  const named = new Set([...page.matchAll(/\b(?:text|named|say_error)\((?:[^'`()]*, )?['`]([\w.-]+)['`]/g), ...page.matchAll(/data-(?:text|label|content)="([\w.-]+)"/g)].map(([, key]) => key));
  for (const key of named) assert.ok(key in en, `${key} is in the catalogue`);
  // A key that is put together has a beginning that is written out, and an end that is data.
  const begun = [...page.matchAll(/`([a-z]+(?:\.[a-z]+)*\.)\$\{/g)].map(([, beginning]) => beginning);
  const quoted = new Set([...page.matchAll(/['"`]([\w.-]+)['"`]/g)].map(([, word]) => word));
  const told = new Set([...(await sources('src', /\.rs$/)).matchAll(/"([\w-]+)"/g)].map(([, word]) => word));
  const states = ['running', 'paused', 'finished', 'idle', 'preparing', 'stopped', 'loading'];
  const ends = (word) => quoted.has(word) || told.has(word) || states.includes(word);
  const used = (key) => named.has(key) || quoted.has(key)
    || begun.some((beginning) => key.startsWith(beginning) && ends(key.slice(beginning.length)));
  assert.deepEqual(Object.keys(en).filter((key) => !used(key)), []);
});

/** The sentence that a format string of the source makes: a number in each gap. */
const made = (written) => written.replaceAll('\\"', '"').replace(/\$?\{[^}]*\}/g, () => '7');

test('the engine still says what is translated, and each sentence is found', async () => {
  const translated = translator(sentences);
  const source = ((await sources('src', /\.rs$/)) + (await readFile('www/worker.js', 'utf8')) + (await readFile('www/worker/storage.js', 'utf8')) + (await readFile('www/worker/vocabularies.js', 'utf8'))).replace(/\\\n\s*/g, '');
  // What the crate that reads zips says, and what stands in a gap, is not in this source.
  const foreign = ['invalid Zip archive: {}'];
  for (const [written, answer] of Object.entries(sentences)) {
    assert.ok(foreign.includes(written) || [`"${written}"`, `\`${written}\``].some((quoted) => source.includes(quoted)), `the source says: ${written}`);
    const gaps = written.match(/\{[^}]*\}/g)?.length ?? 0;
    for (const [, gap] of answer.matchAll(/\{(\d+)\}/g)) assert.ok(gap >= 1 && gap <= gaps, `${written} has a gap ${gap}`);
    assert.equal(translated(made(written)), answer.replace(/\{\d+\}/g, '7'), written);
  }
  const options = Object.keys(sentences).flatMap((written) => sentences[written].match(/--[a-z-]+/g) ?? []);
  for (const option of options) {
    const name = option.slice(2).replaceAll('-', '_');
    assert.ok(`setting.${name}` in zh || `generate.${name}` in zh, `${option} has a name in the page`);
  }
  assert.equal(translated('run.zip: trainer.json: it has no known word'), null);
  assert.equal(translated('a.jsonl, line 3: it is missing'), 'a.jsonl 第 3 行：缺少该字段');
});

test('what the engine refuses where a tab can ask for it has its Chinese words', async () => {
  const places = [
    'engine/memory.rs', 'engine/prepare.rs', 'engine/run.rs', 'engine/timeline.rs', 'engine/update.rs', 'engine/questions/look.rs', 'engine/questions/trace.rs', 'engine/questions/generate.rs', 'engine/viewer.rs', 'engine/session.rs', 'engine/mod.rs', 'model/config.rs', 'train/config.rs', 'train/trainer.rs', 'data.rs', 'hub/archive.rs',
    'hub/trainer.rs', 'hub/sums.rs', 'hub/mod.rs', 'corpus/incoming.rs',
  ];
  // Only the command line can ask for these.
  const elsewhere = [/there is no preset/, /there is no schedule/];
  for (const place of places) {
    const [code] = (await readFile(`src/${place}`, 'utf8')).replace(/\\\n\s*/g, '').split('#[cfg(test)]');
    const told = [...code.matchAll(/(?:Error::(?:Config|Usage|Device)\(|refuse\(|notices\s*\.push\(|message = |Err\(damaged\(|Error::format\(\s*[^"]*?,\s*)(?:format!\()?\s*"((?:[^"\\]|\\.)*)"/g)];
    for (const [, written] of told) {
      if (elsewhere.some((pattern) => pattern.test(written)) || /^\w+\.\w+$|^tokenizer$/.test(written)) continue;
      assert.ok(written in sentences, `${place}: ${written}`);
    }
  }
});

test('the first visit follows the browser, and its built-in text too', async () => {
  const page = await chinese();
  await ready(page);
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
  assert.equal(await control(page, 'language').count(), 1);
  assert.equal(await control(page, 'theme').count(), 1);
  assert.equal(await control(page, 'language').inputValue(), 'zh');
  assert.deepEqual(await control(page, 'language').locator('option').evaluateAll((options) => options.map(({ text, lang }) => [text, lang])), [['English', 'en'], ['简体中文', 'zh-Hans']]);
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'zh');
  await choose(page, 'en');
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'en', 'nobody chose the text');
  await page.locator('#settings [value=own]').check();
  await page.locator('#settings [value=en]').check();
  await choose(page, 'zh');
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'en', 'a choice stays');
  assert.deepEqual(page.errors, []);
});

test('a run on the text that nobody chose keeps it', async () => {
  const page = await built.open();
  await ready(page);
  await set(page, { ...SMALL, steps: 100000, sample_every: 0, eval_every: 0 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 1);
  await choose(page, 'zh');
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'en');
  await control(page, 'reset').click();
  await page.locator('#status').filter({ hasText: '已就绪' }).waitFor();
  await choose(page, 'en');
  await choose(page, 'zh');
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'en');
});

test('the choice stays when the page is loaded again, and is possible without storage', async () => {
  const page = await built.open();
  await ready(page);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await choose(page, 'zh');
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
  assert.equal(await control(page, 'train').textContent(), '训练');

  await page.addInitScript(() => Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('no', 'SecurityError'); } }));
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await choose(page, 'zh');
  assert.equal(await control(page, 'train').textContent(), '训练');
  assert.deepEqual(page.errors, []);
});

test('switching in mid-run changes everything and keeps the run', async () => {
  const page = await built.open();
  await filled(page, 100000);
  const before = new Set((await readable(page)).filter((text) => /[A-Za-z]{2}/.test(text)));
  const step = await metric(page, 'step');
  await choose(page, 'zh');
  await latin(page);
  assert.match(await page.locator('#loss-legend').textContent(), /每步 \d.*平均 \d.*验证 \d.*均匀猜测 \d/);
  assert.match(await page.locator('loss-chart canvas').getAttribute('aria-label'), /^损失随步数变化的曲线.*第 [\d,]+ 步/);
  assert.match(await page.locator('.sample-head').first().textContent(), /第 \d+ 步 · \d+ 个词元/);
  assert.match(await page.locator('#status').textContent(), /训练中/);
  assert.match(await page.locator('#device').textContent(), /CPU，\d+ 个线程/);
  assert.ok(before.size > 30, 'there was English to change');
  await until(page, 'step', 'at least', step + 10);
  assert.equal(await page.locator('#settings [name=corpus]:checked').inputValue(), 'own');
  await control(page, 'pause').click();
  await page.locator('#status').filter({ hasText: /已在第 [\d,]+ 步暂停/ }).waitFor();
  assert.equal(await control(page, 'train').textContent(), '继续');
  await latin(page);
  const loss = await metric(page, 'loss');
  await choose(page, 'en');
  assert.equal(await metric(page, 'loss'), loss);
  assert.match(await page.locator('#status').textContent(), /^Paused at step/);
  assert.equal(await control(page, 'train').textContent(), 'Resume');
  assert.doesNotMatch((await readable(page)).join('').replaceAll(/中文|宋词|元曲|简体/g, ''), /\p{Script=Han}/u);
  assert.deepEqual(page.errors, []);
});

test('what the engine refuses is said in Chinese, and in English again', async () => {
  const page = await chinese();
  await ready(page);
  const [alert, described] = [page.locator('#alert'), page.locator('#described')];
  await page.locator('#settings [value=own]').check();
  await control(page, 'train').click();
  await alert.filter({ hasText: '还没有文本' }).waitFor();
  await page.locator('#run-file').setInputFiles({ name: 'run.zip', mimeType: 'application/zip', buffer: Buffer.from('no zip') });
  await alert.filter({ hasText: /应为模型文件夹的 zip，但它不是有效的 zip/ }).waitFor();
  await set(page, { heads: 3 });
  await described.filter({ hasText: '128 个通道不能平均分给 3 个注意力头：请用 2 个注意力头或 129 个通道' }).waitFor();
  await choose(page, 'en');
  assert.match(await described.textContent(), /3 heads do not divide 128 channels/);
  assert.match(await alert.textContent(), /expected a zip of a model folder/);
  await choose(page, 'zh');
  await set(page, { heads: 2.5 });
  await described.filter({ hasText: '注意力头：应为整数，却是“2.5”' }).waitFor();
  await set(page, { heads: '', batch: 1000000 });
  await described.filter({ hasText: /请把“批次”设为 ?\d+，并加大“梯度累积”/ }).waitFor();
  await latin(page);
  await set(page, { batch: '', lr: 9000 });
  await described.filter({ hasText: '“学习率”应在 0 到 1000 之间，而不是 9000' }).waitFor();
});

for (const width of [360, 1280]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`Chinese fits ${width} pixels, ${colorScheme}, and axe finds no fault`, async () => {
      const page = await chinese({ viewport: { width, height: 900 }, colorScheme });
      await ready(page);
      if (width < 900) await page.locator('#settings-details > summary').click();
      await filled(page);
      await page.locator('#status').filter({ hasText: '已完成' }).waitFor();
      await latin(page);
      assert.ok(await control(page, 'language').isVisible());
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: `${PICTURES}/zh-${colorScheme}-${width}.png`, fullPage: true });
      none(await axe(page));
      assert.deepEqual(page.errors, []);
      await page.context().close();
    });
  }
}
