// A storage that is full: the run goes on, and nothing that was kept before is lost. The limit holds for all pages of the
// browser, so nothing else runs beside this.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { files, kept, losses, trained } from './kept_runs.mjs';
import { control, lab, metric, says, set } from './page.mjs';

const built = lab();

test('a full storage is said, the run goes on, and what was kept before stays', async () => {
  const page = await built.open();
  await trained(page);
  const before = await files(page);
  const devtools = await page.context().newCDPSession(page);
  const quota = (quotaSize) => devtools.send('Storage.overrideQuotaForOrigin', { origin: page.origin, ...(quotaSize && { quotaSize }) });
  await quota(1);
  await set(page, { steps: 400, save_every: 10 });
  await control(page, 'reset').click();
  await control(page, 'train').click();
  await page.locator('#alert').filter({ hasText: /storage is full: the save of step \d+0 was not kept, and the run goes on/ }).waitFor();
  await says(page, 'Finished');
  assert.equal(await metric(page, 'step'), 400);
  await page.locator('#kept [role=status]').filter({ hasText: 'the save of step 400 was not kept' }).waitFor();
  const left = await files(page);
  for (const [name, bytes] of Object.entries(before)) assert.equal(left[name], bytes, name);
  assert.ok((await losses(page)).length === 400, 'it can be downloaded');
  // Once there is room, it is kept again.
  await quota(null);
  await set(page, { steps: 420 });
  await control(page, 'train').click();
  await kept(page).filter({ hasText: 'step 420 of 420' }).waitFor();
  assert.equal(await page.locator('#kept [role=status]').textContent(), '');
  assert.deepEqual(page.errors, []);
});
