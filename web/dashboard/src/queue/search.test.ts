import { describe, expect, it } from 'vitest';
import { filtersOf } from './search';

describe('snoozed cases', () => {
  it('are left out of one’s own open work', () => {
    expect(filtersOf({ assignee: 'me' }).snoozed).toBe('false');
    expect(filtersOf({}).snoozed).toBeUndefined();
    expect(filtersOf({ assignee: 'me', status: 'all' }).snoozed).toBeUndefined();
  });
  it.each([
    { overdue: true },
    { incident: true },
    { second_person: true },
    { escalated: true },
    { q: 'anna' },
  ] as const)('stay where %o is asked for: deadlines and incidents do not sleep', (filter) =>
    expect(filtersOf({ assignee: 'me', ...filter }).snoozed).toBeUndefined(),
  );
  it('are listed by themselves', () => {
    expect(filtersOf({ assignee: 'me', snoozed: true }).snoozed).toBe('true');
  });
});
