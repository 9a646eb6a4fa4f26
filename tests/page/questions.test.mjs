// Questions and their answers: each answer carries the number of its question, whoever asks hears it, and nobody else's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engine } from '../../www/engine/client.js';
import { Questions } from '../../www/worker/questions.js';

test('answers of one kind come in the order of their questions, and carry their numbers', () => {
  const questions = new Questions();
  for (const [i, name] of ['look', 'generate', 'trace', 'look', 'pause', 'generate', 'update'].entries()) questions.add(name, i + 1);
  // A look that nobody waits for is answered as well.
  questions.add('look', undefined);
  const numbered = (told) => {
    questions.answer(told);
    return told.question;
  };
  assert.equal(numbered({ event: 'traced' }), 3);
  assert.deepEqual([1, 2, 3].map(() => numbered({ event: 'looked' })), [1, 4, undefined]);
  assert.equal(numbered({ event: 'sample', asked: false }), undefined, 'a run shows samples of itself');
  assert.deepEqual([1, 2].map(() => numbered({ event: 'token' })), [2, 2]);
  assert.equal(numbered({ event: 'sample', asked: true }), 2);
  assert.equal(numbered({ event: 'token' }), 6);
  assert.equal(numbered({ event: 'update_undone', why: 'went_on' }), undefined);
  assert.equal(numbered({ event: 'update_undone', why: 'not_finite' }), 7);
  assert.deepEqual(questions.drop(), [6]);
  assert.equal(numbered({ event: 'sample', asked: true }), undefined);
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
  assert.deepEqual(sent.map(({ question }) => question), [a, b, c, d]);
  engine.take([{ event: 'looked', question: b }, { event: 'step', step: 1 }, { event: 'token', question: a }, { event: 'step', step: 2 }, { event: 'token', question: a }]);
  assert.deepEqual(heard.splice(0), [['b', 'looked', false], ['a', 'token', false], ['a', 'token', false]]);
  assert.deepEqual(told.splice(0), [2, 'after', 'looked', 'after', 'token', 'after', 'token', 'after'], 'steps come first, and together');
  // What is refused is told to everybody, and its question is over; what a question is told twice is told once.
  engine.take([{ event: 'error', message: 'no', question: c }, { event: 'looked', question: c }, { event: 'looked', question: b }]);
  assert.deepEqual(heard.splice(0), [['c', null, true]]);
  assert.deepEqual(told.splice(0), ['error', 'after']);
  engine.take([{ event: 'unanswered', questions: [d] }, { event: 'looked', question: d }]);
  assert.deepEqual(heard.splice(0), [['d', null, false]]);
  // Of an engine in no known state nobody gets an answer.
  engine.take([{ event: 'error', message: 'trap', fatal: true }]);
  assert.deepEqual(heard.splice(0), [['a', null, false]]);
  assert.deepEqual(told.splice(0), ['error', 'after']);
});
