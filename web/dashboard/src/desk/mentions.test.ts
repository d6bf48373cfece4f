import { expect, it } from 'vitest';
import { matching, mentionAt, mentionsIn, partsOf } from './mentions';

const person = (id: string, name: string) => ({ id, name, email: '', roles: [] });
const people = [person('1', 'Rita Reviewer'), person('2', 'Rita'), person('3', 'Mara Manager')];

it('names the longest name that was written, and nobody whose name only begins so', () => {
  expect(mentionsIn('@Rita Reviewer and @Mara Manager, @Ritardando', people)).toEqual(['1', '3']);
  expect(mentionsIn('@Rita: look', people)).toEqual(['2']);
  expect(mentionsIn('@Mara Manager', [...people, person('4', 'Mara Manager')]), 'of one name').toEqual(['3', '4']);
});

it('finds what is being written after an @, and no address of e-mail', () => {
  expect(mentionAt('Hello @Ri', 9)).toEqual({ from: 6, query: 'Ri' });
  expect(mentionAt('write to a@Ri', 13)).toBeNull();
  expect(matching(people, 'man').map((one) => one.id)).toEqual(['3']);
});

it('makes links of addresses of the web only, without the punctuation behind them', () => {
  expect(partsOf('See https://example.com/a?b=1. javascript:alert(1)', [])).toEqual([
    { kind: 'text', text: 'See ' },
    { kind: 'link', text: 'https://example.com/a?b=1', href: 'https://example.com/a?b=1' },
    { kind: 'text', text: '. javascript:alert(1)' },
  ]);
});

it('marks whom a note names, but not within a link', () => {
  expect(partsOf('@Rita https://example.com/@Rita', people).map((part) => part.kind)).toEqual([
    'mention',
    'text',
    'link',
  ]);
});
