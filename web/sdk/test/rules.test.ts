import { expect, it } from 'vitest';
import { type ElementState, type FlowState, type PageState, rules } from '../src/index.ts';
import { started } from './fake.ts';

const now = new Date('2026-06-01T12:00:00Z');
const element = (more: Partial<ElementState>): ElementState => ({
  type: 'text',
  field: 'x',
  visible: true,
  required: false,
  disabled: false,
  ...more,
});
const pageOf = (...elements: ElementState[]): PageState => ({
  id: 'p',
  visible: true,
  open: true,
  complete: false,
  saved: false,
  elements,
});
const stateOf = (page: PageState) => ({ flow: { pages: [page] } }) as FlowState;
const faults = (one: ElementState, value: unknown) => {
  const page = pageOf(one);
  return rules
    .validate(stateOf(page), page, { [one.field ?? '']: value }, now)
    .faults.map(({ field, code }) => `${field} ${code}`);
};

it('what an answer lacks is seen at once', () => {
  const cases: [Partial<ElementState>, unknown, string[]][] = [
    [{ required: true }, '', ['x required']],
    [{ required: true }, '  ', ['x required']],
    [{ required: true }, 'a', []],
    [{}, null, []],
    [{ required: true, disabled: true }, '', []],
    [{ required: true, visible: false }, '', []],
    [{ checks: { min_length: 2, max_length: 3 } }, 'é', ['x min_length']],
    [{ checks: { min_length: 2, max_length: 3 } }, '😀😀😀', []],
    [{ checks: { min_length: 2, max_length: 3 } }, 'four', ['x max_length']],
    [{ checks: { pattern: '^\\p{Lu}' } }, 'a', ['x pattern']],
    [{ checks: { pattern: '(' } }, 'a', []],
    [{ type: 'number', checks: { min: 1, max: 3 } }, 0, ['x min']],
    [{ type: 'number', checks: { min: 1, max: 3 } }, 4, ['x max']],
    [{ type: 'number', required: true }, 0, []],
    [{ type: 'boolean', required: true }, false, []],
    [{ type: 'currency', checks: { max: 3, currencies: ['EUR', 'USD'] } }, { amount: 4, currency: 'EUR' }, ['x max']],
    [{ type: 'date' }, '2025-02-29', ['x date']],
    [{ type: 'date' }, '01.02.2025', ['x date']],
    [{ type: 'date', checks: { past: true } }, '2026-06-01', ['x past']],
    [{ type: 'date', checks: { future: true } }, '2026-06-01', ['x future']],
    [{ type: 'date', checks: { min_age: 18 } }, '2008-06-02', ['x min_age']],
    [{ type: 'date', checks: { min_age: 18 } }, '2008-06-01', []],
    [{ type: 'date', checks: { max_age: 130 } }, '1895-01-01', ['x max_age']],
    [{ type: 'date', checks: { max_age: 130 } }, '2027-01-01', ['x past']],
    [{ type: 'select', options: [{ value: 'a', title: 'A' }] }, 'b', ['x option']],
    [{ type: 'checkboxes', checks: { min: 2 } }, ['a'], ['x too_few']],
    [{ type: 'tags', checks: { max: 1 } }, ['a', 'b'], ['x too_many']],
    [{ type: 'consent', required: true, checks: { version: '1' } }, { accepted: false, version: '1' }, ['x required']],
    [{ type: 'consent', required: true, checks: { version: '1' } }, { accepted: true, version: '1' }, []],
    [{ type: 'address', checks: { required_parts: ['line1', 'city'] } }, { line1: 'x' }, ['x.city required']],
    [{ type: 'company' }, { country: 'DE' }, ['x.name required']],
    [{ type: 'document', field: undefined }, undefined, []],
  ];
  for (const [one, value, want] of cases)
    expect(faults(element(one), value), JSON.stringify([one, value])).toEqual(want);
});

it('rules decide with what was entered, before the server does', async () => {
  const { flow } = await started();
  const state = (country: string) => flow.validate({ 'applicant.country': country }).value?.page.elements[3];
  expect(state('GB')).toMatchObject({ visible: false, faults: [] });
  expect(state('US')).toMatchObject({ visible: true, faults: [{ code: 'required', message: 'Please fill this in.' }] });
  expect(flow.pages({ 'applicant.country': 'US' })[0]?.elements[3]?.visible).toBe(true);
  expect(flow.validate({}, 'nowhere').error?.code).toBe('no_page');
  const all = flow.validate({
    'applicant.given': 'Augusta',
    'applicant.family': 'King',
    'applicant.country': 'GB',
  }).value;
  expect(all).toMatchObject({ valid: false, faults: [{ field: 'applicant.given', code: 'max_length' }] });
});

it('what is unknown is not shown, is required, and can be changed; what only the server can say stays as it is', () => {
  const unknown = ['==', ['path', 'missing'], ['value', 1]];
  const server = ['call', 'lower', ['value', 'x']];
  const of = (rule: unknown, one: Partial<ElementState>) => {
    const page = pageOf(element({ rules: { visible: rule, required: rule, disabled: rule }, ...one }));
    const [view] = rules.validate(stateOf(page), page, {}, now).page.elements;
    return [view?.visible, view?.required, view?.disabled];
  };
  expect(of(unknown, { visible: true, disabled: true })).toEqual([false, true, false]);
  expect(of(server, { visible: true, required: false, disabled: true })).toEqual([true, false, true]);
  expect(of(server, { visible: false, required: true, disabled: false })).toEqual([false, true, false]);
});

it('what the server has found counts until the answer is another one', () => {
  const page = pageOf(element({ value: 'a', faults: [{ code: 'format', message: 'No.' }] }));
  expect(rules.validate(stateOf(page), page, {}, now).faults).toEqual([{ field: 'x', code: 'format', message: 'No.' }]);
  expect(rules.validate(stateOf(page), page, { x: 'b' }, now).valid).toBe(true);
});

it('elements of a group have rules of their own', async () => {
  const { flow } = await started();
  const owners = (list: unknown) => {
    const group = flow.validate({ owners: list }).value?.page.elements[4];
    return {
      items: group?.items?.map((item) =>
        item.map((one) => [one.field, one.value, one.visible, one.faults?.map((f) => f.code).join()]),
      ),
      faults: group?.faults?.map((one) => one.code),
    };
  };
  expect(owners([{ name: 'Ada', share: 0 }, {}])).toEqual({
    items: [
      [
        ['owners[0].name', 'Ada', true, ''],
        ['owners[0].share', 0, true, 'rule'],
      ],
      [
        ['owners[1].name', undefined, true, 'required'],
        ['owners[1].share', undefined, false, ''],
      ],
    ],
    faults: [],
  });
  expect(owners([{}, {}, {}]).faults).toEqual(['too_many']);
});

it('a group that the server has is read from its elements', async () => {
  const { flow, server, clock } = await started();
  server.change('owners', [{ name: 'Ada', share: 101 }]);
  await clock.until(flow.refresh());
  const group = flow.validate().value?.page.elements[4];
  expect(group?.value).toEqual([{ name: 'Ada', share: 101 }]);
  expect(group?.items?.[0]?.map((one) => one.faults?.map((f) => f.code))).toEqual([[], ['max']]);
});

it('without rules, pages are as the server has reported them', async () => {
  const { flow } = await started({ rules: undefined });
  expect(flow.validate({ 'applicant.country': 'US' })).toMatchObject({
    ok: true,
    value: { valid: true, page: { id: 'about' } },
  });
  expect(flow.pages({ 'applicant.country': 'US' })[0]?.elements[3]?.visible).toBe(false);
});
