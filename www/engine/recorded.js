// A recorded run: what the engine reported when it was made, replayed. It is what the page opens with: it needs neither GPU nor wasm.

/** Probabilities are recorded in 16 bits. */
const WHOLE = 65_535;

/** The recorded run on the built-in text `name`; null where it cannot be had: the page works without it.
 * @param {string} name */
export async function recorded(name) {
  try {
    const response = await fetch(new URL(`recorded/${name}.json`, document.baseURI));
    return response.ok ? new Recorded(name, await response.json()) : null;
  } catch {
    return null;
  }
}

/** What is in the file of a recorded run: the reports column by column, of each recorded step the look at the prompt, and what
 * the other stages open with.
 * @typedef {{
 *   ready: Messages.Ready, prompt: string, tokens: Messages.Piece[], layers: number, heads: number, tokens_per_step: number,
 *   steps: Record<string, number[]>, validation: [step: number, loss: number][], samples: Messages.Sample[],
 *   looks: (Pick<Messages.Looked, 'step' | 'entropy' | 'kept' | 'uniform' | 'picked'> & { attention: string, candidates: RecordedCandidate[] })[],
 *   writing: Omit<Messages.Generate, 'command' | 'prompt' | 'ignore_end' | 'given' | 'at'> & { tokens: RecordedToken[] },
 *   text: {
 *     read: Messages.Read & { documents: Messages.Document[] }, window: Messages.Window, merged: Messages.Merged, learnt: Messages.Learnt, tokens: Messages.Tokens,
 *   },
 * }} Recording */
/** @typedef {[id: number, text: string, rank: number, logit: number, probability: number, log_probability: number, reached: number]} RecordedCandidate */
/** @typedef {[id: number, piece: string, probability: number, rank: number, others: [id: number, text: string, probability: number][], text?: string]} RecordedToken */

class Recorded {
  /** @param {string} name
   * @param {Recording} data */
  constructor(name, data) {
    this.name = name;
    this.data = data;
    /** Its steps of which there are looks. */
    this.steps = data.looks.map(({ step }) => step);
    /** @type {Messages.Ready} */
    this.ready = { ...data.ready, run: 'recorded', uniform_loss: Math.log(data.ready.model.vocab) };
  }

  /** The steps of the run, as the engine reports them.
   * @returns {Messages.Report[]} */
  reports() {
    const { steps: columns, validation, tokens_per_step: tokens } = this.data;
    const measured = new Map(validation);
    return columns.loss.map((_, i) => ({
      .../** @type {any} */ (Object.fromEntries(Object.entries(columns).map(([key, values]) => [key, values[i]]))),
      step: i + 1,
      tokens: tokens * (i + 1),
      seconds_left: null,
      ...(measured.has(i + 1) ? { validation_loss: measured.get(i + 1) } : {}),
    }));
  }

  /** What the prompt showed after the last of the recorded steps that is not behind `at`; null is the last of all.
   * @param {number | null} [at]
   * @returns {Messages.Looked} */
  look(at = null) {
    const { tokens, layers, heads, looks, prompt, ready } = this.data;
    const found = looks.findLast(({ step }) => at === null || step <= at) ?? looks[0];
    const { attention, candidates, ...rest } = found;
    return {
      ...rest, prompt, tokens, layers, heads, run: 'recorded', vocab: ready.model.vocab,
      attention: unpacked(attention, layers * heads, tokens.length),
      candidates: candidates.map(([id, text, rank, logit, probability, log_probability, reached]) => ({
        // At temperature 1, with every token kept, all three are one.
        id, text, rank, logit, probability, log_probability, reached, tempered: probability, share: probability,
      })),
    };
  }

  /** Whether `command` asks for nothing but what was recorded.
   * @param {{ command: string } & Partial<Omit<Messages.Look, 'command'>>} request */
  knows({ command, prompt, factors, sampling, draw, anew }) {
    return command === 'look' && !anew && prompt === this.data.prompt && factors?.length === 0 && draw === 0
      && sampling?.temperature === 1 && sampling.top_k === null && sampling.top_p === 1;
  }

  /** The text that the stage Generate opens with, and how it was asked for.
   * @returns {{ step: number, request: Messages.Generate, tokens: Messages.Token[] }} */
  get writing() {
    const { tokens, ...request } = this.data.writing;
    const { step } = this.ready;
    return {
      step,
      request: { command: 'generate', prompt: this.data.prompt, ignore_end: false, given: [], at: null, ...request },
      tokens: tokens.map(([id, piece, probability, rank, others, text = piece], index) => ({
        index, step, piece: { id, text: piece }, text, probability, rank, candidates: others.map(([other, name, chance]) => /** @type {Messages.Candidate} */ ({ id: other, text: name, probability: chance })),
      })),
    };
  }

  /** What the stages before training open with. */
  get text() {
    const { read, window, merged, learnt, tokens } = this.data.text;
    const run = /** @type {const} */ ('recorded');
    return { read: { ...read, run }, window, merged: { ...merged, run }, learnt, tokens: { ...tokens, run } };
  }
}

/** The lower triangles of `heads` matrices of n by n, written as base64, as whole matrices.
 * @param {string} text
 * @param {number} heads
 * @param {number} n */
function unpacked(text, heads, n) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const numbers = new Uint16Array(bytes.buffer);
  const attention = new Float32Array(heads * n * n);
  let at = 0;
  for (let head = 0; head < heads; head += 1) {
    for (let row = 0; row < n; row += 1) {
      for (let column = 0; column <= row; column += 1) {
        attention[(head * n + row) * n + column] = numbers[at] / WHOLE;
        at += 1;
      }
    }
  }
  return attention;
}
