// The stage `page` of `make test`: serves the built page, starts two browsers for all files, makes the small run that tests
// open, and runs the files: two at a time, and behind them one by one those that measure time or memory.
// `node tests/page/stage.mjs [FILE]...` runs these alone.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { readdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { launching, serve_page } from './browser.mjs';
import { make_small_run } from './small_run.mjs';

/** What measures time or memory, or a limit of the whole machine: nothing runs beside it. */
const ALONE = ['probes', 'look', 'budgets', 'quota'];
const FOLDER = 'tests/page';
const file = (name) => `${FOLDER}/${name}.test.mjs`;

const page = await serve_page();

/** A browser that is started when it is first asked for, and anew where it has died. */
class Browser {
  constructor(options) {
    this.options = options;
    this.server = null;
    /** Resolved once nobody has it who wants it alone. */
    this.free = Promise.resolve();
  }

  async endpoint() {
    this.server ??= chromium.launchServer(launching(this.options)).then((server) => {
      server.on('close', () => {
        this.server = null;
      });
      return server;
    });
    return (await this.server).wsEndpoint();
  }

  async stop() {
    await (await this.server)?.close();
  }
}
const browsers = { plain: new Browser({}), adapter: new Browser({ adapter: true }) };

/** Lends a browser for as long as the request stands. The adapter is lent to one file at a time: its tests end its process. */
const desk = createServer(async (request, response) => {
  const name = new URL(request.url, 'http://stage').pathname.split('/').at(-1);
  const browser = browsers[name];
  const returned = new Promise((done) => response.on('close', done));
  if (name === 'adapter') {
    const before = browser.free;
    browser.free = before.then(() => returned);
    await before;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(`${JSON.stringify({ endpoint: await browser.endpoint(), address: page.address })}\n`);
});
desk.listen(0, '127.0.0.1');
await once(desk, 'listening');
const env = { ...process.env, GLASSHOUSE_STAGE: `http://127.0.0.1:${desk.address().port}/` };

/** Runs files, so many at a time; says whether all passed. */
async function run(files, together) {
  if (files.length === 0) return true;
  const runner = spawn(process.execPath, ['--test', `--test-concurrency=${together}`, '--test-reporter=spec', ...files], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [status] = await once(runner, 'exit');
  return status === 0;
}

make_small_run();
const all = readdirSync(FOLDER).filter((name) => name.endsWith('.test.mjs')).map((name) => `${FOLDER}/${name}`).sort();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
const alone = wanted.filter((name) => ALONE.map(file).includes(name));
const passed = [await run(wanted.filter((name) => !alone.includes(name)), 2), await run(alone, 1)];
await Promise.all([...Object.values(browsers).map((browser) => browser.stop()), page.close()]);
desk.close();
desk.closeAllConnections();
process.exitCode = passed.every(Boolean) ? 0 : 1;
