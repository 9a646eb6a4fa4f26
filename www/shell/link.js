// The address as it is when the page is opened, or another link in the same tab: what it says of the run, of the prompt and of the
// view, and what in it means nothing.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { address, note } from './address.js';
import { View } from './deep-link.js';
import { VIEW, hide } from './share.js';
import { say_error } from './status.js';

export class Link {
  /** The parts of the address that mean nothing, as they are written.
   * @type {string[]} */
  left_out = [];
  view = new View((parts) => this.unknown(parts));

  /** @param {import('./settings.js').Settings} settings
   * @param {import('./stages.js').Stages} stages
   * @param {import('./prompt.js').Prompt} typed
   * @param {import('./timeline.js').Timeline} timeline */
  constructor(settings, stages, typed, timeline) {
    this.settings = settings;
    this.stages = stages;
    this.typed = typed;
    this.timeline = timeline;
    engine.on(['loaded'], ({ presets }) => this.offer(presets));
    run.on(['shown'], () => this.arrive());
    addEventListener('hashchange', () => {
      this.left_out = [];
      this.take();
      if (!settings.record()) this.arrive();
      if (settings.presets.length > 0) this.offer(settings.presets);
    });
  }

  /** Takes what the address says, and says what in it means nothing. */
  take() {
    const { settings, stages, typed, view } = this;
    const said = address();
    const strange = [...said].filter(([key]) => ![...settings.keys, ...VIEW].includes(key));
    const foreign = strange.map(([key, value]) => `${key}=${value}`);
    // No link that is made from here on carries them.
    note(Object.fromEntries(strange.map(([key]) => [key, null])));
    const stage = said.get('stage');
    const nowhere = stage && !stages.has(stage) ? [`stage=${stage}`] : [];
    this.unknown([...nowhere, ...foreign, ...view.take(said), ...settings.from_address(said), ...hide().map((name) => `hide=${name}`)]);
    const prompt = said.get('prompt');
    if (prompt) typed.write(prompt);
    document.querySelector('#linked').hidden = !settings.keys.some((key) => said.has(key));
  }

  /** The presets are there: the address may name one that is not.
   * @param {Messages.Preset[]} presets */
  offer(presets) {
    this.unknown(this.settings.offer(presets));
    this.settings.changed();
  }

  /** Shows what the address says of the run that is there. */
  arrive() {
    if (run.shown) this.view.apply(run.shown.model, (step) => this.timeline.nearest(step));
  }

  /** Says which parts of the address were left out, beside those that were said already.
   * @param {string[]} parts */
  unknown(parts) {
    this.left_out = [...this.left_out, ...parts];
    if (parts.length > 0) say_error('link.bad', () => ({ parts: this.left_out.join(', ') }));
  }
}
