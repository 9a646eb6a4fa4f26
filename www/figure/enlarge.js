// A figure takes the whole view, and gives it back: the same elements at another size, nothing over the others.

import { element } from './caption.js';
import { selection } from './selection.js';
import { text } from '../words/language.js';

/** Gives each figure of `view` a button. */
export class Enlarge {
  /** The figure that has the view.
   * @type {HTMLElement | null} */
  large = null;

  /** @param {HTMLElement} view */
  constructor(view) {
    this.view = view;
    this.buttons = [.../** @type {NodeListOf<HTMLElement>} */ (view.querySelectorAll('[data-figure]'))].map((figure) => {
      const button = element('button', 'enlarge');
      button.type = 'button';
      button.setAttribute('aria-pressed', 'false');
      button.addEventListener('click', () => this.show(figure.classList.contains('enlarged') ? null : figure));
      figure.querySelector('.chip').after(button);
      return { figure, button };
    });
    selection.on(['stage'], () => this.close());
    document.addEventListener('languagechange', () => this.name());
    this.name();
  }

  name() {
    for (const { figure, button } of this.buttons) {
      button.title = text('enlarge', { figure: figure.querySelector('h2 [data-text]').textContent });
      button.setAttribute('aria-label', button.title);
    }
  }

  /** Lets `figure` take the view; null gives it back to all. What was pressed stays in sight.
   * @param {HTMLElement | null} figure */
  show(figure) {
    const before = this.large;
    this.large = figure;
    for (const { figure: each, button } of this.buttons) {
      each.classList.toggle('enlarged', each === figure);
      button.setAttribute('aria-pressed', String(each === figure));
    }
    document.body.classList.toggle('large', figure !== null);
    (figure ?? before)?.scrollIntoView();
  }

  /** Gives the view back; says whether it was taken. */
  close() {
    const was = Boolean(this.large);
    if (was) this.show(null);
    return was;
  }
}
