// What the page owes to those who do not see it or do not point: of every stage, in both themes and at two widths, as it opens
// and while it trains. axe says what it can; what it passes over is asked here: whether pictures are told in words, and whether
// all that can be clicked can be reached by key and has a name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURES, STAGES, axe, control, enter, lab, metric, none, ready, says, train, until, wide } from './page.mjs';

const built = lab();

/** Runs before the page's own scripts: keeps who listens to clicks and keys. */
function listen() {
  const heard = new Map();
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function hear(type, listener, ...rest) {
    if (this instanceof Element && /^(click|dblclick|auxclick|mouse(down|up)|pointer(down|up)|touch(start|end)|key(down|up|press))$/.test(type)) {
      if (!heard.has(this)) heard.set(this, []);
      heard.get(this).push({ type, listener });
    }
    return addEventListener.call(this, type, listener, ...rest);
  };
  globalThis.heard = heard;
}

/** Faults of what is seen of the page: of pictures, figures and controls. Needs axe, for roles and names. */
const seen = (page) => page.evaluate(() => {
  const { axe } = globalThis;
  const faults = [];
  const told = (element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 120);
  const fault = (element, what) => faults.push(`${told(element)}: ${what}`);
  const words = (element) => element?.textContent.trim() ?? '';
  axe.setup(document);
  const role = (element) => axe.commons.aria.getRole(element);
  const name = (element) => axe.commons.text.accessibleText(element).trim();
  const shown = (selector) => [...document.querySelectorAll(selector)]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('[aria-hidden=true]'));

  for (const picture of shown('canvas, svg')) {
    if (!role(picture) || ['none', 'presentation'].includes(role(picture))) fault(picture, 'it has no role');
    if (!name(picture)) fault(picture, 'it has no name');
    const named = ['aria-details', 'aria-describedby'].flatMap((attribute) => (picture.getAttribute(attribute) ?? '').split(/\s+/).filter(Boolean));
    for (const id of named) if (!words(document.getElementById(id))) fault(picture, `#${id}, which tells of it, is empty`);
    if (named.length > 0) continue;
    const figure = picture.closest('figure');
    const parts = [...(figure?.querySelectorAll('figcaption, table tbody, ol, ul') ?? [])].filter((part) => part.checkVisibility());
    if (!parts.some(words)) fault(picture, 'nothing tells of it in words');
  }

  for (const figure of shown('figure')) {
    if (role(figure) !== 'figure') fault(figure, `its role is ${role(figure)}`);
    if (!name(figure)) fault(figure, 'it has no name');
    if (!words(figure.querySelector('figcaption'))) fault(figure, 'it has no sentence');
    if (!figure.dataset.figure) fault(figure, 'it does not say which figure it is');
    for (const key of ['tensor', 'shape', 'step', 'run']) if (!figure.dataset[key]) fault(figure, `it does not say its ${key}`);
    for (const table of figure.querySelectorAll('table')) {
      if (table.checkVisibility() && ![...table.querySelectorAll('th')].every((head) => head.scope)) fault(table, 'its heads do not say of what they are');
    }
  }

  // The same of all that is a control by its nature or its role: no listener need be its own.
  for (const element of shown('a[href], button, input, select, textarea, summary, [tabindex], [role=button], [role=option], [role=tab], [role=slider], [role=gridcell][tabindex]')) {
    if (!role(element) || /^(generic|none|presentation)$/.test(role(element))) {
      if (element.localName !== 'summary') fault(element, 'it is reached by key and has no role');
    }
    if (!name(element)) fault(element, 'it is reached by key and has no name');
    if (element.tabIndex >= 0 || element.disabled || element.getAttribute('aria-disabled') === 'true') continue;
    // One of several that share a place in the order of keys: arrows lead to it from the one that has the place.
    const group = element.parentElement.closest('[role=listbox], [role=tablist], [role=group], [role=grid], [role=radiogroup], [role=toolbar], [role=tree], tbody');
    if (![group, element.parentElement].some((around) => around?.querySelector('[tabindex="0"]'))) fault(element, 'no key leads to it');
  }
  axe.teardown();
  return faults;
});

/** Faults of what is clicked: what listens to clicks takes the focus itself, or else a click is tried on every kind of element
 * within, and where that does anything, there is to be something that takes the focus. All of it has a role and a name. */
const tried = (page) => page.evaluate(() => {
  const { axe, heard } = globalThis;
  const faults = new Set();
  const told = (element) => element.outerHTML.replace(/\s+/g, ' ').slice(0, 80);
  const visible = (element) => element.isConnected && element.checkVisibility({ visibilityProperty: true });
  const focusable = (element) => element.matches('a[href], button, input, select, textarea, summary, [tabindex]') && !element.disabled;
  const COMPOSITES = ['listbox', 'tablist', 'group', 'grid', 'radiogroup', 'toolbar', 'tree'];

  /** Whether `listener` does anything when it hears a click on `target`: changes the page, or sets something going. */
  const acts = (place, { type, listener }, target) => {
    let done = 0;
    const spied = [
      [Worker.prototype, 'postMessage'], [globalThis, 'setTimeout'], [globalThis, 'requestAnimationFrame'], [history, 'replaceState'],
      [HTMLElement.prototype, 'click'], [HTMLElement.prototype, 'focus'],
    ].map(([owner, name]) => {
      const own = owner[name];
      owner[name] = function spy(...given) {
        done += 1;
        return own.apply(this, given);
      };
      return () => { owner[name] = own; };
    });
    const watcher = new MutationObserver(() => {});
    watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    const { x, y, width, height } = target.getBoundingClientRect();
    const event = new PointerEvent(type, { bubbles: true, cancelable: true, clientX: x + width / 2, clientY: y + height / 2 });
    Object.defineProperties(event, { target: { value: target }, currentTarget: { value: place } });
    try {
      listener.call(place, event);
    } finally {
      for (const back of spied) back();
    }
    return done > 0 || watcher.takeRecords().length > 0;
  };

  let many = 0;
  axe.setup(document);
  const judge = (element) => {
    many += 1;
    if (!axe.utils.getNodeFromTree(element)) {
      axe.teardown();
      axe.setup(document);
    }
    const role = axe.commons.aria.getRole(element);
    if (!role || /^(generic|none|presentation)$/.test(role)) faults.add(`${told(element)} is clicked and has no role`);
    if (!axe.commons.text.accessibleText(element).trim()) faults.add(`${told(element)} is clicked and has no name`);
  };
  for (const [place, listeners] of [...heard]) {
    if (!visible(place)) continue;
    if (listeners.some(({ type }) => type.startsWith('key')) && ![place, ...place.querySelectorAll('*')].some((element) => focusable(element) && visible(element))) {
      // A list that is empty has nothing to focus.
      if (place.childElementCount > 0) faults.add(`${told(place)} listens to keys, and nothing in it is focused`);
    }
    for (const heeded of listeners.filter(({ type }) => !type.startsWith('key'))) {
      if (focusable(place)) {
        judge(place);
        continue;
      }
      // One of each kind is enough.
      const kinds = new Map([place, ...place.querySelectorAll('*')].filter(visible).map((element) => [
        `${element.localName} ${element.parentElement.localName} ${element.className.baseVal ?? element.className} ${element.getAttribute('role')}`, element,
      ]));
      for (const target of kinds.values()) {
        // What the try before took away is not there to be clicked.
        if (!visible(target) || target.closest(':disabled')) continue;
        let holder = target;
        while (holder !== place && !focusable(holder)) holder = holder.parentElement;
        if (focusable(holder)) judge(holder);
        else if (!acts(place, heeded, target)) continue;
        else if (!(target === place && COMPOSITES.includes(place.getAttribute('role')) && [...place.querySelectorAll('*')].some(focusable))) {
          // A click beside the items of a list may let go of what was kept: Escape does the same.
          faults.add(`${told(target)} does something when it is clicked (${heeded.type} at ${told(place)}), and is not reached by key`);
        }
      }
    }
  }
  axe.teardown();
  for (const element of document.querySelectorAll('*')) {
    for (const type of ['onclick', 'onpointerdown', 'onpointerup', 'onmousedown', 'onkeydown']) if (element[type]) faults.add(`${told(element)} has ${type}`);
  }
  return { faults: [...faults], many };
});

/** Opens in a stage what is folded away, and fills what is empty. */
const FILL = {
  async data() {},
  async tokenizer(page) {
    await control(page, 'merge-step').click();
    await page.locator('[data-figure=merges] figcaption').filter({ hasText: 'Merge ' }).waitFor();
    await page.locator('#strip .tokens [role=option]').nth(3).click();
    await page.locator('#strip .tree').first().waitFor();
  },
  async train() {},
  async inspect(page) {
    await page.locator('#attention .term').click();
  },
  async generate(page) {
    await page.locator('#generate [name=max_tokens]').fill('12');
    await control(page, 'generate').click();
    await page.locator('#writing .chips button').nth(11).waitFor();
    await page.locator('#writing .chips button').nth(4).click();
  },
};

/** Goes through all stages in both themes, and gives what `look` finds in them; those that are to be full are filled first. */
async function walk(page, look, full = false) {
  const found = [];
  for (const stage of STAGES) {
    await enter(page, stage);
    if (full) {
      await FILL[stage](page);
      await page.locator('details').evaluateAll((all) => all.filter((details) => details.checkVisibility()).forEach((details) => {
        details.open = true;
      }));
    }
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await look(stage, colorScheme)).map((fault) => `${stage}, ${colorScheme}: ${fault}`));
    }
  }
  return found;
}

for (const width of [1280, 360]) {
  test(`every stage keeps the contract, at ${width} pixels, as it opens, while it trains, and paused`, async (t) => {
    const page = await built.open('?device=cpu', { first: listen, viewport: { width, height: 900 } });
    await ready(page);
    /** Everything but what has to be tried on a page that stands still. */
    const look = (state) => async (stage, colorScheme) => {
      const faults = [...await axe(page), ...await seen(page), ...await wide(page)];
      if (state === 'idle') await page.screenshot({ path: `${PICTURES}/${stage}-${colorScheme}-${width}.png`, fullPage: true });
      return faults;
    };
    await t.test('as it opens', async () => {
      none(await walk(page, look('idle'), true));
    });
    await t.test('while it trains', async () => {
      await train(page);
      const from = await metric(page, 'step');
      none(await walk(page, look('training')));
      // It did train meanwhile, and does still.
      await until(page, 'step', 'at least', from + 10);
    });
    await t.test('all that is clicked is reached by key, has a role and a name', async () => {
      await control(page, 'pause').click();
      await says(page, 'Paused');
      for (const stage of STAGES) {
        await enter(page, stage);
        await FILL[stage](page);
        const { faults, many } = await tried(page);
        none(faults.map((fault) => `${stage}: ${fault}`));
        assert.ok(many > 10, `${stage}: ${many} clicks were tried`);
      }
    });
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}
