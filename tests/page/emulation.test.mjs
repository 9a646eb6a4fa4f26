// The page under other conditions: forced colours, less motion, enlarged, text set wider, longer words, from right to left,
// without scripts. Every stage holds in all of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURES, STAGES, axe, beside, catalogue, control, enter, lab, none, train, until, wide } from './page.mjs';

const built = lab();

/** A page with a small run that is over, so that every stage is full. */
async function full(options) {
  const page = await built.open('?device=cpu', options);
  await train(page, { steps: 4, sample_every: 2, eval_every: 2 });
  await until(page, 'step', 'exactly', 4);
  await enter(page, 'generate');
  await page.locator('#generate [name=max_tokens]').fill('8');
  await control(page, 'generate').click();
  await page.locator('#writing .chips button').nth(7).waitFor();
  return page;
}

/** Opens every stage in turn, with all that folds, and gives what `look` finds in it. */
async function everywhere(page, look) {
  const found = [];
  for (const stage of STAGES) {
    await enter(page, stage);
    await page.locator('details').evaluateAll((all) => {
      for (const details of all) details.open = true;
    });
    // The pass is asked for where it is seen.
    if (stage === 'inspect') await beside(page, '#pass', () => page.locator('.pass-formula math').waitFor());
    found.push(...(await look(stage)).map((fault) => `${stage}: ${fault}`));
  }
  return found;
}

/** Text that is cut off, or that leaves the box that it stands in. */
const cut = (page) => page.evaluate(() => {
  const faults = [];
  const range = document.createRange();
  for (const element of document.querySelectorAll('body *')) {
    const words = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (words.length === 0 || !element.checkVisibility({ visibilityProperty: true }) || element.closest('[aria-hidden=true], noscript, script, option, svg')) continue;
    // What is said and not shown has no place to be cut off in.
    for (let at = element, unseen = false; at && !unseen; at = at.parentElement) {
      if (getComputedStyle(at).clipPath !== 'none') unseen = true;
      if (unseen) words.length = 0;
    }
    for (const node of words) {
      // Spaces at the end of a line may hang over its end: words may not.
      const parts = [...node.data.matchAll(/\S+/g)].map(({ index, 0: { length } }) => {
        range.setStart(node, index);
        range.setEnd(node, index + length);
        return range.getBoundingClientRect();
      });
      const text = {
        left: Math.min(...parts.map(({ left }) => left)), right: Math.max(...parts.map(({ right }) => right)),
        top: Math.min(...parts.map(({ top }) => top)), bottom: Math.max(...parts.map(({ bottom }) => bottom)),
      };
      for (let at = element; at !== document.body; at = at.parentElement) {
        const { display, overflowX, overflowY, textOverflow } = getComputedStyle(at);
        // What is shortened has all of it for whoever points at it.
        if (textOverflow === 'ellipsis' && at.title.includes(node.data.trim())) break;
        if (display === 'inline' || display === 'contents') continue;
        // The box of a sign in a formula is its ink; what holds the formula has room for all of it.
        if (at.closest('math')) continue;
        // What scrolls shows the rest when it is asked to.
        if (/auto|scroll/.test(overflowX + overflowY)) break;
        const box = at.getBoundingClientRect();
        if (text.left < box.left - 1.5 || text.right > box.right + 1.5 || text.top < box.top - 4 || text.bottom > box.bottom + 4) {
          faults.push(`“${node.data.trim().slice(0, 60)}” leaves ${at.outerHTML.replace(/\s+/g, ' ').slice(0, 90)}`);
          break;
        }
      }
    }
  }
  return faults;
});

test('with forced colours nothing disappears: borders, marks, bars, what is chosen', async () => {
  const page = await full({ colorScheme: 'dark' });
  /** What paints something without being text, by its place; whether it still does. */
  const marks = () => page.evaluate(() => {
    const clear = (colour) => /^(transparent|rgba\(.*, 0\))$/.test(colour);
    const ground = (element) => {
      for (let at = element.parentElement; at; at = at.parentElement) if (!clear(getComputedStyle(at).backgroundColor)) return getComputedStyle(at).backgroundColor;
      return 'rgb(255, 255, 255)';
    };
    const found = {};
    for (const element of document.querySelectorAll('main *, .dock *, .reading *')) {
      const { width, height } = element.getBoundingClientRect();
      if (width < 1 || height < 1 || element.childElementCount > 0 || element.textContent.trim() || !element.checkVisibility()) continue;
      if (element.matches('input, select, textarea, canvas, progress, svg *, svg')) continue;
      const own = getComputedStyle(element);
      const painted = !clear(own.backgroundColor) && own.backgroundColor !== ground(element);
      const edged = ['Top', 'Left'].some((side) => own[`border${side}Style`] !== 'none' && Number.parseFloat(own[`border${side}Width`]) > 0 && own[`border${side}Color`] !== ground(element));
      const key = [...function* path(at = element) {
        for (let node = at; node !== document.body; node = node.parentElement) yield `${node.localName}.${node.classList[0] ?? ''}`;
      }()].reverse().slice(-4).join(' > ');
      found[key] = { ...found[key], seen: (found[key]?.seen ?? false) || painted || edged || own.backgroundImage !== 'none' };
    }
    return found;
  });
  /** What of the chosen things looks like those that are not chosen. */
  const chosen = () => page.evaluate(() => {
    const looks = (element) => {
      const { fontWeight, outlineStyle, outlineWidth, borderTopWidth, borderBottomWidth, backgroundColor, color, textDecorationLine } = getComputedStyle(element);
      return [fontWeight, outlineStyle, outlineWidth, borderTopWidth, borderBottomWidth, backgroundColor, color, textDecorationLine].join();
    };
    const pairs = [
      ['[role=tab][aria-selected=true]', '[role=tab][aria-selected=false]'], ['.tokens [aria-selected=true]', '.tokens [aria-selected=false]'],
      ['.heads [aria-pressed=true]', '.heads [aria-pressed=false]'], ['.chips [aria-pressed=true]', '.chips [aria-pressed=false]'],
      ['.arcs-tokens [aria-selected=true]', '.arcs-tokens [aria-selected=false]'], ['.samples [aria-current]', '.samples > li:not([aria-current])'],
    ];
    return pairs.filter((pair) => {
      const [one, other] = pair.map((selector) => [...document.querySelectorAll(selector)].find((element) => element.checkVisibility()));
      return one && other && looks(one) === looks(other);
    }).map(([selector]) => `${selector} looks like the others`);
  });
  const borders = () => page.evaluate(() => [...document.querySelectorAll('button, select, textarea, input[type=text]')]
    .filter((element) => element.checkVisibility() && !element.matches('.link, [role=option], [role=tab]'))
    .filter((element) => {
      const { borderTopStyle: kind, borderTopWidth: width, borderTopColor: colour } = getComputedStyle(element);
      return kind === 'none' || Number.parseFloat(width) < 1 || colour === getComputedStyle(element.parentElement).backgroundColor;
    }).map((element) => `${element.outerHTML.slice(0, 90)} has no border`));
  const keep = {
    tokenizer: () => page.locator('#strip .tokens [role=option]').nth(3).click(),
    inspect: () => page.locator('.arcs-tokens [role=option]').nth(2).click(),
    generate: () => page.locator('#writing .chips button').nth(2).click(),
    async train() {
      await page.locator('#timeline [name=at]').focus();
      await page.keyboard.press('ArrowLeft');
      await page.locator('.samples [aria-current]').waitFor();
    },
  };
  const before = {};
  none(await everywhere(page, async (stage) => {
    await keep[stage]?.();
    before[stage] = await marks();
    return [];
  }));
  await page.emulateMedia({ forcedColors: 'active' });
  none(await everywhere(page, async (stage) => {
    const now = await marks();
    const gone = Object.keys(before[stage]).filter((key) => before[stage][key].seen && now[key] && !now[key].seen).map((key) => `${key} is not seen any more`);
    await page.screenshot({ path: `${PICTURES}/forced-${stage}.png`, fullPage: true });
    return [...gone, ...await chosen(), ...await borders(), ...await axe(page)];
  }));
  await page.context().close();
});

test('with less motion nothing moves by itself, and what plays goes step by step', async () => {
  const page = await full({ reducedMotion: 'reduce' });
  const moving = () => page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').map((animation) => `${animation.effect?.target?.outerHTML.slice(0, 80)} moves`));
  const smooth = () => page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => getComputedStyle(element).scrollBehavior === 'smooth').map((element) => `${element.localName} scrolls smoothly`));
  none(await everywhere(page, async (stage) => {
    if (stage === 'tokenizer') {
      await control(page, 'merge-play').click();
      await page.locator('[data-figure=merges] figcaption').filter({ hasText: /Merge \d+:/ }).waitFor();
    }
    return [...await moving(), ...await smooth()];
  }));
  await control(page, 'play').click();
  await page.locator('[data-action=play][aria-pressed=true]').waitFor();
  none(await moving());
  await page.locator('[data-action=play][aria-pressed=false]').waitFor();
  await page.context().close();
});

for (const [width, height, zoom] of [[640, 512, 200], [320, 256, 400]]) {
  test(`enlarged to ${zoom}% the page has one column, nothing leaves it, and what sticks leaves room`, async () => {
    const page = await full({ viewport: { width, height } });
    none(await everywhere(page, async (stage) => {
      const stuck = await page.evaluate(() => {
        const sticks = [...document.querySelectorAll('body *')].filter((element) => /sticky|fixed/.test(getComputedStyle(element).position) && element.checkVisibility());
        const sum = sticks.reduce((all, element) => all + element.getBoundingClientRect().height, 0);
        return sum > innerHeight / 2 ? [`${sum} of ${innerHeight} pixels are taken by what sticks to the edges`] : [];
      });
      await page.screenshot({ path: `${PICTURES}/zoom-${zoom}-${stage}.png`, fullPage: true });
      return [...await wide(page), ...await cut(page), ...stuck];
    }));
    await page.context().close();
  });
}

for (const width of [1280, 360]) {
  test(`text that is set wider fits ${width} pixels, and so do targets, and the page from right to left`, async () => {
    const page = await full({ viewport: { width, height: 900 } });
    // What the guidelines ask of text that its reader spaces out.
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }');
      document.adoptedStyleSheets = [sheet];
    });
    none(await everywhere(page, async (stage) => {
      await page.screenshot({ path: `${PICTURES}/spaced-${width}-${stage}.png`, fullPage: true });
      return [...await wide(page), ...await cut(page)];
    }));
    await page.evaluate(() => {
      document.adoptedStyleSheets = [];
    });
    // Tokens of a text stand in its lines, as wide as they are written; all else has room for a finger.
    none(await everywhere(page, () => page.evaluate(() => {
      const small = [];
      for (const element of document.querySelectorAll('a[href], button, select, input, textarea, summary, [role=option]')) {
        if (!element.checkVisibility() || element.matches('[hidden], option') || element.closest('p a')) continue;
        // The words beside a choice belong to it.
        const { width, height } = (element.matches('[type=radio], [type=checkbox]') ? element.closest('label') : element).getBoundingClientRect();
        if (height < 23.99 || (width < 23.99 && !element.matches('#strip [role=option]'))) small.push(`${element.outerHTML.slice(0, 90)} is ${width} by ${height}`);
      }
      return small;
    })));
    await page.evaluate(() => {
      document.documentElement.dir = 'rtl';
    });
    none(await everywhere(page, async (stage) => {
      await page.screenshot({ path: `${PICTURES}/rtl-${width}-${stage}.png`, fullPage: true });
      return [...await wide(page), ...await cut(page)];
    }));
    await page.context().close();
  });
}

/** A catalogue whose words are longer, and whose signs stay as they are. */
const longer = (strings) => Object.fromEntries(Object.entries(strings).map(([key, string]) => {
  const words = string.replace(/\{\w+\}/g, '');
  return [key, /\p{L}/u.test(words) ? `[${string} ${'ëxtra '.repeat(Math.ceil((words.length * 0.4) / 6))}]` : string];
}));

for (const width of [1280, 800, 360]) {
  test(`strings that are longer by two fifths fit ${width} pixels in every stage`, async () => {
    const strings = JSON.stringify(longer(await catalogue('en')));
    const page = await full({ viewport: { width, height: 900 }, instead: { '**/words/en.json': strings, '**/words/story.en.json': strings } });
    await control(page, 'tour').click();
    await page.locator('#tour h2').filter({ hasText: /^\[.*\]$/ }).waitFor();
    await control(page, 'share').click();
    none(await everywhere(page, async (stage) => {
      assert.match(await page.locator(`[data-stage=${stage}]`).textContent(), /^\[.*\]$/);
      await page.screenshot({ path: `${PICTURES}/longer-${width}-${stage}.png`, fullPage: true });
      return [...await wide(page), ...await cut(page)];
    }));
    await page.context().close();
  });
}

test('without scripts the page says what it needs, in both languages', async () => {
  const page = await built.open('', { javaScriptEnabled: false });
  const notices = page.locator('noscript p');
  assert.equal(await notices.nth(1).getAttribute('lang'), 'zh-Hans');
  assert.match(await notices.nth(0).innerText(), /needs JavaScript and WebAssembly/);
  assert.match(await notices.nth(1).innerText(), /需要 JavaScript 和 WebAssembly/);
  assert.ok(await notices.nth(0).isVisible() && await notices.nth(1).isVisible());
  await page.context().close();
});
