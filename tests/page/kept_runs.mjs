// What the tests of the browser's own storage share: small saved runs in it, and what lies there.

import { execFileSync } from 'node:child_process';
import { SMALL, control, downloaded, paste, ready, says, set } from './page.mjs';

export const TEXT = 'My mistress’ eyes are nothing like the sun; coral is far more red than her lips’ red. ';
export const SHORT = { ...SMALL, vocab_size: '', sample_every: 0, eval_every: 0, warmup: 2 };

/** The list of saved runs. */
export const kept = (page) => page.locator('#kept li');
/** Waits until it has so many. */
export const runs = (page, many) => page.waitForFunction((many) => document.querySelectorAll('#kept li').length === many, many);

/** Fills in a small run on a text of one's own. */
export async function filled(page, values, text = TEXT.repeat(40)) {
  await ready(page);
  await paste(page, text);
  await set(page, { ...SHORT, ...values });
}

/** Trains to the end and until it is kept. */
export async function trained(page, values) {
  await filled(page, { steps: 4, ...values });
  await control(page, 'train').click();
  await says(page, 'Finished');
  await kept(page).filter({ hasText: 'open here' }).filter({ hasText: 'step 4 of 4' }).waitFor();
}

/** The loss of each step in the log of a downloaded run. */
export async function losses(page) {
  const { path } = await downloaded(page);
  const code = 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read("log.jsonl").decode())';
  const lines = execFileSync('python3', ['-c', code, path], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => JSON.parse(line)).map(({ step, loss }) => [step, loss]);
}

/** The files of the storage, by name and size. */
export const files = (page) => page.evaluate(async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('glasshouse-runs');
  const found = {};
  for await (const [name, handle] of folder.entries()) found[name] = (await handle.getFile()).size;
  return found;
});
