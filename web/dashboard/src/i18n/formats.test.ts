import { describe, expect, it } from 'vitest';
import { formats, largestUnit } from './formats';

describe('formats', () => {
  const en = formats('en-GB', 'Europe/Berlin');
  const de = formats('de-DE', 'Europe/Berlin');

  it('writes ISO 8601 durations in words, and leaves anything else as it is', () => {
    expect(en.period('P14D')).toBe('14 days');
    expect(en.period('PT1H30M')).toBe('1 hour 30 minutes');
    expect(de.period('P1W')).toBe('1 Woche');
    expect(en.period('P')).toBe('P');
    expect(en.period('soon')).toBe('soon');
  });

  it('writes times in the zone of the reader, and calendar dates in none', () => {
    const at = new Date('2026-06-30T23:30:00Z');
    expect(en.exact(at)).toContain('1 July 2026');
    expect(en.date('2026-06-30')).toBe('30 Jun 2026');
    expect(de.date('2026-06-30')).toBe('30.06.2026');
    expect(en.date('<b>')).toBe('<b>');
  });

  it('says how long something took with as much as matters', () => {
    expect(en.duration(0.85)).toBe('850ms');
    expect(en.duration(720)).toBe('12m');
    expect(en.duration(26 * 3600)).toBe('1d 2h');
    expect(en.duration(9 * 86_400 + 3600)).toBe('9d');
  });

  it('takes the largest unit that is filled', () => {
    expect(largestUnit(59)).toBeNull();
    expect(largestUnit(-3 * 3600)).toEqual(['hour', -3]);
    expect(largestUnit(40 * 86_400)).toEqual(['month', 1]);
  });
});
