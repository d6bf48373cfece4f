import { expect, it } from 'vitest';
import type { Case, TaskRun, WorkflowDetail } from '@/api';
import { attemptsOf, isOwnStep, pathWords, rowsOf, ruleText, ruleTitle } from './checks';
import { endingOf, missingDocuments, openChecks, troubleIn, unrated } from './facts';
import { markSeen, seenUntil, unreadOf } from './unread';
import { wordsOf } from './words';

const check = (work: string, source: string, status: string) => ({ work, source, status, name: work });
const caseOf = (part: object) => ({ checks: [], documents: [], incidents: [], ...part }) as unknown as Case;
const finding = (severity: string) => ({ code: 'c', message: 'm', severity });
const passport = (part: object) => ({ id: 'd', kind: 'passport', status: 'checked', ...part });

it('names the checks that have not answered, where somebody decides', () => {
  const checks = [check('a', 'vendor', 'answered'), check('b', 'vendor', 'failed')];
  expect(openChecks(caseOf({ checks, needs: { because: [] } })).map((one) => one.work)).toEqual(['b']);
  expect(openChecks(caseOf({ checks }))).toEqual([]);
});

it('says that the risk is not rated unless the policy’s own check says so already', () => {
  const needs = { because: ['not_rated'] };
  expect(unrated(caseOf({ needs }))).toBe(true);
  expect(unrated(caseOf({ needs, checks: [check('risk', 'rules', 'missing')] }))).toBe(false);
});

it('finds trouble in documents that count, and in checks', () => {
  const of = (documents: object[]) => troubleIn(caseOf({ documents })).documents;
  expect(of([passport({ checks: { findings: [finding('medium')] } })])).toBe(true);
  expect(of([passport({ checks: { findings: [finding('low')] } })])).toBe(false);
  expect(of([passport({ status: 'rejected' })])).toBe(true);
  expect(of([passport({ status: 'rejected' }), passport({ id: 'newer' })])).toBe(false);
  expect(troubleIn(caseOf({ checks: [check('a', 'vendor', 'running')] })).checks).toBe(false);
  expect(troubleIn(caseOf({ checks: [check('a', 'vendor', 'stale')] })).checks).toBe(true);
  expect(troubleIn(caseOf({ incidents: [{}] })).checks).toBe(true);
});

it('finds required documents that are missing while a case collects', () => {
  const kinds = [
    { kind: 'passport', title: 'Passport', required: true, sides: [] },
    { kind: 'card', title: 'Card', required: true, sides: ['front', 'back'] },
    { kind: 'selfie', title: 'Selfie', required: false, sides: [] },
  ];
  const workflow = { documents: kinds } as unknown as WorkflowDetail;
  const missing = (documents: object[], other: object = {}) => {
    const next = [{ event: 'SUBMIT', by: ['applicant'], allowed: false }];
    const one = { status: 'active', tags: [], next, documents, ...other } as unknown as Case;
    return missingDocuments(one, workflow).map(({ kind, side }) => [kind.kind, side].filter(Boolean).join(' '));
  };
  const all = ['passport', 'card front', 'card back'];
  const front = { kind: 'card', side: 'front', status: 'received' };
  expect(missing([])).toEqual(all);
  expect(missing([{ kind: 'passport', side: 'front', status: 'received' }])).toEqual(['card front', 'card back']);
  expect(missing([front])).toEqual(['passport', 'card back']);
  for (const status of ['awaiting_upload', 'refused', 'revision'])
    expect(missing([{ kind: 'passport', status }]), status).toEqual(all);
  expect(missing([], { status: 'completed' })).toEqual([]);
  expect(missing([], { tags: ['manual_review'] })).toEqual([]);
  expect(missing([], { next: [] })).toEqual([]);
});

it('puts the attempts at one check together, the last of them at hand', () => {
  const run = (work: string, minute: number, outcome: string) =>
    ({
      id: `${work}${minute}`,
      work,
      name: work,
      source: 'vendor',
      outcome,
      started_at: `2026-01-01T00:0${minute}:00Z`,
    }) as TaskRun;
  const found = attemptsOf([run('b', 2, 'done'), run('a', 3, 'done'), run('a', 1, 'failed')]);
  expect(found.map((one) => [one.work, one.runs.length, one.last.outcome])).toEqual([
    ['a', 2, 'done'],
    ['b', 1, 'done'],
  ]);
});

it('says what a rule says in words, and never its condition', () => {
  const step = { rule: 'mrz_mismatch', status: 'passed' as const, reason: 'The name differs.' };
  expect(ruleText(step).text).toBe('The name differs.');
  expect(ruleText({ ...step, reason: 'The condition holds: a < 1.' }).text).toBe('MRZ mismatch');
  expect(ruleText({ ...step, status: 'failed', reason: 'It does not hold that a < 1.' }).text).toBe('MRZ mismatch');
  expect(ruleText({ ...step, status: 'skipped', reason: 'a is missing' }).text).toBe('MRZ mismatch');
});

it('says it in the language of the reader, or names the language that it is in', () => {
  const step = { rule: 'mrz_mismatch', status: 'passed' as const, reason: 'The name differs.' };
  const translated = {
    ...step,
    texts: { de: 'Der Name weicht ab.' },
    titles: { en: 'Other name', de: 'Anderer Name' },
  };
  expect(ruleText(translated, 'de')).toEqual({ text: 'Der Name weicht ab.', language: 'de' });
  expect(ruleText(translated, 'fr')).toEqual({ text: 'The name differs.', language: 'en' });
  expect(ruleText({ ...translated, status: 'failed' }, 'de')).toEqual({ text: 'Anderer Name', language: 'de' });
  expect(ruleText({ ...translated, status: 'failed' }, 'en')).toEqual({ text: 'Other name', language: 'en' });
  expect(ruleText({ ...translated, status: 'skipped' }, 'fr')).toEqual({ text: 'Other name', language: 'en' });
  expect(ruleText(step, 'de')).toEqual({ text: 'The name differs.', language: null });
  const own = {
    rule: 'invalid',
    status: 'passed' as const,
    reason: 'The input is not as declared: a must be of type number.',
  };
  expect([isOwnStep(own), isOwnStep({ ...own, reason: 'Not valid.' })]).toEqual([true, false]);
});

it('writes ids as words and abbreviations as such', () => {
  expect([wordsOf('kyc-risk'), wordsOf('identity-check'), wordsOf('ubo')]).toEqual([
    'KYC risk',
    'Identity check',
    'UBO',
  ]);
  expect([pathWords('id_check.mrz.valid'), pathWords('amount')]).toEqual(['MRZ valid', 'Amount']);
});

it('knows the notes of others that came since somebody looked, for the newest cases', () => {
  const note = (id: string, by: string, at: string) => ({ id, at, text: '', by: { kind: 'user', id: by } }) as never;
  const notes = [note('1', 'me', '2026-01-01T00:00:00Z'), note('2', 'you', '2026-01-02T00:00:00Z')];
  expect(unreadOf(notes, 'me', null)).toHaveLength(1);
  expect(unreadOf(notes, 'me', '2026-01-02T00:00:00Z')).toHaveLength(0);
  markSeen('me', 'case', '2026-01-02T00:00:00Z');
  expect([seenUntil('me', 'case'), seenUntil('you', 'case')]).toEqual(['2026-01-02T00:00:00Z', null]);
  for (let n = 0; n < 500; n++) markSeen('me', `other${n}`, '2026-01-02T00:00:00Z');
  expect(seenUntil('me', 'case')).toBeNull();
});

it('tells who has ended a case and why, and that nobody has where its workflow went on alone', () => {
  const one = { status: 'completed' as const, configuration: ['rejected'] };
  const actor = { kind: 'user' as const, id: 'u' };
  const entry = {
    cause: 'decision',
    actor,
    at: 'then',
    to: ['rejected'],
    details: { reason: 'forged', comment: 'Seen.' },
  };
  expect(endingOf(one, [entry])).toEqual({ actor, at: 'then', reason: 'forged', comment: 'Seen.' });
  expect(endingOf(one, [])).toBeNull();
  expect(endingOf(one, [{ ...entry, to: ['collect'] }])).toBeNull(); // it only asked for more
  expect(endingOf(one, [{ ...entry, cause: 'undone' }])).toBeNull();
  const cancelled = { cause: 'cancelled', actor, at: 'then', to: [], details: { reason: 'duplicate' } };
  expect(endingOf({ status: 'cancelled', configuration: [] }, [cancelled])?.reason).toBe('duplicate');
});

it('reads which rows of a table count, and what they state', () => {
  const of = (reason: string) => rowsOf({ status: 'passed', reason });
  expect(of('Row 4 of geography applies.')).toEqual({ numbers: '4', many: false, rest: '' });
  expect(of('Rows 1, 2 and 10 of maturity apply. A young company.')).toEqual({
    numbers: '1, 2 and 10',
    many: true,
    rest: 'A young company.',
  });
  expect(of('No row of geography applies.')).toBeNull();
  expect(rowsOf({ status: 'failed', reason: 'Row 4 of geography applies.' })).toBeNull();
  expect(ruleTitle({ rule: 'geography', titles: { en: 'Geography', de: 'Geografie' } }, 'de')).toBe('Geografie');
  expect(ruleTitle({ rule: 'country_risk' }, 'de')).toBe('Country risk');
});
