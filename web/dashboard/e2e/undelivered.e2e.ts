import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, Server, seen } from './harness';

// What a subscriber refuses comes from the real server. Effects of cases are delivered at once on one machine: those that could
// not be are put into the answers of the API, and what the page asks for is checked against the API's own rules by real calls.

interface Letter {
  case: string;
  effect: string;
}

describe('undelivered', () => {
  let server: Server;
  let client: Client;
  let id: string;
  beforeAll(async () => {
    server = await Server.start();
    client = await Client.start(server);
    id = await server.caseOf('Sofie Lindqvist');
  });
  afterAll(async () => {
    await client?.close();
    await server?.close();
  });
  afterEach(() => {
    expect(client.problems.splice(0)).toEqual([]);
  });

  const letter = (effect: string, kind: string, receiver: string, type?: string) => ({
    id: `${id}/${effect}`,
    case: id,
    effect,
    kind,
    receiver,
    ...(type ? { type } : {}),
    at: '2026-11-20T08:00:00Z',
    last_at: '2026-11-20T13:30:00Z',
    dead_at: '2026-11-20T13:30:00Z',
    attempts: 20,
    error: 'unavailable',
  });

  /** Answers as an outbox with three dead letters does; what was asked of it is in `asked`. */
  async function outbox(page: Page) {
    const asked: { path: string; body: Partial<Letter> & { reason?: string } }[] = [];
    let letters = [
      letter('3/0', 'publish', 'subscribers', 'case.completed'),
      letter('4/1', 'wake', 'executions'),
      letter('5/0', 'report', 'case_parent'),
    ];
    const json = (route: Route, body: unknown) =>
      route.fulfill({ status: 200, contentType: 'application/json', body: JSON.stringify(body) });
    await page.route('**/v1/outbox/dead-letters**', async (route) => {
      if (route.request().method() === 'GET') return json(route, { data: letters, next_cursor: null });
      const body = route.request().postDataJSON() as Letter;
      asked.push({ path: new URL(route.request().url()).pathname.split('/').at(-1) ?? '', body });
      // All are settled one at a time, so that the page has to ask again.
      const removed = body.effect ? letters.filter((one) => one.effect === body.effect) : letters.slice(0, 1);
      letters = letters.filter((one) => !removed.includes(one));
      return json(route, { settled: removed.length, more: !body.effect && letters.length > 0 });
    });
    return asked;
  }

  it('is there for those who may settle it, and for nobody else', async () => {
    for (const [who, may] of [
      ['admin', true],
      ['manager', true],
      ['reviewer', false],
      ['auditor', false],
    ] as const) {
      const page = await client.signIn(who, '/undelivered');
      await seen(page.getByText(may ? 'No failed deliveries' : 'Your role does not have permission for this.'));
      expect(await page.getByRole('link', { name: 'Failed deliveries' }).count(), who).toBe(may ? 1 : 0);
      await page.context().close();
      const replayed = await server.call(who, 'POST', '/v1/outbox/dead-letters/replay', {});
      expect(replayed.status, who).toBe(may ? 200 : 403);
      const unsaid = await server.call(who, 'POST', '/v1/outbox/dead-letters/discard', { case: id, effect: '3/0' });
      expect(unsaid.status, who).toBe(may ? 422 : 403);
    }
  });

  it('lists what could not be delivered, tries one or all again, and discards with a reason', async () => {
    const page = await client.signIn('manager', '/');
    const asked = await outbox(page);
    await page.getByRole('link', { name: 'Failed deliveries' }).click();
    const list = page.getByRole('list', { name: 'Failed deliveries' });
    const message = list.getByRole('listitem').filter({ hasText: 'Event for subscribers (case.completed)' });
    await seen(message);
    expect(await message.textContent()).toMatch(/Attempts:20.*Error:unavailable/);
    expect(await message.getByRole('link').getAttribute('href')).toBe(`/cases/${id}?tab=checks`);
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/undelivered.png` });

    await message.getByRole('button', { name: 'Discard' }).click();
    const dialog = page.getByRole('dialog', { name: /Discard: Event for subscribers/ });
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await seen(dialog.getByText('Enter a reason.'));
    expect(await violations(page)).toEqual([]);
    expect(asked).toEqual([]);
    await dialog.getByLabel('Reason').fill('The subscriber was told by telephone.');
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await message.waitFor({ state: 'hidden' });

    const wake = list.getByRole('listitem').filter({ hasText: 'Wake-up of the execution' });
    await wake.getByRole('button', { name: 'Retry' }).click();
    await wake.waitFor({ state: 'hidden' });
    expect(asked).toEqual([
      { path: 'discard', body: { case: id, effect: '3/0', reason: 'The subscriber was told by telephone.' } },
      { path: 'replay', body: { case: id, effect: '4/1' } },
    ]);
    await page.context().close();
  });

  it('has what a subscriber has refused for good, and delivers it when it is tried again', async () => {
    let status = 410;
    let taken = 0;
    const receiver = createServer((_, response) => {
      if (status === 204) taken++;
      response.writeHead(status).end();
    });
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const hook = await server.call('client', 'POST', '/v1/webhooks', { url, events: ['case.created'] });
    expect(hook.status).toBe(201);
    const started = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'kyc',
      subject: { type: 'individual', external_id: 'refused', name: 'Refused Delivery' },
      context: { applicant: { name: { given: 'Refused', family: 'Delivery' }, country: 'DE' } },
    });
    expect(started.status).toBe(201);
    await eventually(
      async () =>
        (await server.call('admin', 'GET', '/v1/outbox/dead-letters?kind=deliver')).body.data.length as number,
      (count) => count === 1,
    );
    const page = await client.signIn('manager', '/undelivered');
    const one = page.getByRole('listitem').filter({ hasText: 'Webhook delivery (case.created)' });
    await seen(one);
    expect(await one.getByRole('link').getAttribute('href')).toBe(`/cases/${started.body.id}?tab=checks`);
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/undelivered-real.png` });
    status = 204;
    const path = `/v1/webhooks/${hook.body.id}`;
    const version = (await server.call('client', 'GET', path)).headers.get('ETag') ?? '';
    const enabled = await server.call('client', 'PATCH', path, { disabled: false }, { 'If-Match': version });
    expect(enabled.status).toBe(200);
    await one.getByRole('button', { name: 'Retry' }).click();
    await one.waitFor({ state: 'hidden' });
    await eventually(
      async () => taken,
      (count) => count === 1,
    );
    await page.context().close();
    receiver.close();
  });

  it('tries all again until none is left', async () => {
    const page = await client.signIn('admin', '/');
    const asked = await outbox(page);
    await page.getByRole('link', { name: 'Failed deliveries' }).click();
    await page.getByRole('button', { name: 'Retry all' }).click();
    await seen(page.getByText('Retrying 3 deliveries'));
    await seen(page.getByText('No failed deliveries'));
    expect(asked).toEqual(Array(3).fill({ path: 'replay', body: {} }));
    await page.context().close();
  });

  it('speaks German and fits a telephone', async () => {
    const page = await client.signIn('manager', '/settings', {
      locale: 'de-DE',
      viewport: { width: 390, height: 844 },
    });
    await outbox(page);
    await page.getByRole('button', { name: 'Menü' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Fehlgeschlagene Zustellungen' }).click();
    await seen(page.getByText('Ereignis für Abonnenten (case.completed)'));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(
      await page.evaluate(() => {
        const main = document.querySelector('main');
        return main ? main.scrollWidth - main.clientWidth : -1;
      }),
    ).toBe(0);
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/undelivered-390.png` });
    await page.context().close();
  });

  it('says on the case what could not be delivered, and tries it again without asking for a result', async () => {
    const page = await client.signIn('manager', '/');
    const incident = {
      id: 'inc_1',
      state: '',
      visit: 0,
      work: '',
      error: 'undelivered',
      cause: 'publish: unavailable',
      attempts: 20,
      at: '2026-11-20T13:30:00Z',
      effect: '3/0',
    };
    let retried: string | null | undefined;
    const real = await server.call('manager', 'GET', `/v1/cases/${id}`);
    await page.route(`**/v1/cases/${id}`, (route) =>
      route.fulfill({
        status: 200,
        contentType: 'application/json',
        body: JSON.stringify({ ...real.body, incidents: retried === undefined ? [incident] : [] }),
      }),
    );
    await page.route(`**/v1/cases/${id}/incidents/inc_1/retry`, (route) => {
      retried = route.request().postData();
      return route.fulfill({ status: 200, contentType: 'application/json', body: JSON.stringify(real.body) });
    });
    await page.goto(`${server.url}/cases/${id}?tab=checks`);
    const region = page.getByRole('region', { name: 'Delivery failed: Event for subscribers' });
    await seen(region);
    expect(await region.textContent()).toContain('unavailable');
    expect(await region.getByRole('textbox').count()).toBe(0);
    expect(await region.getByRole('link').getAttribute('href')).toBe('/undelivered');
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/incident.png` });
    await region.getByRole('button', { name: 'Try again' }).click();
    await eventually(
      async () => retried,
      (value) => value !== undefined,
    );
    await region.waitFor({ state: 'hidden' });
    expect(retried).toBeNull();
    await page.context().close();
  });
});
