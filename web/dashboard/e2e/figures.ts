import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Client, panel, Server, seen } from './harness';
import { binary } from './program';

// How fast the pages are on this machine: `npm run figures`, after `make web bin/ballerine`. It prints, and asserts no time.

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const middle = (all: number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

it('opens a case with twelve documents', async () => {
  const server = await Server.start();
  closing.push(() => server.close());
  const client = await Client.start(server);
  closing.push(() => client.close());
  const id = await server.caseOf('Tomás');
  const documents = (await server.call('admin', 'GET', `/v1/cases/${id}`)).body.documents as {
    id: string;
    kind: string;
    content_type: string;
    properties: unknown;
  }[];
  const passport = documents.find((one) => one.kind === 'passport');
  if (!passport) throw new Error('no passport');
  const picture = await server.content(id, passport.id);
  const other = await server.call('client', 'POST', '/v1/cases', {
    workflow: 'kyc',
    external_id: 'twelve',
    subject: { type: 'individual', external_id: 'twelve', name: 'Twelve Documents' },
    context: {
      applicant: {
        name: { given: 'Twelve', family: 'Documents' },
        date_of_birth: '1990-01-01',
        country: 'SE',
        email: 'x@example.com',
      },
    },
  });
  for (let n = 0; n < 12; n++) {
    const kind = n === 0 ? 'passport' : n % 2 ? 'selfie' : 'proof_of_address';
    await server.upload(
      other.body.id,
      kind,
      'image/jpeg',
      new Uint8Array([...picture, n]),
      kind === 'passport' ? passport.properties : undefined,
    );
  }
  const page = await client.signIn('reviewer', '/settings');
  const times: number[] = [];
  for (let n = 0; n < 7; n++) {
    await page.goto('about:blank');
    const started = Date.now();
    await page.goto(`${server.url}/cases/${other.body.id}`, { waitUntil: 'commit' });
    await seen(page.getByRole('group', { name: 'Documents' }).getByRole('button').nth(11));
    await page.getByRole('tab', { name: /Data/ }).waitFor();
    await page.waitForFunction(() => [...document.images].some((image) => image.naturalWidth > 500 && image.complete));
    times.push(Date.now() - started);
  }
  print(`case with 12 documents, cold page to image drawn: median ${middle(times)} ms of ${times.join(', ')}`);
});

it('opens the queue', async () => {
  const server = await Server.start();
  closing.push(() => server.close());
  const client = await Client.start(server);
  closing.push(() => client.close());
  const page = await client.signIn('reviewer', '/settings');
  const times: number[] = [];
  for (let n = 0; n < 7; n++) {
    await page.goto('about:blank');
    const started = Date.now();
    await page.goto(`${server.url}/queue`, { waitUntil: 'commit' });
    await seen(page.locator('[role="row"][data-case]'));
    await page.keyboard.press('j'); // it answers to a key
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-index') === '0');
    times.push(Date.now() - started);
  }
  print(`queue, cold page to the first key that is answered: median ${middle(times)} ms of ${times.join(', ')}`);
});

it('clears ten cases by keyboard, with their evidence seen', async () => {
  const server = await Server.start();
  closing.push(() => server.close());
  const client = await Client.start(server);
  closing.push(() => client.close());
  const page = await client.signIn('reviewer', '/queue');
  await seen(page.locator('[role="row"][data-case]'));
  let keys = 0;
  const press = async (key: string) => {
    keys++;
    await page.keyboard.press(key);
  };
  const started = Date.now();
  await press('j');
  await press('Enter');
  await page.waitForURL(/\/cases\//);
  for (let n = 0; n < 10; n++) {
    const id = new URL(page.url()).pathname.split('/')[2] ?? '';
    await seen(panel(page).getByRole('button', { name: /^Reject/ }));
    const documents = (await server.call('admin', 'GET', `/v1/cases/${id}`)).body.documents as
      | {
          content_type: string;
        }[]
      | undefined;
    if (documents?.some((one) => one.content_type.startsWith('image/')))
      await page.waitForFunction(() => [...document.images].some((image) => image.complete), undefined, {
        timeout: 5000,
      });
    await press('r');
    await seen(panel(page).getByLabel('Reason'));
    await page.waitForFunction(() => document.activeElement?.tagName === 'SELECT');
    await press('ArrowDown');
    await press('Control+Enter');
    await page.waitForURL((url) => !url.pathname.includes(id));
  }
  print(
    `ten cases by keyboard with evidence drawn: ${keys} keystrokes in ${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
});

it('shows a decision by somebody else', async () => {
  const server = await Server.start();
  closing.push(() => server.close());
  const client = await Client.start(server);
  closing.push(() => client.close());
  const times: number[] = [];
  for (const name of ['Sofie Lindqvist', 'Ingrid', 'Tomás', 'Maeve', 'Jürgen', 'Maximiliana', 'Rashid']) {
    const id = await server.caseOf(name);
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(panel(page).getByRole('button', { name: /^Approve/ }));
    const now = await server.call('second', 'GET', `/v1/cases/${id}`);
    const started = Date.now();
    await server.call(
      'second',
      'POST',
      `/v1/cases/${id}/decisions`,
      { event: 'reject' },
      { 'If-Match': now.headers.get('ETag') ?? '' },
    );
    await page.locator('header').getByText('Rejected').waitFor();
    times.push(Date.now() - started);
    await page.context().close();
  }
  print(`a decision by somebody else is seen after: median ${middle(times)} ms of ${times.join(', ')}`);
});

it('scrolls a queue of 10,000', async () => {
  const data = mkdtempSync(join(tmpdir(), 'ballerine-figures-'));
  execFileSync(binary, ['bench', '--queue', '10000', '--data', data], { stdio: 'ignore' });
  const server = await Server.over(data);
  closing.push(() => server.close());
  const client = await Client.start(server);
  closing.push(() => client.close());
  const page = await client.signIn('reviewer', '/queue');
  await seen(page.getByRole('row').nth(5));
  await page.mouse.move(700, 500);
  const frames = page.evaluate(
    () =>
      new Promise<number[]>((done) => {
        const gaps: number[] = [];
        let last = performance.now();
        const end = last + 6000;
        const tick = (now: number) => {
          gaps.push(now - last);
          last = now;
          if (now < end) requestAnimationFrame(tick);
          else done(gaps);
        };
        requestAnimationFrame(tick);
      }),
  );
  for (let n = 0; n < 120; n++) {
    await page.mouse.wheel(0, 240);
    await page.waitForTimeout(40);
  }
  const gaps = (await frames).slice(5);
  const rows = Number(await page.getByRole('grid').getAttribute('aria-rowcount')) - 1;
  const slow = gaps.filter((gap) => gap > 1000 / 60 + 8).length;
  print(
    `scrolling: ${rows} rows read, ${(1000 / (gaps.reduce((a, b) => a + b, 0) / gaps.length)).toFixed(1)} frames a second, ${slow} of ${gaps.length} frames late, median ${middle(gaps).toFixed(1)} ms`,
  );
  expect(rows).toBeGreaterThan(200);
});
