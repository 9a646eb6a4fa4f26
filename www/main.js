// The page: puts its views together, and starts the worker that they listen to.

import { finder } from './figure/caption.js';
import { engine } from './engine/client.js';
import { Enlarge } from './figure/enlarge.js';
import { ChosenText } from './shell/chosen-text.js';
import { Controls } from './shell/controls.js';
import { dock } from './shell/docking.js';
import { take_files } from './shell/drop.js';
import { glossary } from './shell/glossary.js';
import { Hidden } from './shell/hidden-tab.js';
import { Inspector } from './shell/inspector.js';
import { Link } from './shell/link.js';
import { Machine } from './shell/machine.js';
import { Prompt } from './shell/prompt.js';
import { RunSummary } from './shell/run-summary.js';
import { SavedRuns } from './shell/saved-runs.js';
import { Settings } from './shell/settings.js';
import { Share } from './shell/share.js';
import { Stages } from './shell/stages.js';
import { Status, say_error } from './shell/status.js';
import { Timeline } from './shell/timeline.js';
import { Tour } from './shell/tour.js';
import { Cleaning } from './stages/data/cleaning.js';
import { Data } from './stages/data/documents.js';
import { Generate } from './stages/generate/form.js';
import { Writing } from './stages/generate/writing.js';
import { Inspect } from './stages/inspect/attention.js';
import { Comparison } from './stages/inspect/comparison.js';
import { Pass } from './stages/inspect/forward-pass.js';
import { Next } from './stages/inspect/next-token.js';
import { Merges } from './stages/tokenizer/merges.js';
import { Strip } from './stages/tokenizer/tokens.js';
import { Log } from './stages/train/log.js';
import { Metrics } from './stages/train/metrics.js';
import { Samples } from './stages/train/samples.js';
import { Slow } from './stages/train/slow-motion.js';
import { Update } from './stages/train/update.js';
import { fetch_others, language, set_language, show_language } from './words/language.js';

await show_language();
dock();

const find = finder(document);

// Whoever stands first hears first: what counts stands in front of what shows it, and sentences about all of it stand last.
const settings = new Settings(find('#settings'));
const chosen = new ChosenText(settings);
const typed = new Prompt(find('#prompt'));
const metrics = new Metrics(find('#metrics'), find('#loss'), find('#view'));
new Log(find('#log'));
const timeline = new Timeline(find('#timeline'));
new Samples(find('#samples'), find('#samples-empty'), (step) => metrics.measured(step));
const large = new Enlarge(find('#view'));
new Inspect(find('#attention'), new Next(find('#next')));
new Pass(find('#pass'));
new Comparison(find('#comparison'), timeline);
const writing = new Writing(find('#writing'), find('#generate'));
new Generate(find('#generate'), typed.area, (command) => writing.ask(command));
new Data(find('#documents'), find('#stream'), chosen);
const cleaning = new Cleaning(find('#cleaning'), find('[data-input=tokenizer]'));
new Merges(find('#merges'), settings, chosen);
new Strip(find('#strip'), chosen);
new Slow(find('#slow'));
new Update(find('#update'), find('#attention-change'));
const hidden = new Hidden(find('#hidden'));
new Machine(find('#machine'), find('#device'), settings);
new SavedRuns(find('#kept'), find('#kept-offer'), settings);
new RunSummary();
const stages = new Stages(find('.stages'));
const link = new Link(settings, stages, typed, timeline);
new Status();
new Controls(settings, hidden, timeline);
new Share(find('[data-action=share]'), find('#share'), settings);
new Inspector(find('#inspector'), { step: (step) => timeline.words(step ?? timeline.last), back: () => large.close() });
new Tour(find('#tour'), find('[data-action=tour]'), (stage) => stages.open(stage));
take_files(settings, (files) => cleaning.begin(files));
glossary(find('.glossary dl'));

engine.start();
link.take();
stages.follow();
settings.record();

const languages = find('[data-action=language]');
languages.value = language();
languages.addEventListener('change', () => {
  set_language(languages.value).catch(() => {
    languages.value = language();
    say_error('language.failed');
  });
});
fetch_others();

// On a small screen the settings fold away, so that what happens is seen first.
if (matchMedia('(max-width: 900px)').matches) find('#settings-details').removeAttribute('open');
