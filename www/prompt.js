// The prompt: one field, shared by all stages that ask the model something.

import { selection } from './selection.js';
import { text } from './text.js';

/** Keeps the selection's prompt as it is typed in `area`; until somebody types, it is an example in the page's language. */
export class Prompt {
  constructor(area) {
    this.area = area;
    this.exemplary = '';
    area.addEventListener('input', () => selection.set({ prompt: area.value }));
    document.addEventListener('languagechange', () => this.example());
    this.example();
  }

  /** Takes a prompt that nobody typed here. */
  write(prompt) {
    this.area.value = prompt;
    selection.set({ prompt });
  }

  example() {
    const example = text('prompt.example');
    if (this.area.value === this.exemplary) this.area.value = example;
    this.exemplary = example;
    selection.set({ prompt: this.area.value });
  }
}
