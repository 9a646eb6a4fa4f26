// What the page asks of the engine: nothing that nobody sees, ten looks a second at most; and every figure names its source.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL, beside, control, lab, metric, ready, says, small_run, until } from './page.mjs';

const built = lab();

const STAGES = ['data', 'tokenizer', 'train', 'inspect', 'generate'];
/** What looks into a model, or writes with it. */
const PROBES = ['look', 'update', 'generate'];
const tab = (page, stage) => page.locator(`[data-stage=${stage}]`);

/** Runs before the page's own scripts: keeps every command that its worker is sent. */
function record() {
  globalThis.asked = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function post(message, ...more) {
    if (message.command) globalThis.asked.push({ command: message.command.command, time: performance.now() });
    return postMessage.call(this, message, ...more);
  };
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        globalThis.looked = data.find(({ event }) => event === 'looked') ?? globalThis.looked;
      });
    }
  };
}

/** The page, with a record of what its worker is asked. */
async function opened(viewport = { width: 1280, height: 900 }) {
  const page = await built.open('?device=cpu', { viewport, first: record });
  await ready(page);
  return page;
}

/** The probes that were sent so far. */
const sent = (page) => page.evaluate((probes) => globalThis.asked.filter(({ command }) => probes.includes(command)), PROBES);

/** Begins a run that goes on. */
async function train(page) {
  await small_run(page, { steps: 1_000_000 });
  await control(page, 'train').click();
  await until(page, 'step', 'at least', 3);
}

/** Waits until so many steps more are taken. */
async function taken(page, steps) {
  await until(page, 'step', 'at least', await metric(page, 'step') + steps);
}

const follows = async (page) => {
  const step = await metric(page, 'step');
  await page.waitForFunction((step) => Number(document.querySelector('#attention').dataset.step) >= step, step);
};

test('while it trains, a stage that shows nothing of the model asks for nothing', async () => {
  const page = await opened();
  await train(page);
  for (const stage of STAGES.filter((stage) => stage !== 'inspect')) {
    await tab(page, stage).click();
    const before = (await sent(page)).length;
    await taken(page, 40);
    assert.equal((await sent(page)).length, before, stage);
  }
  // What was asked for in Inspect is not asked for again once another stage is open.
  await tab(page, 'inspect').click();
  await follows(page);
  await tab(page, 'data').click();
  const before = (await sent(page)).length;
  await taken(page, 200);
  assert.equal((await sent(page)).length, before);
  // Paused, the stage Train asks once how the run stands, and others do not ask.
  await control(page, 'pause').click();
  await says(page, 'Paused');
  assert.equal((await sent(page)).length, before);
  await tab(page, 'train').click();
  await page.locator('#update .tokens li').nth(1).waitFor({ state: 'attached' });
  assert.deepEqual((await sent(page)).slice(before).map(({ command }) => command), ['update']);
  assert.deepEqual(page.errors, []);
});

test('while it trains, the model is looked at ten times a second at most, whatever is dragged or typed', async () => {
  const page = await opened();
  await train(page);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  await tab(page, 'inspect').click();
  // Two steps are compared, so that two views ask.
  for (const [name, key] of [['a', 'Home'], ['b', 'ArrowRight']]) {
    await page.locator('#timeline [name=at]').press(key);
    await control(page, `compare-${name}`).click();
  }
  await page.locator('#comparison:not(.waiting)').waitFor();
  await control(page, 'live').click();
  await control(page, 'train').click();
  await taken(page, 20);
  // From here on looks are answered at once, with the last answer: nothing but the page itself holds them back.
  await page.evaluate(() => {
    const { postMessage } = Worker.prototype;
    globalThis.asked.length = 0;
    Worker.prototype.postMessage = function answer(message, ...more) {
      if (message.command?.command !== 'look') return postMessage.call(this, message, ...more);
      const { command: { at, prompt, id } } = message;
      // The view of attention says whether it takes what was recorded, the comparison does not.
      globalThis.asked.push({ command: 'look', by: 'anew' in message.command ? 'attention' : 'comparison', time: performance.now() });
      const { looked } = globalThis;
      return queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data: [{ ...looked, id, prompt, step: at ?? looked.step }] })));
    };
    globalThis.restore = () => {
      Worker.prototype.postMessage = postMessage;
    };
  });
  // One snapshot and one prompt after the other, as quickly as the page takes them, until forty looks are sent.
  await page.evaluate(() => new Promise((resolve) => {
    const [slider, prompt] = ['#timeline [name=at]', '#prompt'].map((name) => document.querySelector(name));
    let at = 0;
    const drag = () => {
      at += 1;
      slider.value = String(at % 3);
      prompt.value = `The winter ${at}`;
      for (const moved of [slider, prompt]) moved.dispatchEvent(new Event('input', { bubbles: true }));
      if (globalThis.asked.length >= 40) resolve();
      else setTimeout(drag);
    };
    drag();
  }));
  const looks = await page.evaluate(() => globalThis.asked);
  for (const by of ['attention', 'comparison']) assert.ok(looks.filter((look) => look.by === by).length > 4, `${by} looks too`);
  for (let i = 10; i < looks.length; i += 1) {
    const within = looks[i].time - looks[i - 10].time;
    assert.ok(within >= 999, `eleven looks within ${within} ms`);
  }
  // What is asked for last is shown in the end.
  await page.evaluate(() => globalThis.restore());
  await page.locator('[data-input=prompt]').fill('glorious');
  await page.locator('#timeline [name=at]').press('Home');
  await page.locator('#attention[data-step="0"]').waitFor();
  await page.waitForFunction(() => document.querySelector('.labels').textContent === 'glorious');
  assert.deepEqual(page.errors, []);
});

test('a prompt that is typed while it trains is looked at, and followed from then on', async () => {
  const page = await opened();
  await train(page);
  await tab(page, 'inspect').click();
  await follows(page);
  for (const prompt of ['winter', 'glorious summer']) {
    await page.locator('[data-input=prompt]').fill(prompt);
    const tokens = (text) => page.waitForFunction((text) => document.querySelector('.labels').textContent === text, text);
    await tokens(prompt.replaceAll(' ', '·'));
    await follows(page);
  }
  assert.deepEqual(page.errors, []);
});

test('figures that are scrolled away, or in a tab that is hidden, are not looked at until they are seen', async () => {
  const page = await opened({ width: 1280, height: 200 });
  await train(page);
  await tab(page, 'inspect').click();
  await beside(page, '#attention', () => follows(page));
  const still = async (what) => {
    const before = (await sent(page)).length;
    // As many steps as take three seconds, in which six looks would come.
    await taken(page, Math.ceil((3 * await metric(page, 'tokens-per-second')) / (SMALL.batch * SMALL.context)));
    // The look that was due when it went away may still be sent.
    assert.ok((await sent(page)).length <= before + 1, `${what}: ${(await sent(page)).length - before} looks`);
  };
  await page.evaluate(() => scrollTo(0, 0));
  assert.ok(await page.evaluate(() => document.querySelector('#attention').getBoundingClientRect().top > innerHeight));
  await still('scrolled away');
  await beside(page, '#attention', () => follows(page));
  const see = (state) => page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
  await see('hidden');
  await still('hidden');
  await see('visible');
  await follows(page);
  assert.deepEqual(page.errors, []);
});

test('the numbers of a look and of an update are handed over by the worker, not copied', async () => {
  const page = await opened();
  await train(page);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  const [worker] = page.workers();
  await worker.evaluate(() => {
    const { postMessage } = self;
    self.left = {};
    self.postMessage = (events, ...more) => {
      postMessage.call(self, events, ...more);
      for (const { event, ...numbers } of events) {
        for (const [name, value] of Object.entries(numbers)) if (ArrayBuffer.isView(value)) self.left[`${event}.${name}`] = value.byteLength;
      }
    };
  });
  await control(page, 'update').click();
  await page.locator('#attention-change:not(.waiting)').waitFor();
  await tab(page, 'inspect').click();
  await follows(page);
  assert.deepEqual(await worker.evaluate(() => self.left), { 'updated.attention_change': 0, 'looked.attention': 0, 'looked.logits': 0 });
  assert.deepEqual(page.errors, []);
});

/** The figures that can be seen, with what they say of their source. */
const figures = (page) => page.locator('[data-figure]').evaluateAll((all) => all.filter((figure) => figure.checkVisibility())
  .map(({ dataset: { figure, run, step, tensor, shape } }) => ({ figure, run, step, tensor, shape })));

/** Opens each stage in turn, and gives the runs that its figures name. */
async function walk(page, state) {
  const runs = {};
  for (const stage of STAGES) {
    await tab(page, stage).click();
    const found = await figures(page);
    assert.ok(found.length > 0, stage);
    for (const { figure, run, step, tensor, shape } of found) {
      const what = `${figure} in ${stage}, ${state}`;
      assert.match(run ?? '', /^(live|recorded|derived)$/, what);
      assert.match(step ?? '', /^\d+$/, what);
      assert.ok(tensor, what);
      assert.match(shape ?? '', /^\d+(x\d+)*$/, what);
      runs[figure] = run;
    }
  }
  return runs;
}

test('every figure that is seen names its run, step, tensor and shape: recorded, before any engine is there', async () => {
  const page = await built.open('?device=cpu', { refused: '**/*.wasm' });
  await page.locator('#timeline[data-run=recorded]').waitFor();
  const runs = await walk(page, 'recorded');
  for (const figure of ['documents', 'tokens', 'loss', 'attention', 'next', 'timeline']) assert.equal(runs[figure], 'recorded', figure);
});

test('every figure that is seen names its run, step, tensor and shape: derived, and live', async () => {
  const page = await opened();
  await tab(page, 'inspect').click();
  await page.locator('[data-input=prompt]').fill('What is a king?');
  await page.locator('#attention[data-run=derived]').waitFor();
  await page.locator('#next[data-run=derived]').waitFor();
  await tab(page, 'generate').click();
  await page.locator('#generate [name=max_tokens]').fill('4');
  await control(page, 'generate').click();
  await page.locator('#writing[data-run=derived]').waitFor();
  const derived = await walk(page, 'derived');
  for (const figure of ['attention', 'next', 'writing']) assert.equal(derived[figure], 'derived', figure);
  await tab(page, 'train').click();
  await train(page);
  await control(page, 'pause').click();
  await says(page, 'Paused');
  await tab(page, 'inspect').click();
  await page.locator('#attention[data-run=live]').waitFor();
  await tab(page, 'train').click();
  await control(page, 'update').click();
  await page.locator('#attention-change:not(.waiting)').waitFor();
  const live = await walk(page, 'live');
  for (const figure of ['loss', 'attention', 'next', 'timeline', 'update', 'attention-change']) assert.equal(live[figure], 'live', figure);
  assert.deepEqual(page.errors, []);
});
