// A static server for the built page: `node scripts/serve.mjs [FOLDER]`, on $PORT or the first free port from 8080.

import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.gz': 'application/gzip',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * Serves `folder` under the path `prefix` to this machine alone.
 * @returns {Promise<{address: string, close: () => Promise<void>}>} once it listens; port 0 takes any free one.
 */
export async function serve(folder, { port = 0, prefix = '/' } = {}) {
  const root = resolve(folder);
  const server = createServer(async (request, response) => {
    const refuse = (status) => response.writeHead(status, { 'content-type': 'text/plain' }).end(`${status}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
    let path;
    try {
      path = decodeURIComponent(new URL(request.url, 'http://host').pathname);
    } catch {
      return refuse(400);
    }
    if (!path.startsWith(prefix) || path.includes('\0')) return refuse(404);
    let file = normalize(join(root, path.slice(prefix.length)));
    if (file !== root && !file.startsWith(root + sep)) return refuse(404);
    if (path.endsWith('/')) file = join(file, 'index.html');
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) return refuse(404);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-length': found.size, 'cache-control': 'no-cache' });
    if (request.method === 'HEAD') return response.end();
    createReadStream(file).on('error', () => response.destroy()).pipe(response);
  });
  await new Promise((listening, failed) => server.once('error', failed).listen(port, '127.0.0.1', listening));
  const close = () => new Promise((closed) => {
    server.close(closed);
    server.closeAllConnections?.();
  });
  return { address: `http://127.0.0.1:${server.address().port}${prefix}`, close };
}

/** Serves on `port`, or on the first free one of the hundred after it. */
async function serveFrom(folder, port) {
  for (let next = port; ; next += 1) {
    try {
      return await serve(folder, { port: next });
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || next >= port + 100) throw error;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? 'dist';
  const port = process.env.PORT;
  if (!existsSync(join(folder, 'index.html'))) {
    console.error(`${folder} holds no index.html: run 'make dist' first`);
    process.exit(1);
  }
  try {
    const { address } = await (port ? serve(folder, { port: Number(port) }) : serveFrom(folder, 8080));
    console.log(`Glasshouse is at ${address} (Ctrl-C ends it)`);
  } catch (error) {
    console.error(`cannot listen: ${error.message}; free the port, or give another one with PORT=N`);
    process.exit(1);
  }
}
