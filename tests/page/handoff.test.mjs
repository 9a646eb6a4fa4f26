// From tab to command line and back: a zip of one goes on in the other, and the losses are those of a run that stayed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SMALL, control, downloaded, lab, metric, paste, ready, says, set, until } from './page.mjs';
import { glasshouse, options_for } from './small_run.mjs';

const built = lab();
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glasshouse-'));
});
after(() => rm(folder, { recursive: true }));

/** The loss of each step in a folder's log. */
async function logged(path) {
  const lines = (await readFile(join(path, 'log.jsonl'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  return new Map(lines.map(({ step, loss }) => [step, loss]));
}

const close = (got, want) => assert.ok(Math.abs(got - want) <= 1e-3, `got ${got}, want ${want}`);

test('a run of the tab goes on on the command line, with the text that only the tab had', async () => {
  const page = await built.open();
  await ready(page);
  await paste(page, 'A rose by any other name would smell as sweet. '.repeat(70));
  await set(page, { ...SMALL, vocab_size: '', steps: 12, warmup: 2 });
  for (let step = 1; step <= 3; step += 1) {
    await control(page, 'step').click();
    await until(page, 'step', 'exactly', step);
    await says(page, 'Paused');
  }
  const third = await metric(page, 'loss');
  const { path } = await downloaded(page);
  await control(page, 'pause').click();
  await says(page, 'Finished');

  const zip = join(folder, 'tab.zip');
  execFileSync('cp', [path, zip]);
  const sampled = JSON.parse(glasshouse(['sample', '--model', zip, '--max-tokens', '5', '--device', 'cpu', '--json']));
  assert.equal(sampled.ids.length, 5);
  glasshouse(['train', '--resume', zip, '--device', 'cpu', '--json']);
  const losses = await logged(join(folder, 'tab'));
  assert.deepEqual([...losses.keys()], Array.from({ length: 12 }, (_, i) => i + 1));
  close(losses.get(3), third);
  close(losses.get(12), await metric(page, 'loss'));
});

test('a run of the command line goes on in the tab, on the corpus that both have', async () => {
  const native = join(folder, 'native');
  const shape = options_for({ ...SMALL, steps: 9, warmup: 2 });
  glasshouse(['train', '--corpus', 'zh', ...shape, '--stop-after', '4', '--device', 'cpu', '--out', native, '--json']);
  const zip = join(folder, 'native.zip');
  execFileSync('python3', ['-m', 'zipfile', '-c', zip, native]);
  glasshouse(['train', '--resume', native, '--device', 'cpu', '--json']);
  const losses = await logged(native);

  const page = await built.open();
  await ready(page);
  await page.locator('#run-file').setInputFiles(zip);
  await until(page, 'step', 'exactly', 4);
  await says(page, 'Paused');
  close(await metric(page, 'loss'), losses.get(4));
  await control(page, 'train').click();
  await says(page, 'Finished');
  assert.equal(await metric(page, 'step'), 9);
  close(await metric(page, 'loss'), losses.get(9));
  assert.ok(page.requests.some((url) => url.endsWith('corpora/zh.txt.gz')), 'the text is fetched');
  assert.deepEqual(page.errors, []);
});
