import { describe, expect, it } from 'vitest';
import { fieldsOf, readForm } from './schema';

const schema = {
  type: 'object',
  properties: {
    applicant: {
      type: 'object',
      required: ['given'],
      properties: {
        given: { type: 'string', maxLength: 5 },
        born: { type: 'string', format: 'date' },
        country: { enum: ['DE', 'FR'] },
      },
    },
    income: { type: ['number', 'null'], description: 'per month' },
    children: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
    consents: { type: 'boolean' },
    anything: {},
  },
};

describe('a form from a schema', () => {
  const fields = fieldsOf(schema);
  it('has a group for an object, with its required fields', () => {
    const group = fields[0];
    expect(group?.kind).toBe('group');
    expect(group?.fields?.map((one) => [one.path, one.kind, one.required])).toEqual([
      ['applicant.given', 'text', true],
      ['applicant.born', 'date', false],
      ['applicant.country', 'choice', false],
    ]);
  });
  it('knows numbers, lists, yes and no, and takes the rest as JSON', () => {
    expect(fields.slice(1).map((one) => one.kind)).toEqual(['number', 'integer', 'list', 'boolean', 'json']);
    expect(fields[1]?.hint).toBe('per month');
  });
  it('leaves out what is empty and gives each value its type', () => {
    const { context, problems } = readForm(fields, {
      'applicant.given': ' Ada ',
      'applicant.born': '',
      income: '12.5',
      children: '2',
      tags: 'a\n\n b',
      consents: false,
      anything: '{"x":[1]}',
    });
    expect(problems).toEqual({});
    expect(context).toEqual({
      applicant: { given: 'Ada' },
      income: 12.5,
      children: 2,
      tags: ['a', 'b'],
      consents: false,
      anything: { x: [1] },
    });
  });
  it('says where something is not a number or not JSON', () => {
    expect(readForm(fields, { income: 'much', children: '1.5', anything: '{' }).problems).toEqual({
      income: 'number',
      children: 'number',
      anything: 'json',
    });
  });
  it('makes nothing of a schema that is none', () => {
    expect(fieldsOf({})).toEqual([]);
  });

  it('calls fields what the schema calls them in a language, and shows no description in another', () => {
    const income = { type: 'number', titles: { de: 'Einkommen' }, description: 'a month, net' };
    const own = { type: 'object', properties: { person: { type: 'object', properties: { income } } } };
    const named = (language: string) =>
      fieldsOf(own, language).map((group) => [
        group.label,
        ...(group.fields ?? []).map((field) => [field.label, field.hint]),
      ]);
    expect(named('de')).toEqual([['Person', ['Einkommen', undefined]]]);
    expect(named('en')).toEqual([['Person', ['Income', 'a month, net']]]);
  });
});
