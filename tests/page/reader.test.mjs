// The page as a screen reader says it: the tokens, where a head looks, and the time line, phrase by phrase. What reads is a
// simulation after the specifications; it says what a real one has to say, not how.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { build } from 'esbuild';
import { PATIENCE, control, enter, lab, ready } from './page.mjs';

const built = lab();
let page;
before(async () => {
  page = await built.open();
  await ready(page);
  const { outputFiles: [script] } = await build({
    stdin: { contents: "export { virtual } from '@guidepup/virtual-screen-reader';", resolveDir: process.cwd() },
    bundle: true, format: 'iife', globalName: 'reader', write: false, minify: true,
  });
  await page.evaluate(`${script.text}; globalThis.reader = reader.virtual;`);
});

/** Reads an element from its beginning to its end, and gives what was said. */
const read = (selector) => page.evaluate(async (selector) => {
  const { reader } = globalThis;
  await reader.start({ container: document.querySelector(selector) });
  // The reader begins anew where it has come to the end.
  const [first] = await reader.spokenPhraseLog();
  for (let i = 0; i < 2_000; i += 1) {
    await reader.next();
    if ((await reader.lastSpokenPhrase()) === `end of ${first}`) break;
  }
  const said = await reader.spokenPhraseLog();
  await reader.stop();
  return said;
}, selector);

/** What is said while `act` happens, of what speaks by itself. */
async function announced(selector, act, pattern) {
  await page.evaluate((selector) => globalThis.reader.start({ container: document.querySelector(selector) }), selector);
  await act();
  // A promise is true whatever comes of it, so that the driver's own waiting would end at once.
  const said = await page.evaluate(async ([pattern, patience]) => {
    for (const end = performance.now() + patience; performance.now() < end;) {
      const found = (await globalThis.reader.spokenPhraseLog()).find((phrase) => new RegExp(pattern).test(phrase));
      if (found) return found;
      await new Promise(requestAnimationFrame);
    }
    throw new Error(`${pattern} was not said`);
  }, [pattern.source, PATIENCE]);
  await page.evaluate(() => globalThis.reader.stop());
  return said;
}

/** The first phrase that matches. */
function phrase(said, pattern) {
  const found = said.find((one) => pattern.test(one));
  assert.ok(found, `${pattern} in: ${said.join(' | ')}`);
  return found;
}

test('a merge is said when it is made, and every token has its number', async () => {
  await enter(page, 'tokenizer');
  const merge = await announced('#merges', () => control(page, 'merge-step').click(), /^polite: Merge 1:/);
  assert.match(merge, /Merge 1: “(.+)” and “(.+)” became “\1\2”; they stood side by side [\d,]+ times/);
  const said = await read('#strip');
  assert.equal(said[0].split(',')[0], 'figure');
  phrase(said, /^heading, Tokens a text after the first merges/);
  phrase(said, /^With the merges up to 1, 300 bytes of text are \d+ tokens\.$/);
  phrase(said, /^slider, Merges that are used, .*current value merges to 1$/);
  const list = said.findIndex((one) => /^listbox, Tokens/.test(one));
  assert.match(said[list], /orientated horizontally/, 'the arrows that go through it are those to the left and to the right');
  assert.match(said[list + 1], /^option, H, number 72, bytes: 1, not selected, position 1, set size \d+$/);
});

test('where a head looks is said head by head, token by token, and in whole sentences', async () => {
  await enter(page, 'inspect');
  const said = await read('#attention');
  phrase(said, /^Layer 1, head 1, at step [\d,]+: on average a token’s look has an entropy of [\d.]+ bits/);
  phrase(said, /^grid, Heads, a row for each layer$/);
  phrase(said, /^gridcell, layer 1, head 1, entropy [\d.]+ bits, selected$/);
  phrase(said, /^gridcell, layer 4, head 4, entropy [\d.]+ bits, not selected$/);
  const tokens = said.filter((one) => /^option, .*position \d+, set size 16$/.test(one));
  assert.equal(tokens.length, 16);
  // The picture is described by its rows.
  phrase(said, /^application, Layer 1, head 1, 16 by 16 tokens: a row is the token that looks/);
  const picture = phrase(said, /^image, \d+ arcs are drawn/);
  assert.match(picture, /“To” looks at “To” 1 “·be” looks at “·be” [\d.]+, “To” [\d.]+ /);
  phrase(said, /^slider, Token, .*current value /);
});

test('the time line says its step in words, and what was kept', async () => {
  await enter(page, 'train');
  const said = await read('#timeline');
  phrase(said, /^(caption, )?Shown is the recorded run: step 2,000 of 2,000, loss \d\.\d\d\.$/);
  phrase(said, /^slider, Step that is shown, .*current value step 2,000 of 2,000, loss \d\.\d\d, recorded$/);
  phrase(said, /^snapshot: step 0 of 2,000, no loss yet$/);
  phrase(said, /^button, Last, pressed$/);
  await page.locator('#timeline [name=at]').focus();
  await page.keyboard.press('ArrowLeft');
  phrase(await read('#timeline'), /^slider, Step that is shown, .*current value step 1,400 of 2,000, loss \d\.\d\d, recorded$/);
  phrase(await read('#timeline'), /^button, Last, not pressed$/);
  assert.deepEqual(page.errors, []);
});
