import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, rows, Server, seen } from './harness';

const asking = `id: asking
title: Asks a vendor
initial: ask
context:
  schema: {type: object, properties: {name: {type: string, title: Full name}}}
states:
  ask: {invoke: {src: vendor, id: answer, input: {plugin: moody}, retry: {attempts: 1, interval: PT1S, jitter: false}}, onDone: asked}
  asked: {type: final}
`;
const moody = (url: string) => `id: moody
title: A vendor that is down at times
timeout: PT5S
request:
  method: POST
  url: "${url}ask"
  body: {name: "{context.name}"}
  schema: {type: object, required: [name], properties: {name: {type: string}}}
response:
  schema: {type: object, required: [ok], properties: {ok: {type: boolean}}}
  result: {ok: "{body.ok}"}
`;

describe('incidents', () => {
  let server: Server;
  let client: Client;
  let vendor: HttpServer;
  let up = true;
  const asked: string[] = [];
  beforeAll(async () => {
    vendor = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        if (up) asked.push(JSON.parse(body).name);
        response.writeHead(up ? 200 : 503, { 'Content-Type': 'application/json' }).end('{"ok": true}');
      });
    });
    await new Promise<void>((listening) => vendor.listen(0, '127.0.0.1', listening));
    server = await Server.start();
    client = await Client.start(server);
    const url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/`;
    for (const [path, source] of [
      ['plugins/moody', moody(url)],
      ['workflows/asking', asking],
    ]) {
      const made = await server.call('developer', 'POST', `/v1/${path}/versions`, { source });
      expect(made.status, JSON.stringify(made.body)).toBe(201);
    }
  });
  afterAll(async () => {
    await client?.close();
    await server?.close();
    vendor?.close();
  });
  afterEach(() => {
    expect(client.problems.splice(0)).toEqual([]);
  });

  const read = async (id: string) => (await server.call('manager', 'GET', `/v1/cases/${id}`)).body;
  /** A case whose vendor's work has failed. */
  async function failing(name: string, context: Record<string, unknown>): Promise<string> {
    const started = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'asking',
      subject: { type: 'individual', external_id: name, name },
      context,
    });
    expect(started.status, JSON.stringify(started.body)).toBe(201);
    const { id } = started.body;
    await eventually(
      async () => (await read(id)).incidents?.length ?? 0,
      (count) => count === 1,
      90_000,
    );
    return id;
  }

  it('are found from home, from the navigation and by their address', async () => {
    // A file that was not there, a vendor that is away, and data that is missing.
    const all = (await server.call('manager', 'GET', '/v1/cases?incident=true&limit=50&view=summary')).body.data;
    const stuck: string[] = all.map((one: { id: string }) => one.id);
    expect(stuck).toContain(await server.caseOf('Gustavo Peralta'));
    expect(stuck).toHaveLength(3);
    const same = (found: string[]) => found.toSorted().join() === stuck.toSorted().join();
    const page = await client.signIn('manager', '/');
    const tile = page.getByRole('main').getByRole('link', { name: /Incidents/ });
    await seen(tile.getByText('3'));
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/home-incidents.png` });
    await tile.click();
    await page.waitForURL(/incident=true/);
    await seen(page.getByRole('heading', { name: 'Incidents' }));
    await eventually(() => rows(page), same);
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/queue-incidents.png` });
    await page.getByRole('button', { name: 'Remove filter: Incident' }).click();
    await eventually(
      () => rows(page),
      (found) => found.length > stuck.length,
    );
    await page
      .getByRole('navigation')
      .getByRole('link', { name: /Incidents/ })
      .click();
    await eventually(() => rows(page), same);
    await page.context().close();
    const small = await client.signIn('manager', '/queue?incident=true', {
      locale: 'de-DE',
      viewport: { width: 390, height: 844 },
    });
    await seen(small.getByRole('heading', { name: 'Störungen' }));
    expect(await small.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await violations(small)).toEqual([]);
    if (process.env['SHOTS']) await small.screenshot({ path: `${process.env['SHOTS']}/queue-incidents-390.png` });
    await small.context().close();
    const reader = await client.signIn('auditor', '/queue?incident=true');
    await eventually(() => rows(reader), same);
    await reader.context().close();
  });

  it('say on a phone what has failed', async () => {
    const page = await client.signIn('manager', '/queue?incident=true', { viewport: { width: 390, height: 844 } });
    await seen(page.getByRole('row').getByText('Operator: document check'));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.context().close();
  });

  it('are repaired by correcting the data that the work lacks', async () => {
    up = true;
    const id = await failing('Lacks a name', {});
    const page = await client.signIn('manager', `/cases/${id}`);
    const incident = page.getByRole('region', { name: /Failed work: Answer/ });
    await seen(incident.getByText(/The request to moody cannot be created from this case/));
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/incident-banner.png` });
    await incident.getByRole('button', { name: 'Correct and retry' }).click();
    const dialog = page.getByRole('dialog', { name: 'Correct and retry' });
    expect(await dialog.getByLabel('Field', { exact: true }).inputValue()).toBe('name');
    await dialog.getByRole('button', { name: 'Correct and retry' }).click();
    await seen(dialog.getByText('Enter a valid value for this field.'));
    await dialog.getByLabel('Field', { exact: true }).selectOption({ label: 'Several fields, as JSON' });
    await dialog.getByRole('textbox').fill('{"name": 5}');
    await dialog.getByRole('button', { name: 'Correct and retry' }).click();
    await seen(dialog.getByRole('alert'));
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel('Field', { exact: true }).selectOption({ label: 'Full name (missing)' });
    await dialog.getByLabel('Correct value').fill('Ada Lovelace');
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/incident-correct.png` });
    await dialog.getByRole('button', { name: 'Correct and retry' }).click();
    await eventually(
      async () => (await read(id)).status,
      (status) => status === 'completed',
      90_000,
    );
    expect((await read(id)).context.name).toBe('Ada Lovelace');
    expect(asked).toContain('Ada Lovelace');
    await page.context().close();
  });

  it('are skipped with a result and a comment, by those who may', async () => {
    up = false;
    const id = await failing('Vendor is down', { name: 'Eva' });
    const reader = await client.signIn('reviewer', `/cases/${id}`);
    await seen(reader.getByText(/Only an admin or a manager can retry/));
    expect(await reader.getByRole('button', { name: /retry|Try again|Skip|Cancel case/i }).count()).toBe(0);
    await reader.context().close();
    const page = await client.signIn('manager', `/cases/${id}`);
    await seen(page.getByText('The vendor did not respond.'));
    await page.getByRole('button', { name: 'Skip with a result' }).click();
    const dialog = page.getByRole('dialog', { name: 'Skip with a result' });
    await dialog.getByLabel('Result, as JSON').fill('{ok: true}');
    await dialog.getByRole('button', { name: 'Skip with a result' }).click();
    await seen(dialog.getByText('The input is empty or not valid JSON.'));
    await seen(dialog.getByText('Explain how you know the result.'));
    expect((await read(id)).status).toBe('active');
    await dialog.getByLabel('Result, as JSON').fill('{"ok": true}');
    await dialog.getByLabel('Comment').fill('The vendor confirmed by telephone.');
    await dialog.getByRole('button', { name: 'Skip with a result' }).click();
    await eventually(
      async () => (await read(id)).status,
      (status) => status === 'completed',
    );
    await page.context().close();
  });

  it('of no use are cancelled with their case, with a reason', async () => {
    up = false;
    const id = await failing('Nobody needs it', { name: 'Eva' });
    const page = await client.signIn('manager', `/cases/${id}`);
    await page.getByRole('button', { name: 'Cancel case' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel this case?' });
    await dialog.getByRole('button', { name: 'Cancel case' }).click();
    await seen(dialog.getByText('Enter a reason.'));
    expect(await violations(page)).toEqual([]);
    expect((await read(id)).status).toBe('active');
    await dialog.getByLabel('Reason').fill('Started twice by mistake.');
    await dialog.getByRole('button', { name: 'Cancel case' }).click();
    await seen(page.getByText('Case cancelled'));
    expect((await read(id)).status).toBe('cancelled');
    await page.getByRole('button', { name: 'Cancel case' }).waitFor({ state: 'hidden' });
    await page.context().close();
  });

  it('of the search are no dead end: closed cases that match are named, and shown', async () => {
    const page = await client.signIn('reviewer', '/queue?q=Zs%C3%B3fia');
    const found = page.getByRole('button', { name: '1 closed case matches' });
    await seen(found);
    expect(await rows(page)).toEqual([]);
    await found.click();
    await eventually(
      () => rows(page),
      (all) => all.length === 1,
    );
    await page.waitForURL(/status=all/);
    await page.getByRole('button', { name: '1 closed case matches' }).waitFor({ state: 'hidden' });
    await page.context().close();
  });
});
