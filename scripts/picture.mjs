// The picture of the README, anew: the built page in the stage Inspect, while it trains the preset `tiny` in the tab.

import { control, ready, start, until } from '../tests/page/page.mjs';

/** Steps after which the picture is taken: by then heads have begun to look somewhere. */
const STEPS = 300;

const lab = await start();
try {
  const page = await lab.open('?device=cpu', { viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
  await ready(page);
  await control(page, 'train').click();
  await until(page, 'step', 'at least', STEPS);
  await page.locator('[data-stage=inspect]').click();
  await page.locator('#attention[data-run=live] .heads button').first().waitFor();
  await control(page, 'pause').click();
  await page.locator('[data-action=pause][aria-pressed=true]').waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: 'docs/page.png' });
} finally {
  await lab.stop();
}
