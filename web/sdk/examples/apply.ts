// Goes through a case's pages as an applicant does: answers what is asked, uploads a passport, and submits. It prints what has happened as
// one line of JSON.
//
//     make run                                         # in another terminal
//     source .ballerine/demo.env && export API KEY
//     npm run build --prefix web/sdk && node web/sdk/dist/examples/apply.js docs/walkthrough/passport-kovacs.png

import { readFile } from 'node:fs/promises';
import { createFlow, rules } from '../src/index.ts';

const { API = '', KEY = '' } = process.env;
const [passport] = process.argv.slice(2);
if (!passport) throw new Error('usage: apply passport.png');

// A system with an API key starts the case and makes the token; the applicant's device has the token only.
async function asClient(path: string, body: unknown): Promise<Record<string, string>> {
  const response = await fetch(API + path, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${KEY}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': crypto.randomUUID(),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (await response.json()) as Record<string, string>;
}
const { id } = await asClient('/v1/cases', { workflow: 'kyc', subject: { type: 'individual' } });
const invite = async () => (await asClient(`/v1/cases/${id}/flow-tokens`, {}))['token'] ?? '';
let token = await invite();

const known: Record<string, unknown> = {
  'applicant.name.given': 'Anna',
  'applicant.name.family': 'Kovacs',
  'applicant.date_of_birth': '1990-03-04',
  'applicant.country': 'HU',
};

const flow = createFlow({
  baseUrl: API,
  rules,
  locale: 'en',
  getToken: async (renew) => {
    if (renew) token = await invite();
    return token;
  },
});
const visited: string[] = [];
flow.on('page', ({ pageId }) => pageId && visited.push(pageId));

/** What a call has led to; a refusal ends this program, where a page would show it. */
function sure<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

sure(await flow.refresh());
for (;;) {
  const { page, state } = flow.getState();
  if (!page || !state?.flow.collects) break;
  if (page.event) {
    sure(await flow.submit(page.id));
    break;
  }
  const answers: Record<string, unknown> = {};
  for (const element of page.elements) {
    if (element.field && element.field in known) answers[element.field] = known[element.field];
    if (element.document && element.required) {
      const content = new Uint8Array(await readFile(passport));
      for (const { side } of element.files ?? []) {
        sure(await flow.upload({ document: element.document, side, content, contentType: 'image/png' }));
      }
    }
  }
  const { valid, faults } = sure(flow.validate(answers));
  if (!valid && faults.some((one) => one.code !== 'missing')) throw new Error(JSON.stringify(faults));
  sure(await flow.save(answers));
}
const { state } = flow.getState();
const done = {
  case: id,
  visited,
  collects: state?.flow.collects,
  documents: state?.case.documents.map(({ kind }) => kind),
};
flow.destroy();
process.stdout.write(`${JSON.stringify(done)}\n`);
