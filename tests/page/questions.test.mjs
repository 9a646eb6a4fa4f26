// Questions and their answers: each answer carries the id of its question, whoever asks hears it, and nobody else's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engine } from '../../www/engine/client.js';
import { Questions } from '../../www/worker/questions.js';

test('a question is under way until its answer has come, and a text until it is whole', () => {
  const questions = new Questions();
  for (const id of [1, 2, 3, 4, undefined]) questions.add(id);
  questions.settle({ event: 'traced', id: 3 });
  // A text comes token by token; a run shows samples of itself, too.
  questions.settle({ event: 'token', id: 2 });
  questions.settle({ event: 'sample', asked: false });
  // Updates that came to nothing are told as undone.
  questions.settle({ event: 'update_undone', why: 'not_finite', id: 4 });
  questions.settle({ event: 'update_undone', why: 'went_on' });
  assert.deepEqual(questions.drop(), [1, 2]);
  assert.deepEqual(questions.drop(), []);
  questions.add(5);
  questions.settle({ event: 'sample', asked: true, id: 5 });
  assert.deepEqual(questions.drop(), []);
});

test('the page hands an answer to whoever asked, and tells nobody of one that comes too late', () => {
  const sent = [];
  engine.worker = { postMessage: (message) => sent.push(message) };
  const heard = [];
  const ask = (name) => engine.ask('send', { command: { command: 'look' } }, (answer, refused = false) => heard.push([name, answer?.event ?? null, refused]));
  const told = [];
  engine.on(['looked', 'token', 'error', 'steps'], (event) => told.push(Array.isArray(event) ? event.length : event.event));
  engine.after(() => told.push('after'));
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(ask);
  assert.deepEqual(sent.map(({ command }) => command.id), [a, b, c, d]);
  engine.take([{ event: 'looked', id: b }, { event: 'step', step: 1 }, { event: 'token', id: a }, { event: 'step', step: 2 }, { event: 'token', id: a }]);
  assert.deepEqual(heard.splice(0), [['b', 'looked', false], ['a', 'token', false], ['a', 'token', false]]);
  assert.deepEqual(told.splice(0), [2, 'after', 'looked', 'after', 'token', 'after', 'token', 'after'], 'steps come first, and together');
  // What is refused is told to everybody, and its question is over; what a question is told twice is told once.
  engine.take([{ event: 'error', message: 'no', id: c }, { event: 'looked', id: c }, { event: 'looked', id: b }]);
  assert.deepEqual(heard.splice(0), [['c', null, true]]);
  assert.deepEqual(told.splice(0), ['error', 'after']);
  engine.take([{ event: 'unanswered', ids: [d] }, { event: 'looked', id: d }]);
  assert.deepEqual(heard.splice(0), [['d', null, false]]);
  // Of an engine in no known state nobody gets an answer.
  engine.take([{ event: 'error', message: 'trap', fatal: true }]);
  assert.deepEqual(heard.splice(0), [['a', null, false]]);
  assert.deepEqual(told.splice(0), ['error', 'after']);
});
