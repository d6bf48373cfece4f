import { expect, it } from 'vitest';
import { changedRules, outcomes } from './counts';

it('orders the outcomes alike on both sides, with those that only the draft has', () => {
  const found = outcomes({ matrix: { review: { review: 3, reject: 2 }, approve: { approve: 9, review: 1 } } });
  expect(found.names).toEqual(['approve', 'reject', 'review']);
  expect(found.rows.map((row) => [row.was, row.counts.map((one) => one.count)])).toEqual([
    ['approve', [9, 0, 1]],
    ['review', [0, 2, 3]],
  ]);
  expect(found.rows[1]?.counts.map((one) => one.flipped)).toEqual([true, true, false]);
});

it('names the rules that triggered more or less often, the largest change first', () => {
  const rules = [
    { rule: 'same', was: 4, is: 4 },
    { rule: 'less', was: 4, is: 1 },
    { rule: 'b', was: 0, is: 1 },
    { rule: 'a', was: 0, is: 1 },
  ];
  expect(changedRules({ rules }).map((one) => one.rule)).toEqual(['less', 'a', 'b']);
});
