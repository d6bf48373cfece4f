import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, Server, seen } from './harness';

const asking = `id: asking
title: Asks a vendor
initial: ask
context:
  schema: {type: object, properties: {name: {type: string, title: Full name}}}
states:
  ask: {invoke: {src: vendor, id: answer, input: {plugin: priced}}, onDone: asked}
  asked: {type: final}
`;
const priced = (url: string) => `id: priced
title: A vendor with a price
price: {amount: 0.35, currency: EUR}
request: {method: POST, url: "${url}ask", body: {name: "{context.name}"}}
response: {schema: {type: object}, result: {ok: "{body.ok}"}}
`;

describe('what vendors were sent and have answered', () => {
  let server: Server;
  let client: Client;
  let vendor: HttpServer;
  beforeAll(async () => {
    vendor = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok": true, "remark": "nobody maps this"}');
    });
    await new Promise<void>((listening) => vendor.listen(0, '127.0.0.1', listening));
    server = await Server.start();
    client = await Client.start(server);
    const url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/`;
    for (const [path, source] of [
      ['plugins/priced', priced(url)],
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

  it('are shown with the attempt, in both languages and sizes', async () => {
    const started = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'asking',
      subject: { type: 'individual', external_id: 'Ada', name: 'Ada' },
      context: { name: 'Ada' },
    });
    const { id } = started.body;
    await eventually(
      async () => (await server.call('manager', 'GET', `/v1/cases/${id}`)).body.status,
      (status) => status === 'completed',
      90_000,
    );
    for (const [locale, width, colorScheme, button, heading, price] of [
      ['en-GB', 1440, 'light', 'Request and answer', 'priced: request and answer', '€0.35'],
      ['de-DE', 390, 'dark', 'Anfrage und Antwort', 'priced: Anfrage und Antwort', '0,35'],
    ] as const) {
      const options = { locale, colorScheme, viewport: { width, height: 900 } };
      const page = await client.signIn('manager', `/cases/${id}?tab=checks`, options);
      await page.locator('main details summary').last().click();
      await seen(page.getByText(price).first());
      expect(await violations(page)).toEqual([]);
      if (process.env['SHOTS'])
        await page.screenshot({ path: `${process.env['SHOTS']}/exchange-attempt-${width}.png` });
      await page.getByRole('button', { name: button }).click();
      const dialog = page.getByRole('dialog', { name: heading });
      await seen(dialog.getByText('nobody maps this'));
      await seen(dialog.getByText('"name": "Ada"'));
      expect(await violations(page)).toEqual([]);
      if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/exchange-${width}.png` });
      await page.context().close();
    }
    const causes = (await server.call('manager', 'GET', `/v1/cases/${id}/history?limit=100`)).body.data;
    expect(causes.filter((one: { cause: string }) => one.cause === 'exchange_viewed')).toHaveLength(2);
  });
});
