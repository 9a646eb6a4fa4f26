// The page's side of the worker that owns the engine: what is asked of it, and who hears what it answers.

/** What hears the answers to a question: for a text each token and then the text, for all others one; null where nothing will
 * answer, because it was `refused` or because who could is gone.
 * @typedef {(answer: any, refused?: boolean) => void} Heard */

class Client {
  /** @type {Worker | undefined} */
  worker;
  /** Who hears an event, by its name; those who began to listen first come first.
   * @type {Map<string, ((told: any) => void)[]>} */
  hearers = new Map();
  /** What is done once all have heard an event.
   * @type {(() => void)[]} */
  afterwards = [];
  /** What hears the answer, by the number of the question.
   * @type {Map<number, Heard>} */
  questions = new Map();
  /** The number of the last question. */
  last = 0;

  /** Starts the worker. Whoever hears what it tells first listens by now. */
  start() {
    this.worker = new Worker(new URL('worker.js', document.baseURI), { type: 'module' });
    this.worker.addEventListener('message', ({ data }) => this.take(data));
    this.worker.addEventListener('error', ({ message = '' }) => this.take([{ event: 'error', message, fatal: true }]));
  }

  /** Calls the worker; what it leads to comes as events.
   * @type {Told.Call} */
  call(name, values = undefined) {
    this.worker?.postMessage({ call: name, ...values });
  }

  /** Sends the run a command of the engine's.
   * @type {Told.Send} */
  send(command) {
    this.call('send', { command });
  }

  /** Asks the worker a question, whose number the answers carry; returns that number.
   * @template {keyof Told.Calls} Name
   * @param {Name} name
   * @param {Told.Calls[Name]} values
   * @param {Heard} heard */
  ask(name, values, heard) {
    this.last += 1;
    this.questions.set(this.last, heard);
    this.worker?.postMessage({ call: name, ...values, question: this.last });
    return this.last;
  }

  /** Nothing answers these questions any more, or nobody wants to know.
   * @param {number[]} questions
   * @param {boolean} [refused] */
  drop(questions, refused = false) {
    for (const question of questions) {
      const heard = this.questions.get(question);
      this.questions.delete(question);
      heard?.(null, refused);
    }
  }

  /** Calls `hear` with each event of one of these names; `steps` are all steps that came at once.
   * @template {keyof Told.Heard & string} Name
   * @param {Name[]} names
   * @param {(told: Told.Heard[Name]) => void} hear */
  on(names, hear) {
    for (const name of names) this.hearers.set(name, [...(this.hearers.get(name) ?? []), hear]);
  }

  /** Calls `act` whenever all have heard an event.
   * @param {() => void} act */
  after(act) {
    this.afterwards.push(act);
  }

  /** Takes what the worker tells: steps first, and together.
   * @param {Told.Event[]} events */
  take(events) {
    const reports = events.filter((told) => told.event === 'step');
    if (reports.length > 0) this.tell('steps', reports);
    for (const told of events) {
      if (told.event === 'step') continue;
      // Of an engine in no known state nobody gets an answer.
      if (told.event === 'error' && told.fatal) this.drop([...this.questions.keys()]);
      if (told.event === 'unanswered') this.drop(told.questions);
      else if (told.question === undefined || this.answer(told, told.question)) this.tell(told.event, told);
    }
  }

  /** Hands an answer to whoever asked; says whether it was still waited for.
   * @param {Told.Event} told
   * @param {number} question */
  answer(told, question) {
    const heard = this.questions.get(question);
    if (told.event === 'error') {
      // What is refused is told to everybody.
      this.drop([question], true);
      return true;
    }
    if (told.event !== 'token') this.questions.delete(question);
    heard?.(told);
    return heard !== undefined;
  }

  /** @param {string} name
   * @param {any} told */
  tell(name, told) {
    for (const hear of this.hearers.get(name) ?? []) hear(told);
    for (const act of this.afterwards) act();
  }
}

export const engine = new Client();
