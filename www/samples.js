// What the model wrote, the newest first, with white space that can be seen.

import { visible } from './glyphs.js';
import { selection } from './selection.js';
import { count, text } from './text.js';

/** The page keeps so many. */
const MOST = 200;

/** Shows samples in `list`, and `empty` while there are none. */
export class Samples {
  constructor(list, empty) {
    this.list = list;
    this.empty = empty;
    this.heads = new WeakMap();
    selection.on(['step'], () => this.mark());
    document.addEventListener('languagechange', () => {
      for (const { firstElementChild: head } of this.list.children) head.textContent = this.heads.get(head)();
    });
  }

  reset() {
    this.list.replaceChildren();
    this.empty.hidden = false;
  }

  /** @param {Told.Sample} sample */
  add({ step, prompt, text: continuation, ids }) {
    const item = document.createElement('li');
    item.dataset.step = String(step);
    const head = document.createElement('p');
    head.className = 'sample-head';
    const facts = () => [
      text('sample.step', { step: count(step) }),
      text('sample.tokens', { count: count(ids.length) }),
      ...(prompt ? [text('sample.prompt')] : []),
    ].join(' · ');
    this.heads.set(head, facts);
    head.textContent = facts();
    const body = document.createElement('p');
    body.className = 'sample';
    body.dir = 'auto';
    if (prompt) {
      const before = document.createElement('span');
      before.className = 'sample-prompt';
      visible(prompt, before);
      body.append(before);
    }
    const after = document.createElement('span');
    after.className = 'sample-text';
    visible(continuation, after);
    body.append(after);
    item.append(head, body);
    this.list.prepend(item);
    this.empty.hidden = true;
    if (this.list.childElementCount > MOST) this.list.lastElementChild.remove();
    this.mark();
  }

  /** Marks what was written at the step that is looked at, or last before it. */
  mark() {
    const { step } = selection;
    const items = [...this.list.children];
    const before = items.filter((item) => step !== null && Number(item.dataset.step) <= step);
    const newest = before.reduce((best, item) => (best && Number(best.dataset.step) >= Number(item.dataset.step) ? best : item), null);
    for (const item of items) {
      if (item === newest) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
    }
  }
}
