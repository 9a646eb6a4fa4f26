// The form that asks the model for a text.

import { engine } from '../../engine/client.js';
import { selection } from '../../figure/selection.js';
import { named, text } from '../../words/language.js';
import { Unreadable } from '../../shell/settings.js';
import { refuse } from '../../shell/status.js';

const FIELDS = ['max_tokens', 'temperature', 'top_k', 'top_p', 'seed'];

/** Calls `generate` with a command of the engine's, or says why there is none. */
export class Generate {
  /** @type {Messages.Defaults['generate'] | undefined} */
  defaults;

  /** @param {HTMLFormElement} form
   * @param {HTMLTextAreaElement} prompt
   * @param {(command: Messages.Generate) => void} generate */
  constructor(form, prompt, generate) {
    this.inputs = new Map(FIELDS.map((name) => {
      const label = document.createElement('label');
      label.className = 'field';
      const title = document.createElement('span');
      named(title, `generate.${name}`);
      const input = Object.assign(document.createElement('input'), { name, type: 'text', inputMode: 'decimal', autocomplete: 'off' });
      label.append(title, input);
      form.querySelector('#generate-fields').append(label);
      return [name, input];
    }));
    document.addEventListener('languagechange', () => this.offer(this.defaults));
    engine.on(['loaded'], ({ generate: defaults }) => this.offer(defaults));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      try {
        generate(this.command());
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        refuse(error);
      }
    });
    // Where the form is seen Enter asks, as in a chat; Shift+Enter begins a line.
    prompt.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !form.checkVisibility()) return;
      event.preventDefault();
      form.requestSubmit();
    });
  }

  /** The engine's defaults.
   * @param {Messages.Defaults['generate'] | undefined} defaults */
  offer(defaults) {
    this.defaults = defaults;
    if (!defaults) return;
    for (const [name, input] of this.inputs) input.placeholder = String(/** @type {Record<string, any>} */ (defaults)[name] ?? text('generate.all'));
  }

  /** @returns {Messages.Generate} */
  command() {
    const values = /** @type {Record<string, any>} */ ({ ...this.defaults });
    for (const [name, input] of this.inputs) {
      const written = input.value.trim();
      if (written === '') continue;
      values[name] = Number(written);
      const whole = name !== 'temperature' && name !== 'top_p';
      if (!Number.isFinite(values[name]) || values[name] < 0 || (whole && !Number.isSafeInteger(values[name]))) {
        throw new Unreadable(() => text(whole ? 'setting.whole' : 'setting.number', { name: text(`generate.${name}`), found: written }));
      }
    }
    const { max_tokens, ...sampling } = /** @type {Messages.Defaults['generate']} */ (values);
    return { command: 'generate', prompt: selection.prompt, max_tokens, sampling, ignore_end: false, given: [], at: selection.step };
  }
}
