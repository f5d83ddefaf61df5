import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { untilAborted } from './until-aborted.ts';

const never = () => new Promise<never>(() => {});
const interrupted = { code: 'interrupted', message: 'stopped', hint: expect.any(String) };

test('what listened at the signal is gone when the work ends, whichever way', async () => {
  const { signal } = new AbortController();
  expect(await untilAborted(signal, Promise.resolve(1), 'stopped')).toBe(1);
  await expect(untilAborted(signal, Promise.reject(new Error('no')), 'stopped')).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an interrupt ends the wait, at once where it came before', async () => {
  const controller = new AbortController();
  const waiting = untilAborted(controller.signal, never(), 'stopped');
  controller.abort();
  await expect(waiting).rejects.toMatchObject(interrupted);
  await expect(untilAborted(controller.signal, Promise.resolve(1), 'stopped')).rejects.toMatchObject(interrupted);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('without a signal there is only the work', async () => {
  expect(await untilAborted(undefined, Promise.resolve(1), 'stopped')).toBe(1);
});
