// One forward pass, step by step: the numbers in the page are the engine's, its stops are gone through by keys, its colours are
// those of the legend, it follows what is chosen elsewhere, and it costs nothing where nobody looks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colour } from '../../www/figure/colours.js';
import { count, fine } from '../../www/words/format.js';
import { beside, control, lab, metric, ready, small_run, take_steps, until } from './page.mjs';

const built = lab();

/** Opens the stage, with all that is asked for and told of passes kept in the page. */
async function opened(options) {
  const page = await built.open('?device=cpu#stage=inspect', options);
  await page.addInitScript(() => {
    const told = { asked: 0, traced: [] };
    Object.assign(globalThis, {
      told,
      Worker: class extends Worker {
        constructor(...given) {
          super(...given);
          this.addEventListener('message', ({ data }) => told.traced.push(...data.filter(({ event }) => event === 'traced')));
        }

        postMessage(message, ...rest) {
          if (message.command?.command === 'trace') told.asked += 1;
          super.postMessage(message, ...rest);
        }
      },
    });
  });
  await page.reload();
  await ready(page);
  return page;
}

/** A model of so many steps, waiting. */
async function stepped(page, steps) {
  await page.locator('[data-stage=train]').click();
  await small_run(page, { layers: 2 });
  await take_steps(page, steps);
  await page.locator('[data-stage=inspect]').click();
}

const figure = (page) => page.locator('#pass');
const present = (page) => page.locator('.pass-stops [aria-current=step]');
const matrix = (page) => page.locator('.pass-matrix');

/** Keeps the pass in view until this has come: what nobody sees asks for nothing. */
const look = (page, shown) => beside(page, '#pass', shown);

async function unfold(page) {
  await page.locator('#pass summary').first().click();
  await look(page, () => page.locator('#pass:not(.waiting)').waitFor());
}

/** Waits until the last pass that was told is the one that is shown: nothing else was asked for meanwhile. */
const settled = (page, stop) => page.waitForFunction((stop) => {
  const { asked, traced } = globalThis.told;
  const last = traced.at(-1);
  const button = document.querySelector('.pass-stops [aria-current=step]');
  return asked === traced.length && last?.stop === button?.dataset.stop && (!stop || last.stop === stop);
}, stop);

async function go(page, stop) {
  await page.locator(`.pass-stops [data-stop=${stop}]`).click();
  await settled(page, stop);
}

/** What was told last, with the numbers as an array. */
const told = (page) => page.evaluate(() => {
  const last = globalThis.told.traced.at(-1);
  return { ...last, values: [...last.values] };
});
const reading = async (page) => ({
  ...await page.locator('.pass-reading').evaluate(({ dataset }) => ({ ...dataset })),
  parts: await page.locator('.pass-how [data-part]').allTextContents(),
});

test('before training it is derived from the recorded model, and fetched only when it is opened', async () => {
  const page = await opened();
  await page.locator('#pass figcaption').filter({ hasText: 'computed by the model that is shown' }).waitFor();
  const fetched = () => page.requests.filter((url) => /recorded\/\w+\.zip/.test(url)).length;
  await figure(page).scrollIntoViewIfNeeded();
  assert.equal(await page.evaluate(() => globalThis.told.asked), 0);
  assert.equal(fetched(), 0);
  await unfold(page);
  assert.equal(fetched(), 1);
  const seen = await told(page);
  assert.equal(seen.run, 'derived');
  assert.equal(await figure(page).getAttribute('data-run'), 'derived');
  assert.match(await page.locator('#pass .chip').textContent(), new RegExp(`“wte” · .* · derived from recorded step ${count(seen.step)}$`));
  // A run takes its place.
  await stepped(page, 1);
  await look(page, () => page.locator('#pass[data-run=live][data-step="1"]').waitFor());
  await page.locator('#pass summary').first().click();
  await page.locator('#pass[data-tensor=none]').waitFor();
  assert.deepEqual(page.errors, []);
});

test('every number of the formula is the engine’s, and so are the row and the sentence', async () => {
  const page = await opened();
  await stepped(page, 3);
  await unfold(page);
  await settled(page);
  await page.locator('.pass-row summary').click();
  const signed = (x, first) => (x < 0 && !first ? `(${fine(x).replace('-', '−')})` : fine(x).replace('-', '−'));
  for (const { name } of (await told(page)).stops) {
    await go(page, name);
    const seen = await told(page);
    const { stop, cell, values, tokens } = seen;
    const { rows, columns, tensor, sources, spread } = seen.stops.find((station) => station.name === stop);
    const { value, row, column, parts } = await reading(page);
    assert.deepEqual([Number(value), Number(row), Number(column)], [cell.value, cell.row, cell.column], stop);
    assert.equal(cell.value, values[cell.row * columns + cell.column], stop);
    assert.equal(cell.row, stop === 'table' ? 0 : tokens.length - 1, 'the row of the last token');
    assert.equal(parts.at(-1), signed(cell.value, true), stop);
    const { formula, ...p } = cell.parts;
    const want = {
      sum: () => [signed(p.a, true), signed(p.b)],
      layer_norm: () => [signed(p.x, true), signed(p.mean), signed(p.deviation), signed(p.weight), signed(p.bias)],
      softmax: () => [signed(p.x, true), signed(p.most), signed(p.sum)],
      gelu: () => [signed(p.x, true), signed(p.inner)],
      lookup: () => [count(p.index + 1), count(cell.column + 1)],
      join: () => [count(p.head + 1), count(p.index + 1)],
      mask: () => [],
      product: () => [
        ...(p.divisor === 1 ? [] : [signed(p.divisor)]),
        ...p.terms.flatMap(({ left, right, index }, i) => [signed(left, false), signed(right), stop === 'mixed' ? tokens[index].text.replaceAll(' ', '·') : count(index + 1), i].slice(0, 3)),
        ...(p.others > 0 ? [signed(p.rest), `${count(p.others)} others`] : []),
        ...(p.bias === undefined ? [] : [signed(p.bias)]),
      ],
    }[formula]();
    assert.deepEqual(parts.slice(0, -1), want, stop);
    const data = await figure(page).evaluate(({ dataset }) => ({ ...dataset }));
    assert.deepEqual([data.tensor, data.shape, data.step, data.run], [tensor, `${rows}x${columns}`, '3', 'live'], stop);
    const sentence = await page.locator('#pass figcaption').textContent();
    for (const number of [spread.least, spread.most, spread.deviation]) assert.ok(sentence.includes(fine(number)), `${stop}: ${sentence}`);
    assert.equal(await page.locator('.pass-from button').count(), sources.filter((source) => seen.stops.some((station) => station.name === source)).length, stop);
    const cells = await page.locator('.pass-row tbody td').evaluateAll((all) => all.map(({ title }) => Number(title)));
    assert.deepEqual(cells, values.slice(cell.row * columns, (cell.row + 1) * columns), stop);
    assert.ok(await page.locator('.pass-formula math').count() > 0, stop);
  }
  // All stops in words say the same.
  const words = await page.locator('.pass-words li').allTextContents();
  assert.equal(words.length, (await told(page)).stops.length);
  assert.deepEqual(page.errors, []);
});

test('keys go from stop to stop and back, and buttons too', async () => {
  const page = await opened();
  await stepped(page, 1);
  await unfold(page);
  await settled(page);
  const names = (await told(page)).stops.map(({ name }) => name);
  const at = async (i, how) => {
    await settled(page, names[i]);
    assert.equal(await present(page).getAttribute('data-stop'), names[i], how);
    assert.equal(await figure(page).getAttribute('data-tensor'), (await told(page)).stops[i].tensor, how);
    assert.match(await page.locator('.pass-place').textContent(), new RegExp(`^Stop ${i + 1} of ${names.length}$`));
  };
  await present(page).focus();
  await page.keyboard.press('Enter');
  await at(1, 'Enter');
  assert.ok(await present(page).evaluate((button) => button === document.activeElement), 'the focus goes along');
  await page.keyboard.press('ArrowDown');
  await at(2, 'an arrow');
  await page.keyboard.press('Backspace');
  await at(1, 'Backspace');
  await page.keyboard.press('End');
  await at(names.length - 1, 'End');
  assert.ok(await control(page, 'pass-next').isDisabled());
  await page.keyboard.press('Enter');
  await at(names.length - 1, 'there is no stop behind the last');
  await page.keyboard.press('Home');
  await at(0, 'Home');
  assert.ok(await control(page, 'pass-back').isDisabled());
  await control(page, 'pass-next').focus();
  await page.keyboard.press('Enter');
  await at(1, 'Next');
  await page.keyboard.press('Enter');
  await at(2, 'Next again');
  // What it is computed from leads back.
  await page.locator('.pass-from button').first().click();
  await at(0, 'a source');
  assert.equal(await page.locator('.pass-stops [tabindex="0"]').count(), 1);
  assert.deepEqual(page.errors, []);
});

test('a cell is pointed at and kept as everywhere, the inspector reads it, and a link brings it back', async () => {
  const page = await opened();
  await stepped(page, 1);
  await unfold(page);
  await go(page, 'query');
  const { width, height } = await matrix(page).boundingBox();
  const { rows, columns, number, tensor } = (await told(page)).stops.find(({ name }) => name === 'query');
  const position = (row, column) => ({ x: ((column + 0.5) * width) / columns, y: ((row + 0.5) * height) / rows });
  const mark = page.locator('#pass .cell-mark');
  const cell = async (row, column, state, how) => {
    await page.waitForFunction(([row, column, state]) => {
      const { dataset } = document.querySelector('.pass-reading');
      return dataset.row === String(row) && dataset.column === String(column) && document.querySelector('#inspector').dataset.state === state;
    }, [row, column, state]);
    await settled(page, 'query');
    const seen = await told(page);
    const value = seen.values[row * columns + column];
    assert.deepEqual([seen.cell.row, seen.cell.column, Number((await reading(page)).value)], [row, column, value], how);
    assert.equal(await mark.isVisible(), state !== 'none', how);
    if (state === 'none') return;
    assert.equal(await page.locator('#pass .cell-mark.kept').count(), state === 'kept' ? 1 : 0, how);
    const [box, whole] = await Promise.all([mark.boundingBox(), matrix(page).boundingBox()]);
    assert.ok(Math.abs(box.x - whole.x - (column * width) / columns) < 1 && Math.abs(box.y - whole.y - (row * height) / rows) < 1, `${how}: the mark is on the cell`);
    const [read, source] = await Promise.all(['value', 'tensor'].map((name) => page.locator(`[data-reading=${name}]`)).map(async (place) => [await place.getAttribute('data-value'), await place.textContent()]));
    assert.deepEqual([Number(read[0]), read[1]], [value, fine(value)], `${how}: the inspector`);
    assert.equal(source[1], `${tensor} · ${rows} × ${columns}`, how);
  };
  await matrix(page).hover({ position: position(1, 5) });
  await cell(1, 5, 'previewed', 'pointed at');
  await page.locator('#pass h3').hover();
  await cell(rows - 1, 0, 'none', 'left');
  await matrix(page).click({ position: position(2, 7) });
  await page.locator('#pass h3').hover();
  await cell(2, 7, 'kept', 'kept by a click');
  assert.equal(await page.locator('#attention [name=row]').inputValue(), '2', 'the token is chosen for all views');
  await matrix(page).focus();
  await page.keyboard.press('ArrowRight');
  await cell(2, 8, 'previewed', 'an arrow');
  await page.keyboard.press('End');
  await cell(2, columns - 1, 'previewed', 'End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await cell(1, columns - 1, 'kept', 'Enter');
  // The address is written a moment later.
  await page.waitForFunction((part) => location.hash.includes(part), `tensor=pass&cell=${number}.1.${columns - 1}`);
  const link = await page.evaluate(() => location.hash);
  await page.keyboard.press('Escape');
  await cell(rows - 1, 0, 'none', 'Escape');
  // Another stop has other cells.
  await matrix(page).click({ position: position(0, 0) });
  await cell(0, 0, 'kept', 'kept once more');
  await page.locator('.pass-stops [data-stop=key]').click();
  await settled(page, 'key');
  await page.waitForFunction(() => !location.hash.includes('tensor='));
  // The link opens the recorded run at that stop, and at that cell where it has one.
  const other = await built.open(`?device=cpu${link}`);
  await look(other, () => other.locator(`#pass[data-run=derived] .pass-reading[data-row="1"][data-column="${columns - 1}"]`).waitFor());
  assert.equal(await other.locator('.pass-stops [aria-current]').getAttribute('data-stop'), 'query');
  assert.ok(await other.locator('#pass .cell-mark.kept').isVisible());
  const bad = await built.open(`?device=cpu${link.replace(`cell=${number}.`, 'cell=77.')}`);
  await look(bad, () => bad.locator('#alert').filter({ hasText: 'tensor=pass' }).waitFor());
  for (const each of [page, other, bad]) assert.deepEqual(each.errors, []);
});

test('colours are those of the legend, and the masked triangle is clear', async () => {
  const page = await opened({ colorScheme: 'light' });
  await stepped(page, 2);
  await unfold(page);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const stop of ['ln_1', 'masked', 'weights', 'probabilities']) {
      await go(page, stop);
      const { values, stops } = await told(page);
      const { columns, rows } = stops.find(({ name }) => name === stop);
      const drawn = await page.evaluate(() => ['.pass-matrix', '.pass-bar'].map((name) => {
        const canvas = document.querySelector(name);
        return { width: canvas.width, height: canvas.height, data: [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data] };
      }));
      const [{ data, width, height }, bar] = drawn;
      assert.deepEqual([width, height], [columns, rows], stop);
      const [low, high] = await page.evaluate(() => ['.pass-low', '.pass-high'].map((name) => Number(document.querySelector(name).textContent.replaceAll(',', ''))));
      const pixel = (from, i) => from.slice(4 * i, 4 * i + 4);
      let compared = 0;
      for (let i = 0; i < values.length; i += 7) {
        if (stop !== 'ln_1' && stop !== 'probabilities' && i % columns > Math.floor(i / columns)) {
          assert.equal(data[4 * i + 3], 0, `${stop}: nothing is drawn above the diagonal`);
          continue;
        }
        // The legend's ends are written in three digits.
        const place = Math.min(1, Math.max(0, (values[i] - low) / (high - low))) * (bar.width - 1);
        const near = [Math.floor(place) - 1, Math.floor(place) + 2].map((at) => pixel(bar.data, Math.min(bar.width - 1, Math.max(0, at))));
        for (const channel of [0, 1, 2]) {
          const [least, most] = [Math.min(...near.map((rgb) => rgb[channel])), Math.max(...near.map((rgb) => rgb[channel]))];
          const found = data[4 * i + channel];
          assert.ok(found >= least - 2 && found <= most + 2, `${stop}, ${scheme}: ${values[i]} is ${pixel(data, i)}, between ${near.join(' and ')} in the legend`);
        }
        compared += 1;
      }
      assert.ok(compared > 5, stop);
      assert.equal(await page.locator('.pass-masked').isVisible(), ['masked', 'weights'].includes(stop));
      if (stop === 'weights') {
        assert.equal(values[0], 1);
        assert.deepEqual(pixel(data, 0), [...colour(1), 255], 'the first token looks at itself alone');
      }
    }
  }
  assert.deepEqual(page.errors, []);
});

test('it follows layer, head, token and prompt, and the time line', async () => {
  const page = await opened();
  await stepped(page, 4);
  await unfold(page);
  await go(page, 'query');
  const tensor = async (name) => {
    await look(page, () => page.locator(`#pass[data-tensor="${name}"]`).waitFor());
  };
  await tensor('h.0.attn q[0]');
  const live = (await told(page)).values;
  await page.locator('.heads button[data-layer="1"][data-head="1"]').click();
  await tensor('h.1.attn q[1]');
  await page.locator('.heads button[data-layer="0"][data-head="0"]').click();
  await tensor('h.0.attn q[0]');
  await page.locator('.arcs-tokens button').nth(1).click();
  await look(page, () => page.locator('.pass-reading[data-row="1"]').waitFor());
  await go(page, 'logits');
  assert.equal((await told(page)).position, 1);
  const { values, stops } = await told(page);
  const { columns } = stops.find(({ name }) => name === 'logits');
  const second = values.slice(columns, 2 * columns);
  assert.deepEqual(second, [...second].sort((a, b) => b - a), 'the likeliest after that token come first');
  await go(page, 'query');
  const slider = page.locator('#timeline [name=at]');
  await slider.focus();
  for (const step of ['3', '2', '1']) {
    await page.keyboard.press('ArrowLeft');
    await page.locator(`#pass[data-step="${step}"]`).waitFor();
  }
  assert.match(await page.locator('#pass .chip').textContent(), /step 1 · /);
  assert.notDeepEqual((await told(page)).values, live);
  await page.keyboard.press('End');
  await page.locator('#pass[data-step="4"]').waitFor();
  await settled(page);
  assert.deepEqual((await told(page)).values, live, 'the live model is what it was');
  await page.locator('[data-input=prompt]').fill('coral');
  await look(page, () => page.waitForFunction(() => globalThis.told.traced.at(-1).prompt === 'coral'));
  await settled(page);
  const { tokens } = await told(page);
  assert.equal(await figure(page).getAttribute('data-shape'), `${tokens.length}x16`);
  assert.deepEqual(page.errors, []);
});

test('while training it follows the live model, and closed or out of sight it asks for nothing', async () => {
  const page = await opened();
  await stepped(page, 1);
  await unfold(page);
  await control(page, 'train').click();
  const step = () => figure(page).getAttribute('data-step').then(Number);
  const past = (step) => look(page, () => page.waitForFunction((step) => Number(document.querySelector('#pass').dataset.step) > step, step));
  await past(5);
  const [first, begun] = [await step(), performance.now()];
  await past(first + 5);
  await page.waitForFunction((asked) => globalThis.told.asked > asked + 3, await page.evaluate(() => globalThis.told.asked));
  assert.ok(performance.now() - begun > 1000, 'twice a second at most');
  for (const hide of ['fold', 'leave']) {
    if (hide === 'fold') await page.locator('#pass summary').first().click();
    else await page.locator('[data-stage=data]').click();
    // The page has been told so too once this has.
    await page.evaluate((hide) => hide === 'fold' || new Promise((resolve) => {
      new IntersectionObserver(([{ isIntersecting }]) => isIntersecting || resolve()).observe(document.querySelector('#pass'));
    }), hide);
    await page.waitForFunction(() => globalThis.told.asked === globalThis.told.traced.length);
    const [asked, at] = [await page.evaluate(() => globalThis.told.asked), await metric(page, 'step')];
    await until(page, 'step', 'at least', at + 40);
    assert.equal(await page.evaluate(() => globalThis.told.asked), asked, hide);
    if (hide === 'fold') await unfold(page);
    else await page.locator('[data-stage=inspect]').click();
    await past(at);
  }
  await control(page, 'pause').click();
  assert.deepEqual(page.errors, []);
});
