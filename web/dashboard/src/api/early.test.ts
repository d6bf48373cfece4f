import { expect, it, vi } from 'vitest';
import { callEarly, takeEarly } from './early';

const key = ['case', 'c1'];

it('takes the answer of an early call once, and calls again after that', async () => {
  callEarly(key, async () => 'early', 0);
  const call = vi.fn(async () => 'late');
  expect(await takeEarly(key, call, 10)).toBe('early');
  expect(call).not.toHaveBeenCalled();
  expect(await takeEarly(key, call, 10)).toBe('late');
});

it('calls again when the early call has failed, is too old, or was of something else', async () => {
  callEarly(key, () => Promise.reject(new Error('away')), 0);
  expect(await takeEarly(key, async () => 'late', 10)).toBe('late');
  callEarly(key, async () => 'early', 0);
  expect(await takeEarly(key, async () => 'late', 60_000)).toBe('late');
  callEarly(key, async () => 'early', 0);
  expect(await takeEarly(['case', 'c2'], async () => 'late', 10)).toBe('late');
});
