import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFlow, type Flow, type Options, rules, type UploadProgress } from '../src/index.ts';
import { Program, root } from './program.ts';

const picture = `${root}docs/walkthrough/passport-kovacs.png`;
const person = {
  'applicant.name.given': 'Anna',
  'applicant.name.family': 'Kovacs',
  'applicant.date_of_birth': '1990-03-04',
  'applicant.country': 'HU',
};

let program: Program;
const flows: Flow[] = [];
beforeAll(async () => {
  program = await Program.start();
});
afterAll(async () => {
  for (const one of flows) one.destroy();
  await program?.stop();
});

async function flowOf(token: string, options: Partial<Options> = {}): Promise<Flow> {
  const flow = createFlow({ baseUrl: program.api, getToken: () => token, rules, ...options });
  flows.push(flow);
  await flow.refresh();
  return flow;
}

it('an applicant goes through the shipped workflow, and the case goes on', async () => {
  const { id, token } = await program.invite();
  const flow = await flowOf(token, { locale: 'de' });
  expect(flow.getState()).toMatchObject({ status: 'ready', pageId: 'about', page: { title: 'Über Sie' } });
  const looked = flow.validate({ ...person, 'applicant.date_of_birth': '2990-03-04' });
  expect(looked.value?.faults.map((one) => `${one.field} ${one.code}`)).toEqual(['applicant.date_of_birth past']);
  const refused = await flow.save({ ...person, 'applicant.email': 'nobody' });
  expect(refused.error).toMatchObject({
    kind: 'refused',
    fields: [
      { field: 'applicant.email', code: 'format', message: 'Das ist keine E-Mail-Adresse wie ada@example.com.' },
    ],
  });
  expect((await flow.save(person)).ok).toBe(true);
  expect(flow.getState().pageId).toBe('passport');

  const early = await flow.submit();
  expect(early.error).toMatchObject({ kind: 'refused', fields: [{ field: 'documents.passport', code: 'missing' }] });
  const phases: UploadProgress['phase'][] = [];
  const content = new Blob([readFileSync(picture)], { type: 'image/png' });
  const uploaded = await flow.upload({ document: 'passport', content, onProgress: ({ phase }) => phases.push(phase) });
  expect(uploaded.value).toMatchObject({ kind: 'passport', status: 'received' });
  expect(phases).toEqual(['preparing', 'sending', 'sending', 'checking', 'done']);
  expect((await flow.save({})).ok && flow.getState().pageId).toBe('more');
  expect((await flow.save({})).ok && flow.getState().pageId).toBe('send');
  const sent = await flow.submit();
  expect(sent.value?.flow).toMatchObject({ collects: false });
  expect((await flow.save(person, { page: 'about' })).error).toMatchObject({ kind: 'closed' });
  const { body } = await program.call('GET', `/v1/cases/${id}`);
  expect(body['context']).toMatchObject({ applicant: { name: { given: 'Anna', family: 'Kovacs' }, country: 'HU' } });
});

it('what was entered is there again in another window, and is not overwritten by one that is behind', async () => {
  const { token } = await program.invite();
  const one = await flowOf(token);
  const other = await flowOf(token);
  expect((await one.save({ 'applicant.name.given': 'Ada' }, { partial: true })).ok).toBe(true);
  const behind = await other.save({ 'applicant.name.given': 'Eve' }, { partial: true });
  expect(behind.error).toMatchObject({ kind: 'conflict', code: 'changed' });
  expect(other.getState().page?.elements[0]?.value).toBe('Ada');
  expect((await other.save({ 'applicant.country': 'GB' }, { partial: true })).ok).toBe(true);
  expect((await one.save({ 'applicant.name.family': 'King' }, { partial: true })).ok).toBe(true);
  expect(
    (await flowOf(token))
      .validate()
      .value?.page.elements.slice(0, 4)
      .map((element) => element.value),
  ).toEqual(['Ada', 'King', undefined, 'GB']);
});

it('answers that are lost on the way change nothing twice', async () => {
  const { id, token } = await program.invite();
  let lose = 0;
  const flow = await flowOf(token, {
    retry: { pause: 20 },
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (init.method !== 'GET' && lose-- > 0) throw new TypeError('the answer was lost');
      return response;
    },
  });
  lose = 1;
  expect((await flow.save(person)).ok).toBe(true);
  lose = 2; // the announcement, and the bytes
  const content = new Uint8Array(readFileSync(picture));
  expect((await flow.upload({ document: 'passport', content, contentType: 'image/png' })).ok).toBe(true);
  lose = 1;
  expect((await flow.submit()).ok).toBe(true);
  const { body } = await program.call('GET', `/v1/cases/${id}/history?cause=event`);
  expect((body['data'] as unknown[]).length).toBe(1);
  expect(flow.getState().state?.case.documents.length).toBe(1);
});

it('a token that has ended is replaced, and one that cannot be is reported', async () => {
  const { token } = await program.invite();
  let now = 'none';
  const renewed = await flowOf('', {
    getToken: (renew) => {
      if (renew) now = token;
      return now;
    },
  });
  expect(renewed.getState().status).toBe('ready');
  const flow = await flowOf('none');
  expect(flow.getState()).toMatchObject({ status: 'expired', error: { kind: 'expired', status: 401 } });
});

it('the example runs as it is documented', async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [`${root}web/sdk/dist/examples/apply.js`, picture], {
    env: { ...process.env, API: program.api, KEY: program.key },
  });
  expect(JSON.parse(stdout)).toMatchObject({
    visited: ['about', 'passport', 'more', 'send'],
    collects: false,
    documents: ['passport'],
  });
});
