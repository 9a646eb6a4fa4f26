// What page and worker tell each other. The engine's part of it comes out of src/engine/protocol/, as types/protocol.d.ts; here
// stands what the two add to that, and what they tell besides. No code is made of this: `make lint` and `make test` hold www/ to it.

import type * as Engine from './protocol';

declare global { namespace Messages {
  /** Whose a figure is: of the run in this tab, of the recorded run, or computed from the recorded weights. */
  type Source = 'live' | 'recorded' | 'derived';
  /** An event of the engine, by its name. */
  type Event_<Name extends Engine.Event['event']> = Omit<Extract<Engine.Event, { event: Name }>, 'event'>;
  /** A command to the engine, by its name. */
  type Command_<Name extends Engine.Command['command']> = Extract<Engine.Command, { command: Name }>;
  type State = Engine.State;
  type Piece = Engine.Piece;
  type Candidate = Engine.Candidate;
  type Sampling = Engine.Sampling;
  /** How the next token is chosen, and by which draw. */
  interface Choice { sampling: Sampling; draw: number }
  /** What a choice makes of a row of logits: by rank, and `cumulative` in the order of ids. */
  interface Distribution {
    kept: number; kept_by_k: number; kept_by_p: number; uniform: number; picked: number; ranked: Uint32Array;
    tempered: Float64Array; reached: Float64Array; shares: Float64Array; cumulative: Float64Array;
  }
  type Model = Engine.ModelConfig;
  type Train = Engine.TrainConfig;
  /** What a run is told; what is left out is the preset's. A form has its choices as text. */
  interface Settings extends Omit<Engine.Settings, 'preset' | 'schedule'> { preset?: string; schedule?: string }
  interface Preset { name: string; model: Model; train: Train; vocab: Record<string, number>; merges: Record<string, number> }
  interface Defaults { presets: Preset[]; generate: { max_tokens: number } & Sampling }
  /** A file's name and what is in it. */
  interface File { name: string; bytes: Uint8Array<ArrayBuffer> }

  interface Report extends Event_<'step'> { smoothed: number; seconds_left: number | null }
  /** What a recorded run does not know. */
  type Losses = 'unigram_loss' | 'bigram_loss';
  interface Ready extends Omit<Event_<'ready'>, Losses>, Partial<Pick<Event_<'ready'>, Losses>> { uniform_loss: number; history: Report[]; run?: Source }
  type Snapshots = Event_<'snapshots'>;
  interface Token extends Event_<'token'> { run?: Source }
  type Words = 'words' | 'known_words';
  interface Sample extends Omit<Event_<'sample'>, Words>, Partial<Pick<Event_<'sample'>, Words>> { run?: Source }
  interface Looked extends Omit<Event_<'looked'>, 'attention' | 'logits'> {
    attention: Float32Array; logits?: Float32Array; run?: Source;
    /** Of a snapshot: the page adds it. */
    past?: boolean;
  }
  /** A part of a step in slow motion. */
  type Part = Event_<'part'>;
  type Spread = Engine.Spread;
  /** A stop of a forward pass, and what it is computed from: other stops, or parameters by their names. */
  type Station = Engine.Station;
  /** A number, and what stands in its formula, looked up by name. */
  interface Cell extends Omit<Engine.Cell, 'parts'> { parts: { formula: string; [part: string]: any } }
  interface Traced extends Omit<Event_<'traced'>, 'values' | 'cell'> { values: Float32Array; cell?: Cell | null; run?: Source; past?: boolean }
  type Standing = Engine.Standing;
  type Shift = Engine.Shift;
  type Rest = Engine.Rest;
  type HeadShift = Engine.HeadShift;
  interface Updated extends Omit<Event_<'updated'>, 'attention_change'> { attention_change: Float32Array }

  interface Limits { max_binding: number; max_buffer: number; storage_buffers: number; workgroup_memory: number; workgroup_invocations: number; groups: number }
  interface Device {
    kind: 'cpu' | 'gpu'; name: string; reason: string; adapter?: string | null; threads?: number | null; instructions?: string | null;
    memory?: number | null; limits?: Limits | null;
  }
  type Estimate = Engine.Estimate;
  /** What settings come to, or why they come to nothing. */
  type Description = Engine.Description;

  interface Document { start: number; bytes: number; title: string }
  /** A character of a text and its bytes; a byte that is no UTF-8 has no text. */
  interface Character { text?: string | null; bytes: ArrayLike<number> & Iterable<number>; begins: boolean }
  interface Window { at: number; characters: Character[] }
  /** Some of a text's documents, from the one at `first` on. */
  interface Documents { first: number; documents: Document[] }
  /** A text, and how many documents it has. */
  interface Read { name: string; bytes: number; all: number; run?: Source }
  /** A rule of a stage: its threshold (none where it never fires), between which values that changes anything, and what falls by it. */
  interface Threshold {
    name: string; threshold?: number; default?: number; low: number; high: number; fires: 'above' | 'below' | 'needed'; documents: number | null;
    /** By the table of another language, where that has others. */
    other: { language: string; threshold?: number; default?: number } | null;
  }
  interface Counts { [name: string]: number }
  interface CleaningStage {
    name: string; documents_in: number; documents_out: number; bytes_in: number; bytes_out: number; tokens_in: number; tokens_out: number;
    reasons: Counts; lines?: Counts; replaced?: Counts; unjudged?: Counts; by?: string;
  }
  interface Fallen { document: number; title: string; reason: string; value: number; kept: boolean; of: string | null }
  /** What the cleaning pipeline makes of pages, of one stage what it takes out, and of one document the text. The tokens are `words`, or
   * those of a tokenizer. */
  interface Cleaned {
    name?: string; tokens: string; documents: number; kept: number; skipped: Counts; stages: CleaningStage[]; stage: string; settings: Threshold[]; dropped: Fallen[];
    excerpt?: { document: number; id: string; url: string | null; before: string; inside: string; after: string } | null;
  }
  /** What is looked at in the pipeline, and what is to change. */
  interface Sieve { stage: string | null; document?: number; set?: string; reset?: string; keep?: boolean; count?: string }
  interface Pair { left: number; right: number; left_text: string; right_text: string; count: number }
  interface Merge extends Pair { k: number; id: number; text: string; tokens: number }
  interface Merged { done: number; total: number; finished: boolean; tokens: number; bytes: number; merges: Merge[]; top: Pair[]; run?: Source }
  interface Segment { first: number; count: number; text: string }
  interface Tokens { ids: Uint32Array; starts: Uint32Array; segments: Segment[]; run?: Source }
  /** A token and the two that it was merged from; a byte, and what no merge makes, has none. */
  interface Tree { id: number; text: string; bytes: number[]; rank: number | null; left: Tree | null; right: Tree | null }
  /** Where the vocabulary of another model was taken from. */
  interface Package { registry: string; name: string; version: string; licence: string; author: string }
  interface Learnt { merges: number; sample: string }
  interface Vocabulary { name: string; loaded?: number; total?: number; failed?: string; source?: Package; merges?: number; vocab?: number }

  /** What a save is called in the list of saved runs. */
  interface Save { preset?: string | null; corpus: string; step: number; steps: number; loss?: number | null; parameters: number }
  interface SavedRun extends Save { id: string; bytes: number; saved: number; place: 'here' | 'elsewhere' | 'free' }
  interface SavedRuns { runs: SavedRun[]; most: number; refused?: string; gone?: Pick<Save, 'preset' | 'step'>[] }
  interface NotSaved { why: 'full' | 'refused' | 'failed'; message: string; step: number; again: boolean }

  /** Why a run was paused: which condition, its bound, what was found and at which step. */
  interface Stop { name: string; bound: number; found: number; step: number }
  /** What the worker answers, by name. */
  interface Events {
    loaded: Defaults; device: Device; described: Description; cleaned: Cleaned; cleaning: { done: number; total: number }; survivors: { bytes: Uint8Array<ArrayBuffer> }; read: Read; documents: Documents; window: Window; learnt: Learnt; merged: Merged; tokens: Tokens;
    tokenizer: { name: string; merges: number; vocab: number };
    vocabulary: Vocabulary;
    tree: { from: string; tree: Tree };
    begun: Event_<'begun'>; forgotten: Event_<'forgotten'>; stopped: Event_<'stopped'>;
    state: Event_<'state'>;
    preparing: Event_<'preparing'>;
    ready: Ready; step: Report; part: Part; snapshots: Snapshots; token: Token; sample: Sample; looked: Looked; traced: Traced; updated: Updated;
    pieces: Event_<'pieces'> & { run?: Source };
    update_kept: Event_<'update_kept'>;
    update_undone: Event_<'update_undone'>;
    saved: Event_<'saved'>;
    stop: Stop;
    archive: File;
    measured: Partial<Omit<Event_<'measured'>, 'settings'>> & { settings?: Settings };
    saved_runs: SavedRuns; not_saved: NotSaved;
    device_lost: Event_<'device_lost'>;
    recovered: Device;
    error: Event_<'error'> & { fatal?: boolean };
    /** The ids of questions that nothing will answer. */
    unanswered: { ids: number[] };
  }
  /** An event, with the id of the question that it answers, where it answers one. */
  type Event = { [Name in keyof Events]: { event: Name; id?: number } & Events[Name] }[keyof Events];
  /** What the page hears, by name: events, and of steps those that came at once. */
  type Heard = Omit<Events, 'step' | 'unanswered'> & { steps: Report[] };

  type Generate = Command_<'generate'>;
  interface Look extends Command_<'look'> {
    /** Whether what was recorded is not enough: the page sees to it. */
    anew?: boolean;
  }
  interface Measure extends Omit<Command_<'measure'>, 'settings'> { settings: Settings }
  interface Trace extends Omit<Command_<'trace'>, 'cell'> { cell: number[] | null }
  /** The engine's commands, but for those that carry a text or a save: the worker has these. */
  type Command = Exclude<Engine.Command, { command: 'train' | 'resume' | 'look' | 'trace' | 'measure' }> | Look | Trace | Measure;
  /** What a run is to stop at, by the names of engine/stops.js. */
  type Bounds = Record<string, number>;
  /** What the worker can be asked. */
  interface Calls {
    open: { device: string };
    describe: { settings: Settings; corpus: string };
    train: { settings: Settings; corpus: string; files: File[]; single: boolean; bounds: Bounds };
    read: { corpus: string; files: File[] };
    clean: { files: File[] | null };
    sieve: Sieve;
    clean_hand: {};
    documents: { first: number; count: number };
    window: { at: number; count: number };
    merge_begin: { merges: number };
    merge: { budget: number };
    tokenizer: File;
    vocabulary: { name: string };
    vocabulary_came: { name: string; file: string; bytes: Uint8Array<ArrayBuffer>; source: Package };
    tokens: { from: string; text: string; merges: number; special: string };
    tree: { from: string; id: number };
    send: { command: Command };
    derive: { name: string; step: number; command: Command };
    stops: { bounds: Bounds };
    download: {};
    resume: { bytes: Uint8Array<ArrayBuffer>; files: File[] };
    continue: { id: string; files: File[] };
    saved_runs: {};
    forget: { id: string };
    hand: { id: string };
    extend: { steps: number };
  }
  type Call = <Name extends keyof Calls>(...asked: {} extends Calls[Name] ? [name: Name] : [name: Name, values: Calls[Name]]) => void;
  type Send = (command: Command) => void;
  /** A call under way. */
  type Asked = { [Name in keyof Calls]: { call: Name } & Calls[Name] }[keyof Calls];
} }
