// Where the tests of the page find it: the built page on a server of its own and a Chromium, either plain or with an adapter.
// The stage `page` of `make test` starts both once for all files (stage.mjs); a file that is run alone starts its own.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { get } from 'node:http';
import { after, afterEach, before, beforeEach } from 'node:test';
import { chromium } from 'playwright-core';
import { serve } from '../../scripts/serve.mjs';

/** Under a path of its own, so that an address that is not relative fails. */
const PREFIX = '/some/where/';
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
const ALWAYS = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic', '--no-sandbox'];
/** A WebGPU adapter without a GPU: SwiftShader, which computes and also survives canvases that are shown. Tests end its process
 * more often than a browser forgives. */
const ADAPTER = [
  '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--enable-unsafe-webgpu', '--ignore-gpu-blocklist',
  '--enable-gpu', '--enable-features=Vulkan', '--use-vulkan=swiftshader', '--disable-gpu-process-crash-limit',
];

/** Milliseconds that a step of a test may wait for the engine: software adapters compile shaders for seconds each. */
export const PATIENCE = Number(process.env.PATIENCE ?? 240_000);
/** Where pictures to look at are put; nothing is compared with them. */
export const PICTURES = 'build/page';

/** How a browser is started. */
export function launching({ adapter = false } = {}) {
  const executablePath = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  assert.ok(executablePath, 'no Chromium was found: install it, or name its program in CHROMIUM');
  return { executablePath, headless: true, args: [...ALWAYS, ...(adapter ? ADAPTER : [])] };
}

/** Serves the built page. */
export const serve_page = () => serve('dist', { prefix: PREFIX });

/** Asks the stage for a browser: its address, and `release`, after which another file may have it. */
const borrow = (kind) => new Promise((lent, failed) => {
  const request = get(`${process.env.GLASSHOUSE_STAGE}browser/${kind}`, (response) => {
    let said = '';
    response.setEncoding('utf8');
    response.on('data', (more) => {
      said += more;
      if (said.endsWith('\n')) lent({ ...JSON.parse(said), release: () => request.destroy() });
    });
    response.on('error', () => {});
  });
  request.on('error', failed);
});

/** The served page and a browser: the stage's, or where there is none some of its own. */
async function find(options) {
  if (!process.env.GLASSHOUSE_STAGE) {
    const [server, browser] = await Promise.all([serve_page(), chromium.launch(launching(options))]);
    return { browser, address: server.address, release: () => server.close() };
  }
  const { endpoint, address, release } = await borrow(options.adapter ? 'adapter' : 'plain');
  return { browser: await chromium.connect(endpoint), address, release };
}

/** Opens a context of the browser `found`, and in it the page, and collects what it asks for, and what goes wrong in it; files
 * that match `refused` do not come, those that match the keys of `instead` are their values, and the function `first` runs in
 * the page before its own scripts. */
async function open_page(found, query = '?device=cpu', { refused, instead = {}, first, ...options } = {}) {
  const context = await found.browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', ...options });
  if (first) await context.addInitScript(first);
  for (const [path, body] of Object.entries(instead)) await context.route(path, (route) => route.fulfill({ contentType: 'text/javascript', body }));
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const [requests, errors] = [[], []];
  context.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  if (refused) await page.route(refused, (route) => route.abort());
  await page.goto(found.address + query);
  return Object.assign(page, { requests, errors, origin: new URL(found.address).origin, address: found.address });
}

/** The built page in a browser, for a script that is no test and stops it itself. */
export async function start(options = {}) {
  const found = await find(options);
  return {
    browser: found.browser,
    address: found.address,
    open: (query, how) => open_page(found, query, how),
    async stop() {
      await found.browser.close();
      await found.release();
    },
  };
}

/** The built page in a browser, from the first test of a file to its last. What a test opens is closed behind it, so that no
 * page trains on beside the next test; what is opened before the first one stays.
 * @param {{ adapter?: boolean }} [options] */
export function lab(options = {}) {
  let [found, beginning, depth, opened] = [null, null, 0, []];
  const begin = async () => {
    found = await find(options);
    await mkdir(PICTURES, { recursive: true });
  };
  // What a file does before its first test may want the page as well, and hooks do not wait for each other.
  const begun = () => {
    beginning ??= begin();
    return beginning;
  };
  before(begun);
  after(async () => {
    await found.browser.close();
    await found.release();
  });
  beforeEach(() => {
    depth += 1;
  });
  afterEach(async () => {
    depth -= 1;
    if (depth > 0) return;
    await Promise.all(opened.map((context) => context.close()));
    opened = [];
  });
  return {
    get browser() {
      return found.browser;
    },
    get address() {
      return found.address;
    },
    /** Opens the page in a context of its own, as `open_page` does. */
    async open(query, how) {
      await begun();
      // A browser that died is there anew.
      if (!found.browser.isConnected()) {
        await found.release();
        await begin();
      }
      const page = await open_page(found, query, how);
      if (depth > 0) opened.push(page.context());
      return page;
    },
  };
}
