// Text of others, wherever it enters: documents, file names, tokens, special tokens, prompts, links. It stays text, it cannot turn
// the words around it, it does not burst the page, and nothing is fetched for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURES, SMALL, control, drop, enter, lab, none, ready, says, set, unfold, until, wide } from './page.mjs';

const built = lab();

/** What would be an element, a script, an address that acts, a gap of the catalogue. */
const CODE = '<img src=x onerror="document.title=1"></script><script>document.title=2</script></textarea><svg onload=document.title=3> javascript:document.title=4 {count} ${1} {{bytes}}';
/** What turns the words after it round, and what is not seen. */
const TURNED = '\u202Eturned\u2066round\u2067\u200Fand\u200Bnot\u2060seen\uFEFF';
const LONG = 'w'.repeat(10_000);
/** A letter with so many marks that they leave its line. */
const STORM = `Z${'\u0300\u0331'.repeat(300)}algo`;
/** A file name may hold all but a slash. */
const NAME = `<img src=x onerror="document.title=5">${TURNED}${'n'.repeat(300)}`;
/** Several documents in one file. */
const DOCUMENTS = [CODE, TURNED, LONG, STORM, CODE.repeat(20), TURNED.repeat(40), 'Plain words stand between them. '.repeat(40)];

/** The page as it is before anything hostile came, and what went wrong since. */
async function opened(query = '?device=cpu', options = {}) {
  const page = await built.open(query, { viewport: { width: 360, height: 900 }, ...options });
  page.dialogs = [];
  page.on('dialog', (dialog) => {
    page.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  await ready(page);
  await unfold(page);
  page.scripts = await page.locator('script').count();
  return page;
}

/** What of the hostile text has become more than text. */
async function harm(page, where) {
  const found = await page.evaluate(() => {
    const faults = [];
    for (const element of document.querySelectorAll('img, iframe, object, embed, video, audio, link:not(head link), style, base, form:not([novalidate]), [onerror], [onload], [onclick], [href^="javascript:"]')) faults.push(element.outerHTML.slice(0, 100));
    // What turns round stands by itself, or is shown as its number, so that the words around it do not turn.
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement: parent } = walker.currentNode;
      if (!/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/.test(data) || parent.closest('textarea, script')) continue;
      if (!parent.closest('[dir=auto], bdi')) faults.push(`${JSON.stringify(data.slice(0, 60))} turns the words around it, in ${parent.outerHTML.slice(0, 80)}`);
    }
    if (document.title !== 'Glasshouse') faults.push(`the title is ${document.title}`);
    return faults;
  });
  if (await page.locator('script').count() !== page.scripts) found.push('there are scripts that were not there');
  const foreign = page.requests.filter((url) => !url.startsWith('blob:') && !url.startsWith(page.address));
  const all = [...found, ...foreign, ...page.dialogs, ...page.errors, ...await wide(page)];
  return all.map((fault) => `${where}: ${fault}`);
}

test('documents, tokens, prompts and what the model makes of them stay text in every stage', async () => {
  const page = await opened();
  const faults = [];
  const look = async (where) => {
    await page.screenshot({ path: `${PICTURES}/hostile-${where.replaceAll(' ', '-')}.png`, fullPage: true });
    faults.push(...await harm(page, where));
  };
  // Files, each with a name of its own; one of them holds a document a line.
  await page.locator('#settings [value=own]').check();
  await page.locator('#own-files').setInputFiles([
    { name: `${NAME}.txt`, mimeType: 'text/plain', buffer: Buffer.from(CODE.repeat(4)) },
    { name: `${TURNED}.jsonl`, mimeType: 'text/plain', buffer: Buffer.from(DOCUMENTS.map((text) => JSON.stringify({ text })).join('\n')) },
  ]);
  await page.locator('#own-summary').filter({ hasText: '2 files' }).waitFor();
  await look('files');

  await enter(page, 'data');
  const titles = await page.locator('#documents tbody button').allTextContents();
  assert.equal(titles.length, DOCUMENTS.length + 1);
  assert.ok(titles[0].startsWith('<img src=x'), titles[0]);
  await page.locator('#stream input').fill(String(CODE.length * 4 + CODE.length - 10));
  await look('data');

  await enter(page, 'tokenizer');
  await page.locator('[name=merge-speed]').selectOption('0');
  await control(page, 'merge-play').click();
  await page.locator('[data-figure=merges] figcaption').filter({ hasText: 'No merge is left to make' }).waitFor();
  await page.locator('[data-input=tokens]').fill([CODE, TURNED, LONG.slice(0, 2_000), STORM, '\0\x1b[31m'].join(' '));
  await page.locator('#strip .tokens [role=option]').nth(2).click();
  await page.locator('#strip .tree').first().waitFor();
  await look('tokens');
  // A token of many letters, and one that is not seen by itself.
  const tokens = page.locator('#strip .tokens [role=option]');
  const longest = await tokens.evaluateAll((all) => all.map(({ textContent }) => textContent.length).reduce((best, length, i, lengths) => (length > lengths[best] ? i : best), 0));
  await tokens.nth(longest).click();
  await look('a long token');
  none(await tokens.evaluateAll((all) => all.filter(({ firstChild }) => !/[^\p{Cf}\p{M}\s]/u.test(firstChild.data)).map(({ outerHTML }) => `a token is not seen: ${outerHTML.slice(0, 120)}`)));

  // A run on it, which samples, tries an update, looks and writes.
  await enter(page, 'train');
  await set(page, { ...SMALL, vocab_size: '', steps: 4, sample_every: 2, eval_every: 2, save_every: 2 });
  await control(page, 'train').click();
  await says(page, 'Finished');
  await page.locator('[data-input=update]').fill(`${CODE} ${TURNED}`);
  await page.locator('#update .tokens [role=option]').filter({ hasText: 'img' }).first().or(page.locator('#update .tokens [role=option]').nth(20)).waitFor();
  await page.locator('#update:not([aria-busy=true])').waitFor();
  await control(page, 'update').click();
  await page.locator('[data-metric=target-probability-after][data-value]').waitFor();
  await page.locator('#kept li').first().waitFor();
  await look('training');

  await enter(page, 'inspect');
  for (const [name, prompt] of Object.entries({ code: CODE, turned: TURNED, long: LONG, storm: STORM })) {
    await page.locator('[data-input=prompt]').fill(prompt);
    await page.locator('#next tbody tr').first().waitFor();
    await page.locator('#attention-rows li').first().waitFor({ state: 'attached' });
    await look(`attention ${name}`);
  }

  await enter(page, 'generate');
  await page.locator('#generate [name=max_tokens]').fill('20');
  for (const [name, prompt] of Object.entries({ code: CODE, turned: TURNED, storm: STORM })) {
    await page.locator('[data-input=prompt]').fill(prompt);
    await control(page, 'generate').click();
    await page.locator('#writing .chips button').nth(19).waitFor();
    await page.locator('#writing .chips button').nth(3).click();
    assert.equal(await page.locator('#writing .sample-prompt').textContent(), prompt);
    await look(`writing ${name}`);
  }

  // The same runs are named after their text when the page is loaded again.
  await page.reload();
  await ready(page);
  await page.locator('#kept-offer').filter({ hasText: '<img src=x' }).waitFor();
  await enter(page, 'train');
  await look('kept');
  none(faults);
  await page.context().close();
});

test('special tokens and names of a tokenizer stay text', async () => {
  const page = await opened('?device=cpu#stage=tokenizer');
  await enter(page, 'tokenizer');
  const named = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let spare = 256;
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(named(byte) ? byte : spare++));
  const vocab = Object.fromEntries([...bytes, 'th'].map((token, id) => [token, id]));
  const specials = [CODE, TURNED, LONG.slice(0, 3_000)];
  const file = {
    version: '1.0', truncation: null, padding: null, normalizer: null,
    added_tokens: specials.map((content, i) => ({ id: 257 + i, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null, decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab, merges: ['t h'] },
  };
  await drop(page, `${NAME}.json`, new TextEncoder().encode(JSON.stringify(file)));
  await page.locator('[data-input=tokenizer] option:checked').filter({ hasText: '<img src=x' }).waitFor({ state: 'attached' });
  await page.locator('[name=special]').selectOption('token');
  await page.locator('[data-input=tokens]').fill(specials.join('the'));
  await page.locator('[data-figure=tokens] figcaption').filter({ hasText: 'are 7 tokens' }).waitFor();
  const faults = [];
  for (const i of [0, 2, 4]) {
    await page.locator('#strip .tokens [role=option]').nth(i).click();
    await page.locator('#strip .tree').first().waitFor();
    await page.screenshot({ path: `${PICTURES}/hostile-special-${i}.png`, fullPage: true });
    faults.push(...await harm(page, `special token ${i}`));
  }
  // Files that are refused are named in the refusal.
  for (const [name, content] of [[`${NAME}.json`, '{"model": "<b>"}'], [`${NAME}.zip`, 'PK<script>'], [`${NAME}.tiktoken`, '<b>']]) {
    await drop(page, name, Buffer.from(content));
    await page.locator('#alert:not(:empty)').waitFor();
    faults.push(...await harm(page, `refused: ${name.slice(-9)}`));
  }
  await page.locator('#settings [value=own]').check();
  await drop(page, `${NAME}.txt`, Buffer.from('a\0b'));
  await enter(page, 'train');
  await control(page, 'train').click();
  await page.locator('#alert').filter({ hasText: 'zero byte' }).waitFor();
  faults.push(...await harm(page, 'a text that is none'));
  none(faults);
  await page.context().close();
});

test('a link that is hostile opens the page, and its words stay words', async () => {
  const bad = [
    `colour=${encodeURIComponent(CODE)}`, `stage=${encodeURIComponent(`${TURNED}<b>`)}`, 'seed=javascript:1', `preset=${encodeURIComponent(NAME)}`, 'layers=1e999', 'batch=-1',
    `hide=${encodeURIComponent('<script>,body,*')}`, '__proto__=1', 'constructor=2', `x=${'y'.repeat(3_000)}`, '%00=%00', '%E0%A4%A',
  ];
  const page = await opened(`?device=cpu#corpus=own&prompt=${encodeURIComponent(`${CODE} ${TURNED}`)}&text=${encodeURIComponent(CODE)}&${bad.join('&')}`);
  const faults = await harm(page, 'link');
  await page.locator('#alert').filter({ hasText: '<img src=x' }).waitFor();
  for (const stage of ['data', 'inspect', 'generate']) {
    await enter(page, stage);
    faults.push(...await harm(page, `link, ${stage}`));
  }
  assert.equal(await page.locator('[data-input=prompt]').inputValue(), `${CODE} ${TURNED}`);
  assert.equal(await page.locator('#own-text').inputValue(), CODE);
  // The link that goes on from there carries no more than what means something.
  await control(page, 'share').click();
  const shared = new URLSearchParams(new URL(await page.locator('#share [name=link]').inputValue()).hash.slice(1));
  faults.push(...await harm(page, 'share'));
  assert.equal(shared.get('prompt'), null);
  await until(page, 'step', 'none');
  none(faults);
  await page.context().close();
});
