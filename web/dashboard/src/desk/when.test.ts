import { expect, it } from 'vitest';
import { momentOf, offersAt } from './when';

it('offers times in the zone of the reader, and the Monday that comes', () => {
  const now = new Date('2026-11-29T22:30:00Z'); // a Sunday, 23:30 in Berlin
  expect(offersAt(now, 'Europe/Berlin')).toEqual({
    hour: '2026-11-29T23:30:00.000Z',
    tomorrow: '2026-11-30T08:00:00.000Z',
    monday: '2026-11-30T08:00:00.000Z',
  });
  expect(offersAt(new Date('2026-11-30T10:00:00Z'), 'Europe/Berlin').monday).toBe('2026-12-07T08:00:00.000Z');
});

it('reads a time in the zone of the reader, of the next 90 days only', () => {
  const now = new Date('2026-11-29T22:30:00Z');
  expect(momentOf('2026-12-01T08:15', 'Europe/Berlin', now)).toBe('2026-12-01T07:15:00.000Z');
  expect(momentOf('2026-11-29T08:15', 'Europe/Berlin', now)).toBeNull();
  expect(momentOf('2027-11-29T08:15', 'Europe/Berlin', now)).toBeNull();
  expect(momentOf('', 'Europe/Berlin', now)).toBeNull();
});
