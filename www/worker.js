// The worker: loads the engine off the page's thread.

import init from './glasshouse.js';

await init();
postMessage('The engine is loaded.');
