import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, hidden, Server, seen } from './harness';

describe('entries that cannot be read', () => {
  let server: Server;
  let client: Client;
  let id: string;
  beforeAll(async () => {
    server = await Server.start();
    client = await Client.start(server);
    id = await server.caseOf('Nikolai');
  });
  afterAll(async () => {
    await client?.close();
    await server?.close();
  });
  afterEach(() => {
    expect(client.problems.splice(0)).toEqual([]);
  });

  // Every list that a page has, with what it is called there. The answers are the server's, with an id that could not be read.
  it.each([
    ['/', '/v1/cases', 'Cases'],
    ['/', '/v1/users', 'People'],
    ['/queue', '/v1/cases', 'Cases'],
    ['/queue', '/v1/views', 'Saved views'],
    ['/queue', '/v1/workflows', 'Workflows'],
    ['/notifications', '/v1/notifications', 'Notifications'],
    ['/proposals', '/v1/proposals', 'Proposals'],
    ['/backtests', '/v1/policies', 'Policies'],
    ['/backtests', '/v1/policies/*/backtest-runs', 'Backtests'],
    ['/undelivered', '/v1/outbox/dead-letters', 'Failed deliveries'],
    ['/cases/ID?tab=related', '/v1/cases/ID/related', 'Related cases'],
  ])('are named on %s when %s has some', async (at, path, list) => {
    const page = await client.signIn('admin', '/settings');
    let damaged = true;
    await page.route(
      (url) => new RegExp(`^${path.replace('ID', id).replace('*', '[^/]+')}$`).test(url.pathname),
      async (route) => {
        const response = await route.fetch();
        const body = await response.json();
        await route.fulfill({ response, json: damaged ? { ...body, unreadable: ['entry_7'] } : body });
      },
    );
    await page.clock.install();
    await page.goto(server.url + at.replace('ID', id));
    const note = page.getByText(`${list}: 1 entry could not be read (entry_7).`);
    await seen(note);
    if (list === 'Proposals') {
      expect(await violations(page)).toEqual([]);
      if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/unreadable.png` });
      damaged = false; // it has been repaired: the list is reloaded automatically
      await page.clock.fastForward(31_000);
      await hidden(note);
    }
    await page.context().close();
  });
});
