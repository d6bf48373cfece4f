import { expect, it } from 'vitest';
import type { Case, TaskRun } from '@/api';
import { eventName } from './events';
import { namesOf } from './names';

const one = {
  checks: [
    { work: 'id_check', source: 'document', name: 'id_check', status: 'answered' },
    { work: 'sanctions', source: 'screening', name: 'sanctions', status: 'answered' },
    { work: 'risk', source: 'rules', name: 'kyc-risk', status: 'answered' },
  ],
} as unknown as Pick<Case, 'checks'>;
const tasks = [
  {
    work: 'identity',
    source: 'vendor',
    name: 'identity-check',
    titles: { '': { en: 'Identity check', de: 'Identitätsprüfung' }, 'document.status': { de: 'Ergebnis' } },
  },
  { work: 'identity', source: 'vendor', name: 'identity-check' },
] as unknown as TaskRun[];
const workflow = {
  context_schema: {
    properties: {
      applicant: {
        titles: { de: 'Antragsteller' },
        properties: { date_of_birth: { title: 'Born on', titles: { de: 'Geburtsdatum' } } },
      },
    },
  },
};
const names = (language: string) =>
  namesOf(one, tasks, workflow, language, { document: 'Document check', policy: (policy) => `Policy ${policy}` });

it('names work as its plugin, the system or its policy does, and else by its id', () => {
  const german = names('de');
  expect(['identity', 'id_check', 'sanctions', 'risk', 'other_work'].map(german.work)).toEqual([
    'Identitätsprüfung',
    'Document check',
    'Watchlistenprüfung',
    'Policy KYC risk',
    'Other work',
  ]);
  expect(eventName('done.invoke.identity', german.work)).toBe('Identitätsprüfung');
  expect(eventName('error.invoke.identity')).toBe('identity');
  expect(eventName('send_back', german.work)).toBe('send back');
});

it('names places in results and in what the workflow asks for', () => {
  const german = names('de');
  expect(german.place('identity.document.status')).toBe('Identitätsprüfung › Document › Ergebnis');
  expect(german.place('id_check.mrz.expired')).toBe('Document check › Maschinenlesbare Zone › Abgelaufen');
  expect(german.place('risk.outcome')).toBe('Policy KYC risk › Ergebnis');
  expect(german.place('applicant.date_of_birth')).toBe('Antragsteller › Geburtsdatum');
  expect(names('en').place('applicant.date_of_birth')).toBe('Applicant › Born on');
  expect(german.place('nothing.known_of_it')).toBe('Nothing › Known of it');
});
