import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { idleAfter, idleInterval, interval, watch } from './watch';

describe('a page that watches', () => {
  const look = vi.fn();
  let end = () => {};
  const show = (state: DocumentVisibilityState) => {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const looksWithin = (milliseconds: number) => {
    look.mockClear();
    vi.advanceTimersByTime(milliseconds);
    return look.mock.calls.length;
  };
  beforeEach(() => {
    vi.useFakeTimers();
    look.mockClear();
    end = watch(look);
  });
  afterEach(() => {
    end();
    vi.useRealTimers();
  });

  it('looks at once, and then at its interval', () => {
    expect(look).toHaveBeenCalledTimes(1);
    expect(looksWithin(interval - 1)).toBe(0);
    expect(looksWithin(1)).toBe(1);
    expect(looksWithin(60_000)).toBe(60_000 / interval);
  });
  it('looks less often once nothing was touched for a while', () => {
    vi.advanceTimersByTime(idleAfter);
    expect(looksWithin(10 * idleInterval)).toBe(10);
  });
  it('does not become idle while somebody uses it', () => {
    for (let minute = 0; minute < 5; minute++) {
      window.dispatchEvent(new Event('keydown'));
      expect(looksWithin(60_000)).toBe(60_000 / interval);
    }
  });
  it('looks at once when its idle reader moves, and as often as before', () => {
    vi.advanceTimersByTime(idleAfter + 1_000);
    look.mockClear();
    window.dispatchEvent(new Event('pointermove'));
    expect(look).toHaveBeenCalledTimes(1);
    expect(looksWithin(60_000)).toBe(60_000 / interval);
  });
  it('never looks while hidden, whatever is touched, and at once when shown', () => {
    show('hidden');
    expect(looksWithin(2 * idleAfter)).toBe(0);
    window.dispatchEvent(new Event('pointermove'));
    expect(looksWithin(60_000)).toBe(0);
    look.mockClear();
    show('visible');
    expect(look).toHaveBeenCalledTimes(1);
    expect(looksWithin(60_000)).toBe(60_000 / interval);
  });
  it('looks at most as often when it is shown and hidden in turn', () => {
    for (let turn = 0; turn < 5; turn++) {
      show('hidden');
      show('visible');
    }
    expect(looksWithin(60_000)).toBe(60_000 / interval);
  });
  it('ends', () => {
    end();
    window.dispatchEvent(new Event('keydown'));
    show('visible');
    expect(looksWithin(2 * idleAfter)).toBe(0);
  });
});
