import { describe, expect, it } from 'vitest';
import type { Case, CaseDocument, Entry, WorkflowDetail } from '@/api';
import { neighbours } from '@/queue/neighbours';
import { inputText, partsOf, policyAnswers, resultsOf, titleAt } from './checks';
import { changesSince, composeMessage, decisionsOf, needsReason, withNames } from './decisions';
import { eventName } from './events';
import { doneOf, inOrder, knownChildren, outcomeToShow, placeOf } from './family';
import { dataFields } from './fields';
import { grouped, pathName, tokenEnds, viewsOf } from './HistoryPanel';
import { resultName } from './resultNames';
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

it('leaves no field of a context out, however many there are and however deep', () => {
  const deep = Array.from({ length: 20 }).reduce<unknown>((inner) => ({ inner }), 'bottom');
  const many = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`f${n}`, n]));
  const list = Array.from({ length: 300 }, (_, n) => ({ n }));
  const fields = dataFields({ many, list, deep, none: [], nobody: {} }, {}, new Set());
  expect(fields).toHaveLength(1500 + 300 + 3);
  expect(fields.find((one) => one.value === 'bottom')?.group).toHaveLength(20);
  expect(fields.slice(-2).map((one) => one.kind)).toEqual(['empty', 'empty']);
});

it('shows fields in the order of the definition, and what it does not name after them', () => {
  const context = { a: 1, applicant: { born: '1980-01-02', extra: 1, name: 'Ada' }, owners: [{ name: 'B', share: 2 }] };
  const order = ['owners', 'owners[].share', 'owners[].name', 'applicant', 'applicant.name', 'applicant.born'];
  expect(dataFields(context, {}, new Set(), order).map((one) => one.path)).toEqual([
    ...['owners.0.share', 'owners.0.name', 'applicant.name', 'applicant.born', 'applicant.extra', 'a'],
  ]);
});

it('knows the code of a country by its field, also in a list', () => {
  const context = { country: 'SE', nationalities: ['DE'], countryOfBirth: 'FR', code: 'AB', country_note: 'x' };
  expect(dataFields(context, {}, new Set()).map((one) => one.kind)).toEqual([
    ...['country', 'country', 'country', 'text', 'text'],
  ]);
});

it('tells a check that has failed from one that has answered', () => {
  const tasks = [
    { work: 'sanctions', source: 'vendor' },
    { work: 'identity', source: 'vendor' },
  ];
  const results = resultsOf(
    { sanctions: { error: 'timeout' }, identity: { error: 'none', status: 'verified' } },
    tasks,
  );
  expect(results.map((one) => [one.work, one.failed, one.fields.length])).toEqual([
    ['sanctions', 'timeout', 0],
    ['identity', null, 2],
  ]);
});

it('offers an approval without all checks only where a check is missing, after the plain decisions', () => {
  const next = (plain: boolean) =>
    ['approve', 'approve_unanswered', 'reject', 'revision', 'screen_again'].map((event) => ({
      event,
      allowed: event === 'approve' ? plain : event !== 'approve_unanswered' || !plain,
      reason: 'A check has no result.',
    }));
  const of = (plain: boolean) =>
    decisionsOf({ status: 'active', tags: ['manual_review'], next: next(plain) } as unknown as Case, undefined);
  expect(of(true).map((one) => one.event)).toEqual(['approve', 'reject', 'revision', 'screen_again']);
  expect(of(false).map((one) => [one.event, one.tone, one.allowed])).toEqual([
    ['approve', 'approve', false],
    ['reject', 'reject', true],
    ['approve_unanswered', 'approve', true],
    ['revision', 'ask', true],
    ['screen_again', 'other', true],
  ]);
});

it('calls the events in a sentence as their buttons do, and leaves other words in parentheses alone', () => {
  const one = { next: [{ event: 'screen_again' }] } as unknown as Case;
  expect(withNames('Check (screen_again) it (twice).', one, () => 'Screen again')).toBe(
    'Check (Screen again) it (twice).',
  );
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
  expect(neighbours(['a', 'b', 'c'], 'a', ['b'])).toEqual({ next: 'c' });
  expect(neighbours(['a', 'b', 'c'], 'b', ['a', 'b'])).toEqual({ next: 'c' });
  expect(neighbours(['a', 'b'], 'z', ['a'])).toEqual({ next: 'b' });
});

it('does not let a slow answer undo a newer one', () => {
  const old = { version: 3 } as Case;
  const fresh = { version: 4 } as Case;
  expect(newer(fresh, old)).toBe(fresh);
  expect(newer(old, fresh)).toBe(fresh);
});

it('calls what work has raised after the work, and other events by their names', () => {
  expect(eventName('done.invoke.id_check')).toBe('id check');
  expect(eventName('error.invoke.identity')).toBe('identity');
  expect(eventName('SUBMIT')).toBe('SUBMIT');
});

it('folds consecutive views, with who viewed which document', () => {
  const entry = (version: number, cause: string, id: string, document?: string) =>
    ({
      version,
      cause,
      actor: { kind: 'user', id },
      details: document ? { document: { id: document } } : undefined,
    }) as unknown as Entry;
  const groups = grouped([
    entry(7, 'document_viewed', 'rita', 'a'),
    entry(6, 'document_viewed', 'robin', 'a'),
    entry(5, 'document_viewed', 'rita', 'b'),
    entry(4, 'note', 'robin'),
    entry(3, 'note', 'robin'),
    entry(2, 'document_viewed', 'robin', 'b'),
  ]);
  expect(groups.map((one) => [one.entry.version, one.views.length])).toEqual([
    [7, 3],
    [4, 0],
    [3, 0],
    [2, 1],
  ]);
  expect(
    viewsOf(groups[0]?.views ?? []).map((one) => [
      one.document,
      one.times,
      one.people.map((person) => person.id).join(),
    ]),
  ).toEqual([
    ['a', 2, 'rita,robin'],
    ['b', 1, 'rita'],
  ]);
});

it('names paths in a case as people do', () => {
  expect(pathName('context.applicant.date_of_birth')).toBe('Applicant › Date of birth');
  expect(pathName('owners.0.country')).toBe('Owners › 1 › Country');
});

it('shows lists in a vendor’s answer as tables and the rest as fields, and no answers of policies or documents', () => {
  const context = {
    sanctions: {
      checked_at: '2026-01-01',
      hits: [
        { name: 'A', score: 1 },
        { name: 'B', list: 'x' },
      ],
    },
    id_check: { passed: true },
    applicant: {},
  };
  const results = resultsOf(context, [
    { work: 'sanctions', source: 'vendor' },
    { work: 'sanctions', source: 'vendor' },
    { work: 'id_check', source: 'document' },
    { work: 'identity', source: 'vendor' },
  ]);
  expect(results.map((one) => one.work)).toEqual(['sanctions']);
  expect(results[0]?.fields.map((one) => one.path)).toEqual(['sanctions.checked_at']);
  expect(results[0]?.tables).toMatchObject([{ name: 'hits', columns: ['name', 'score', 'list'], rows: [{}, {}] }]);
});

it('calls fields of results as the plugin does, and names the language of what it calls them in another one', () => {
  const titles = { '': { de: 'Prüfung' }, 'hits[].list': { en: 'Watch list', de: 'Liste' }, at: { en: 'Checked at' } };
  const [result] = resultsOf({ sanctions: { at: 1, hits: [] } }, [
    { work: 'sanctions', source: 'vendor', titles },
    { work: 'sanctions', source: 'vendor' }, // a later attempt that has not answered
  ]);
  expect(result?.titles).toBe(titles);
  const of = (path: string, language: string) =>
    partsOf(path).map((part) => titleAt(titles, part.path, part.name, language));
  expect(of('hits.2.list', 'de')).toEqual([
    { text: 'Hits', language: 'en' },
    { text: '#3', language: 'de' },
    { text: 'Liste', language: 'de' },
  ]);
  expect(of('at', 'de')).toEqual([{ text: 'Checked at', language: 'en' }]);
  expect(of('birth_year', 'en')).toEqual([{ text: 'Birth year', language: 'en' }]);
});

it('names what the system itself has found in the language of the reader', () => {
  expect(resultName('screening', 'checked_at', 'de')).toBe('Geprüft am');
  expect(resultName('vendor', 'checked_at', 'de')).toBeUndefined();
});

describe('children', () => {
  const child = (id: string, work: string, visit: number, index: number, status = 'active') =>
    ({ id, status, parent: { case: 'p', state: 's', work, visit, index } }) as unknown as Case;
  it('come in the order of their parent’s lists, and say where they are from when there are others', () => {
    const found = [
      child('f', 'people', 2, 0),
      child('e', 'people', 1, 10),
      child('a', 'board_members', 3, 1),
      child('d', 'people', 1, 2),
    ];
    const sorted = inOrder(found);
    expect(sorted.map((one) => one.id)).toEqual(['a', 'd', 'e', 'f']);
    expect(found.map((one) => one.id)).toEqual(['f', 'e', 'a', 'd']);
    expect(sorted.map((one) => placeOf(one, sorted))).toEqual([
      'Board members #2',
      'People #3',
      'People #11',
      'People #1',
    ]);
    expect(sorted.slice(1, 3).map((one) => placeOf(one, sorted.slice(1, 3)))).toEqual(['#3', '#11']);
    expect(placeOf(child('g', 'people', 1, 0), [child('g', 'people', 1, 0)])).toBe('');
  });
  it('are done when they do not go on, however they have ended', () => {
    const statuses = ['active', 'completed', 'failed', 'cancelled', 'active'];
    expect(doneOf(statuses.map((status, n) => child(`${n}`, 'people', 1, n, status)))).toBe(3);
    expect(doneOf([])).toBe(0);
  });
  it('are known from the context as the system writes it, and from nothing else', () => {
    const groups = { people: { total: 2, cases: { c1: {}, c2: {} } }, directors: { total: 1, cases: { c3: {} } } };
    expect(knownChildren({ children: groups })).toBe(3);
    for (const children of [
      undefined,
      null,
      2,
      ['Ada'],
      {},
      { people: { total: 0, cases: {} } },
      { people: { total: 2 } },
    ])
      expect(knownChildren({ children })).toBe(0);
  });
  it('have an outcome beside their state only where the two differ', () => {
    const ended = { status: 'completed', outcome: 'approved', configuration: ['approved'] } as const;
    expect(outcomeToShow({ ...ended, configuration: ['approved'] })).toBeNull();
    expect(outcomeToShow({ ...ended, configuration: ['people.done', 'papers.done'] })).toBe('approved');
    expect(outcomeToShow({ ...ended, status: 'active', outcome: null, configuration: ['review'] })).toBeNull();
  });
});

it('says until when a link for the applicant is good', () => {
  const entry = (details: unknown) => ({ version: 1, cause: 'flow_token_created', details }) as unknown as Entry;
  expect(tokenEnds(entry({ flow_token: { id: 'flow_1', expires_at: '2026-01-02T03:04:05Z' } }))?.toISOString()).toBe(
    '2026-01-02T03:04:05.000Z',
  );
  for (const other of [undefined, {}, { flow_token: null }, { flow_token: { expires_at: 'soon' } }])
    expect(tokenEnds(entry(other))).toBeUndefined();
});
