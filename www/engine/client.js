// The page's side of the worker that owns the engine: what is asked of it, and who hears what it answers.

/** What hears the answers to a question: for a text each token and then the text, for all others one; null where nothing will
 * answer, because it was `refused` or because who could is gone.
 * @typedef {(answer: any, refused?: boolean) => void} Heard */

class Client {
  /** @type {Worker | undefined} */
  worker;
  /** Who hears an event, by its name; those who began to listen first come first.
   * @type {Map<string, ((event: any) => void)[]>} */
  hearers = new Map();
  /** What is done once all have heard an event.
   * @type {(() => void)[]} */
  afterwards = [];
  /** What hears the answer, by the id of the question.
   * @type {Map<number, Heard>} */
  questions = new Map();
  /** The id of the last question. */
  last = 0;

  /** Starts the worker. Whoever hears what it tells first listens by now. */
  start() {
    this.worker = new Worker(new URL('worker.js', document.baseURI), { type: 'module' });
    this.worker.addEventListener('message', ({ data }) => this.take(data));
    this.worker.addEventListener('error', ({ message = '' }) => this.take([{ event: 'error', message, fatal: true }]));
  }

  /** Calls the worker; what it leads to comes as events.
   * @type {Messages.Call} */
  call(name, values = undefined) {
    this.worker?.postMessage({ call: name, ...values });
  }

  /** Sends the run a command of the engine's.
   * @type {Messages.Send} */
  send(command) {
    this.call('send', { command });
  }

  /** Asks a question of the run, or with `derive` of the recorded model; its answers carry the id that is returned.
   * @template {'send' | 'derive'} Name
   * @param {Name} name
   * @param {Messages.Calls[Name]} values
   * @param {Heard} heard */
  ask(name, values, heard) {
    this.last += 1;
    this.questions.set(this.last, heard);
    this.worker?.postMessage({ call: name, ...values, command: { ...values.command, id: this.last } });
    return this.last;
  }

  /** Nothing answers these questions any more, or nobody wants to know.
   * @param {number[]} ids
   * @param {boolean} [refused] */
  drop(ids, refused = false) {
    for (const id of ids) {
      const heard = this.questions.get(id);
      this.questions.delete(id);
      heard?.(null, refused);
    }
  }

  /** Calls `hear` with each event of one of these names; `steps` are all steps that came at once.
   * @template {keyof Messages.Heard & string} Name
   * @param {Name[]} names
   * @param {(event: Messages.Heard[Name]) => void} hear */
  on(names, hear) {
    for (const name of names) this.hearers.set(name, [...(this.hearers.get(name) ?? []), hear]);
  }

  /** Calls `act` whenever all have heard an event.
   * @param {() => void} act */
  after(act) {
    this.afterwards.push(act);
  }

  /** Takes what the worker tells: steps first, and together.
   * @param {Messages.Event[]} events */
  take(events) {
    const reports = events.filter((event) => event.event === 'step');
    if (reports.length > 0) this.tell('steps', reports);
    for (const event of events) {
      if (event.event === 'step') continue;
      // Of an engine in no known state nobody gets an answer.
      if (event.event === 'error' && event.fatal) this.drop([...this.questions.keys()]);
      if (event.event === 'unanswered') this.drop(event.ids);
      else if (event.id === undefined || this.answer(event, event.id)) this.tell(event.event, event);
    }
  }

  /** Hands an answer to whoever asked; says whether it was still waited for.
   * @param {Messages.Event} event
   * @param {number} id */
  answer(event, id) {
    const heard = this.questions.get(id);
    if (event.event === 'error') {
      // A refusal goes to every view.
      this.drop([id], true);
      return true;
    }
    if (event.event !== 'token') this.questions.delete(id);
    heard?.(event);
    return heard !== undefined;
  }

  /** @param {string} name
   * @param {any} event */
  tell(name, event) {
    for (const hear of this.hearers.get(name) ?? []) hear(event);
    for (const act of this.afterwards) act();
  }
}

export const engine = new Client();
