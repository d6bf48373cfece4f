import { expect, it } from 'vitest';
import type { Proposal } from '@/api';
import { linesOf } from './lines';
import { type Obstacle, optionsFor, waitingFor } from './standing';

const document: Proposal['documents'][number] = { kind: 'policy', id: 'own', base: 2, newest: 2, digest: 'd' };
const proposal: Proposal = {
  id: 'prop_1',
  status: 'open',
  proposed_at: '2026-11-20T08:00:00Z',
  proposed_by: 'ada',
  decided_at: null,
  documents: [document],
};
const everything = () => true;

it.each<[string, Partial<Proposal>, string, (permission: string) => boolean, Obstacle | null, boolean, boolean]>([
  ["somebody else's is decided", {}, 'mara', everything, null, true, false],
  ['nobody approves their own', {}, 'ada', everything, 'own', false, true],
  ['a key is no second person', { behind: ['mara'] }, 'mara', everything, 'behind', false, false],
  ['it takes the permission', {}, 'otto', () => false, 'role', false, false],
  ['a decided one stays as it is', { status: 'rejected' }, 'mara', everything, 'decided', false, false],
  ['nor is it withdrawn', { status: 'approved' }, 'ada', everything, 'decided', false, false],
  [
    'another version has come',
    { documents: [document, { ...document, newest: 3 }] },
    'mara',
    everything,
    'stale',
    true,
    false,
  ],
  [
    'it cannot be published any more',
    {
      documents: [
        {
          ...document,
          problems: [{ file: '', line: 1, column: 1, path: '', code: 'x', message: 'x', severity: 'error' }],
        },
      ],
    },
    'mara',
    everything,
    'problems',
    true,
    false,
  ],
])('%s', (_, part, reader, can, obstacle, mayReject, mayWithdraw) => {
  expect(optionsFor({ ...proposal, ...part }, reader, can)).toEqual({ obstacle, mayReject, mayWithdraw });
});

it('counts what waits for the reader', () => {
  const all = [proposal, { ...proposal, proposed_by: 'mara' }, { ...proposal, behind: ['mara'] }];
  expect(waitingFor(all, 'mara', everything)).toBe(1);
  expect(waitingFor(all, 'mara', () => false)).toBe(0);
});

it('numbers the lines of both texts', () => {
  const lines = linesOf({
    old_start: 4,
    old_lines: 2,
    new_start: 7,
    new_lines: 2,
    lines: [' a', '-b', '\\ No newline at end of file', '+ c', '+'],
  });
  expect(lines).toEqual([
    { kind: 'same', text: 'a', before: 4, after: 7 },
    { kind: 'removed', text: 'b', before: 5, after: null },
    { kind: 'note', text: 'No newline at end of file', before: null, after: null },
    { kind: 'added', text: ' c', before: null, after: 8 },
    { kind: 'added', text: '', before: null, after: 9 },
  ]);
});
