// What the tests of the page share: the built page on a server of its own, in the browser that is installed.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { serve } from '../../scripts/serve.mjs';

/** Under a path of its own, so that an address that is not relative fails. */
const PREFIX = '/some/where/';
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
const ALWAYS = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];
/** A WebGPU adapter without a GPU: SwiftShader, which computes and also survives canvases that are shown. */
const ADAPTER = [
  '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--enable-unsafe-webgpu', '--ignore-gpu-blocklist',
  '--enable-gpu', '--enable-features=Vulkan', '--use-vulkan=swiftshader',
];

/** Minutes that a step of a test may wait for the engine: software adapters compile shaders for seconds each. */
export const PATIENCE = Number(process.env.PATIENCE ?? 240_000);

function program() {
  const found = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  assert.ok(found, 'no Chromium was found: install it, or name its program in CHROMIUM');
  return found;
}

/** Serves the built page and starts a browser, with a WebGPU adapter where one is asked for. */
export async function start({ adapter = false } = {}) {
  const server = await serve('dist', { prefix: PREFIX });
  const browser = await chromium.launch({
    executablePath: program(),
    headless: true,
    args: [...ALWAYS, '--no-sandbox', ...(adapter ? ADAPTER : [])],
  });
  return {
    browser,
    address: server.address,
    /** Opens the page, and collects what it asks for, and what goes wrong in it; files that match `refused` do not come. */
    async open(query = '?device=cpu', { refused, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      const [requests, errors] = [[], []];
      context.on('request', (request) => requests.push(request.url()));
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      if (refused) await page.route(refused, (route) => route.abort());
      await page.goto(server.address + query);
      return Object.assign(page, { requests, errors, origin: new URL(server.address).origin, address: server.address });
    },
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}

/** All words of a language, with the story. */
export async function catalogue(name) {
  const { default: strings } = await import(`../../www/strings/${name}.js`);
  return { ...strings, ...JSON.parse(await readFile(`www/strings/story.${name}.json`, 'utf8')) };
}

/** A control by its action. */
export const control = (page, action) => page.locator(`[data-action=${action}]`);

/** A number of the run in the tab with all its digits; null where there is none, or only the recorded one's. */
export async function metric(page, name) {
  const { value, run } = await page.locator(`[data-metric=${name}]`).evaluate(({ dataset }) => ({ ...dataset }));
  return run !== 'live' || !value ? null : Number(value);
}

/** Waits until a number of the run passes a check that runs in the page. */
export async function until(page, name, check, bound) {
  await page.waitForFunction(
    ([name, check, bound]) => {
      const { value, run } = document.querySelector(`[data-metric="${name}"]`).dataset;
      if (run !== 'live' || !value) return check === 'none';
      return check === 'at least' ? Number(value) >= bound : check === 'exactly' ? Number(value) === bound : false;
    },
    [name, check, bound],
    { timeout: PATIENCE },
  );
}

/** Waits until the page says so. */
export async function says(page, sentence) {
  await page.locator('#status').filter({ hasText: sentence }).waitFor();
}

/** The engine is loaded, and a device is open. */
export async function ready(page) {
  await page.locator('[data-action=train]:enabled').waitFor();
}

/** Fills in settings, by their names. */
export async function set(page, values) {
  await page.locator('.more').evaluate((details) => {
    details.open = true;
  });
  for (const [name, value] of Object.entries(values)) await page.locator(`#settings [name=${name}]`).fill(String(value));
}

/** A shape that trains in no time. */
export const SMALL = { layers: 1, heads: 2, channels: 32, context: 32, vocab_size: 400, batch: 4 };

/** Chooses one's own text, and pastes it. */
export async function paste(page, text) {
  await page.locator('#settings [value=own]').check();
  await page.locator('#own-text').fill(text);
}

/** What was downloaded: its name and its path. */
export async function downloaded(page) {
  const [download] = await Promise.all([page.waitForEvent('download'), control(page, 'download').click()]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

/** Drops a file on the page. */
export async function drop(page, name, bytes) {
  await page.evaluate(
    ([name, numbers]) => {
      const carried = new DataTransfer();
      carried.items.add(new File([new Uint8Array(numbers)], name));
      for (const type of ['dragover', 'drop']) dispatchEvent(new DragEvent(type, { dataTransfer: carried, cancelable: true }));
    },
    [name, [...bytes]],
  );
}
