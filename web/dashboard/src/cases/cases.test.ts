import { describe, expect, it } from 'vitest';
import type { Case, CaseDocument, WorkflowDetail } from '@/api';
import { neighbours } from '@/queue/neighbours';
import { inputText, policyAnswers } from './checks';
import { changesSince, composeMessage, decisionsOf, needsReason } from './decisions';
import { dataFields } from './fields';
import { newer } from './useCase';

const inReview = {
  status: 'active',
  tags: ['manual_review'],
  next: [
    { event: 'revision', allowed: true, reason: null },
    { event: 'reject', allowed: true, reason: null },
    { event: 'approve', allowed: false, reason: 'a document is rejected' },
  ],
} as unknown as Case;

describe('decisions', () => {
  it('come in one order, with why one is not possible and the codes to choose from', () => {
    const found = decisionsOf(inReview, { reasons: { reject: ['forged'] } } as unknown as WorkflowDetail);
    expect(found.map((one) => [one.event, one.tone, one.allowed, one.reason, one.reasons])).toEqual([
      ['approve', 'approve', false, 'a document is rejected', null],
      ['reject', 'reject', true, null, ['forged']],
      ['revision', 'ask', true, null, null],
    ]);
    expect(found.map(needsReason)).toEqual([false, true, true]);
  });
  it('are none where nobody is asked', () => {
    expect(decisionsOf({ ...inReview, tags: ['pending_process'] }, undefined)).toEqual([]);
    expect(decisionsOf({ ...inReview, status: 'completed' }, undefined)).toEqual([]);
  });
});

it('composes one message of the text and every document that is asked for', () => {
  const documents = [
    { id: 'd1', kind: 'passport', title: 'Passport' },
    { id: 'd2', kind: 'selfie' },
  ] as CaseDocument[];
  const message = composeMessage(
    ' Please help. ',
    [
      { id: 'd1', reason: 'blurred' },
      { id: 'd2', reason: 'glare' },
    ],
    documents,
    (title, reason) => `${title}: ${reason}`,
    (code) => `it is ${code}`,
  );
  expect(message).toBe('Please help.\n• Passport: it is blurred\n• selfie: it is glare');
  expect(
    composeMessage(
      '',
      [],
      documents,
      () => '',
      () => '',
    ),
  ).toBe('');
});

it('reads what has changed since from a 412, and nothing from nonsense', () => {
  const change = { version: 3, at: '2026-01-01T00:00:00Z', cause: 'note', actor: { kind: 'user', id: 'u' } };
  expect(changesSince({ since: [change, null, { version: 'x' }] })).toEqual([change]);
  expect(changesSince({})).toEqual([]);
});

it('shows a context by its schema, leaves out results, and takes any shape', () => {
  const fields = dataFields(
    { applicant: { name: { given: '<b>Ada</b>' }, born: '1980-01-02' }, risk: { score: 1 }, odd: [1, { x: null }] },
    { properties: { applicant: { title: 'Applicant', properties: { born: { title: 'Born', format: 'date' } } } } },
    new Set(['risk']),
  );
  expect(fields.map((one) => [one.path, one.label, one.value, one.kind, one.group.join('/')])).toEqual([
    ['applicant.name.given', 'Given', '<b>Ada</b>', 'text', 'Applicant/Name'],
    ['applicant.born', 'Born', '1980-01-02', 'date', 'Applicant'],
    ['odd.0', '#1', '1', 'number', 'Odd'],
    ['odd.1.x', 'X', null, 'text', 'Odd/#2'],
  ]);
});

it('finds the answers of policies and names personal inputs without showing them', () => {
  const [answer] = policyAnswers({
    applicant: {},
    risk: {
      policy: 'kyc-risk',
      version: 1,
      outcome: 'review',
      score: 55,
      severity: 'medium',
      fired: ['a'],
      indicators: [{ domain: 'document', indicator: 'Expired', score: 55 }],
      trace: [
        { rule: 'a', status: 'passed', reason: 'It has expired.', inputs: { x: { $ref: 'input:applicant.name' } } },
        7,
      ],
    },
  });
  expect(answer?.trace).toHaveLength(1);
  expect(inputText(answer?.trace[0]?.inputs['x'])).toBeNull();
});

it('knows the neighbours of a case in the list it was opened from', () => {
  expect(neighbours(['a', 'b', 'c'], 'b')).toEqual({ previous: 'a', next: 'c' });
  expect(neighbours(['a', 'b'], 'b')).toEqual({ previous: 'a', next: undefined });
  expect(neighbours(['a', 'b'], 'z')).toEqual({ next: 'a' });
});

it('does not let a slow answer undo a newer one', () => {
  const old = { version: 3 } as Case;
  const fresh = { version: 4 } as Case;
  expect(newer(fresh, old)).toBe(fresh);
  expect(newer(old, fresh)).toBe(fresh);
});
