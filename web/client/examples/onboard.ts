// Onboards a person with the TypeScript client: it subscribes to webhooks, starts a case, uploads a passport, submits, waits
// for the outcome, and prints what has happened as one line of JSON.
//
//     make run                                         # in another terminal
//     source .ballerine/demo.env && export API KEY
//     npm run build --prefix web/client && node web/client/dist/examples/onboard.js docs/walkthrough/passport-kovacs.png

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  answer,
  awaitsReview,
  createClient,
  each,
  ended,
  hasCode,
  idempotencyKey,
  uploadDocument,
  verifyWebhook,
  type WebhookEvent,
  waitForCase,
} from '../src/index.ts';

const { API = '', KEY = '' } = process.env;
const [passport] = process.argv.slice(2);
if (!passport) throw new Error('usage: onboard passport.png');

const signal = AbortSignal.timeout(60_000);
const client = createClient({ address: API, credential: KEY, userAgent: 'onboard-example/1' });

// Webhooks are received on this machine, which a local system allows. Elsewhere the receiver has a public address.
let secret = '';
const received: WebhookEvent[] = [];
const receiver = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  try {
    received.push(verifyWebhook(secret, Buffer.concat(parts), request.headers));
    response.writeHead(204).end(); // a real receiver stores it first, and does the work after it has answered
  } catch {
    response.writeHead(401).end();
  }
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const hook = await answer(
  client.POST('/v1/webhooks', {
    params: { header: { 'Idempotency-Key': idempotencyKey() } },
    body: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, events: ['case.completed'] },
    signal,
  }),
);
secret = hook.secret ?? '';

try {
  // Your own id makes the call repeatable: made again with the same id, it does nothing twice.
  const id = `typescript-${crypto.randomUUID()}`;
  const name = { given: 'Anna', family: 'Kovacs' };
  const started = await answer(
    client.POST('/v1/cases', {
      params: { header: { 'Idempotency-Key': id } },
      body: {
        workflow: 'kyc',
        external_id: id,
        subject: { type: 'individual', external_id: id, name },
        context: { applicant: { name, date_of_birth: '1990-03-04', country: 'HU', email: 'anna@example.com' } },
      },
      signal,
    }),
  );
  await uploadDocument(client, started.id, {
    kind: 'passport',
    side: 'front',
    contentType: 'image/png',
    content: new Uint8Array(await readFile(passport)),
  });
  const submit = () =>
    answer(
      client.POST('/v1/cases/{id}/events', { params: { path: { id: started.id } }, body: { type: 'SUBMIT' }, signal }),
    );
  await submit();
  const one = await waitForCase(client, started.id, awaitsReview, signal);
  if (!ended(one)) throw new Error(`${one.id} waits for a reviewer`);

  let listed = 0;
  const query = { external_id: id };
  for await (const found of each((cursor) =>
    answer(client.GET('/v1/cases', { params: { query: { ...query, cursor } } })),
  )) {
    if (found.id === one.id) listed++;
  }
  const refused: unknown = await submit().catch((error: unknown) => error);
  if (!hasCode(refused, 'case_closed')) throw new Error('an event after the end was taken', { cause: refused });
  let outcome: string | undefined;
  while (!outcome) {
    for (const event of received) {
      if (event.type === 'case.completed' && event.data.case === one.id) outcome = event.data.outcome;
    }
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const done = { case: one.id, outcome: one.outcome, listed, refused: refused.code, webhook: outcome };
  process.stdout.write(`${JSON.stringify(done)}\n`);
} finally {
  await client.DELETE('/v1/webhooks/{id}', { params: { path: { id: hook.id } } });
  receiver.close();
  receiver.closeAllConnections();
}
