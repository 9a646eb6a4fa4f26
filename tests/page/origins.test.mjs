// Nothing leaves the browser: over a whole session neither page nor worker asks anybody but the folder that the page lies in. What
// asks elsewhere, in whatever way, comes to a proxy that counts.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { STAGES, control, downloaded, enter, lab, train } from './page.mjs';

const BROWSERS = /^content-autofill\.[\w.]+:443$/;
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'; form-action 'none'";

const built = lab();
let proxy;
let asked;
before(async () => {
  asked = [];
  // What the browser asks its own maker about forms is not the page's.
  const hear = (url) => !BROWSERS.test(url) && asked.push(url);
  proxy = createServer((request, response) => {
    hear(request.url);
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, socket) => {
    hear(request.url);
    socket.end('HTTP/1.1 502 no\r\n\r\n');
  });
  await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
});
after(() => new Promise((closed) => proxy.close(closed)));

/** What is not of this machine goes through the proxy. */
const watched = (options) => built.open('?device=cpu', { proxy: { server: `http://127.0.0.1:${proxy.address().port}`, bypass: '127.0.0.1' }, ...options });

test('the policy is word for word what was promised, in the page as it is served', async () => {
  const html = await readFile('dist/index.html', 'utf8');
  const policies = [...html.matchAll(/<meta http-equiv="Content-Security-Policy" content="([^"]*)">/g)].map(([, policy]) => policy);
  assert.deepEqual(policies, [POLICY]);
  assert.ok(html.indexOf(POLICY) < html.indexOf('<link') && html.indexOf(POLICY) < html.indexOf('<script'), 'it stands before all that it governs');
  assert.doesNotMatch(html, /<(script|link|img|iframe)[^>]*(src|href)="(https?:|\/)/, 'every path is relative');
  // What the files name beside their comments is no address that is asked.
  const scripts = (await readdir('dist', { recursive: true })).filter((name) => /\.(js|css|html|svg)$/.test(name));
  assert.ok(scripts.length > 10);
  for (const name of scripts) {
    const named = (await readFile(`dist/${name}`, 'utf8')).replace(/\/\*[^]*?\*\//g, '').match(/\b(https?|wss?):\/\/[\w.-]+/g) ?? [];
    assert.deepEqual([...new Set(named)].filter((origin) => origin !== 'http://www.w3.org'), [], name);
  }
});

test('what asks elsewhere would be seen, and is refused before it leaves', async () => {
  const open = await watched({ bypassCSP: true });
  await open.evaluate(() => fetch('http://elsewhere.test/from-the-page').catch(() => {}));
  assert.ok(asked.some((url) => url.includes('elsewhere.test')), 'the proxy hears of it');
  asked.length = 0;
  await open.context().close();
  const page = await watched();
  const refused = await page.evaluate(async () => {
    const violated = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => violated.push(effectiveDirective));
    await fetch('http://elsewhere.test/fetch').catch(() => {});
    const image = document.createElement('img');
    image.src = 'http://elsewhere.test/image.png';
    const script = document.createElement('script');
    script.src = 'http://elsewhere.test/script.js';
    document.body.append(image, script);
    await new Promise((done) => { script.onerror = done; });
    return violated;
  });
  assert.deepEqual(refused.sort(), ['connect-src', 'img-src', 'script-src-elem']);
  assert.deepEqual(asked, []);
  await page.context().close();
});

test('a whole session asks nobody but its own folder', async () => {
  const page = await watched();
  await page.locator('[data-action=train]:enabled').waitFor();
  // What is recorded, and what is computed of it.
  for (const stage of STAGES) await enter(page, stage);
  await enter(page, 'inspect');
  await page.locator('[data-input=prompt]').fill('What is a king?');
  await page.locator('#attention[data-run=derived]').waitFor();
  // Vocabularies of others.
  await enter(page, 'tokenizer');
  await page.locator('[data-input=tokenizer]').selectOption('gpt2');
  await page.locator('.vocabulary span').filter({ hasText: ' symbols' }).waitFor();
  // A run, an update, a text, a file.
  await train(page, { save_every: 5 });
  await control(page, 'pause').click();
  await control(page, 'update').click();
  await page.locator('[data-metric=target-probability-after][data-value]').waitFor();
  await enter(page, 'generate');
  await page.locator('#generate [name=max_tokens]').fill('5');
  await control(page, 'generate').click();
  await page.locator('#writing .chips button').nth(4).waitFor();
  await downloaded(page);
  await control(page, 'share').click();
  await control(page, 'tour').click();
  await control(page, 'language').selectOption('zh');
  await control(page, 'theme').selectOption('dark');
  await control(page, 'reset').click();
  await page.locator('#settings [value=zh]').check();
  await enter(page, 'data');
  assert.ok(page.requests.some((url) => url.endsWith('gpt2.tiktoken.gz')), 'what the worker asks for is seen');
  assert.deepEqual(page.requests.filter((url) => !url.startsWith('blob:') && !url.startsWith(page.address)), []);
  assert.deepEqual(asked, []);
  assert.deepEqual(await page.context().cookies(), []);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
