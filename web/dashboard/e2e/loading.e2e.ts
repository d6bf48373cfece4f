import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, Server, seen } from './harness';

describe('loading', () => {
  let server: Server;
  let client: Client;
  beforeAll(async () => {
    server = await Server.start();
    client = await Client.start(server);
  });
  afterAll(async () => {
    await client?.close();
    await server?.close();
  });
  afterEach(() => {
    expect(client.problems.splice(0)).toEqual([]);
  });

  it('asks for a case and for a queue before it knows what the person may do', async () => {
    const id = await server.caseOf('Sofie Lindqvist');
    for (const [path, wanted] of [
      [`/cases/${id}`, [`/v1/cases/${id}`, `/v1/cases/${id}/notes`, `/v1/cases/${id}/related`, '/v1/queue']],
      ['/queue', ['/v1/cases', '/v1/queue', '/v1/users']],
    ] as const) {
      const page = await client.signIn('reviewer', '/settings');
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      let release = () => {};
      const blocked = new Promise<void>((done) => {
        release = done;
      });
      await page.route('**/v1/me', async (route) => {
        await blocked;
        await route.continue();
      });
      await page.goto(server.url + path);
      await eventually(
        async () => asked,
        (all) => wanted.every((one) => all.includes(one)),
      );
      expect(await page.locator('main').count()).toBe(0);
      release();
      await seen(path === '/queue' ? page.locator('[data-case]') : page.getByRole('heading', { name: /Lindqvist/ }));
      // Each of them once: what was asked for early is not asked for again. A document that is looked at changes the case, which is read then.
      const looked = asked.findIndex((one) => one.includes('/documents/'));
      const calls = asked.slice(0, looked < 0 ? asked.length : looked).filter((one) => one === wanted[0]);
      expect(calls).toHaveLength(1);
      await page.context().close();
    }
  });

  it('shows the page all the same when an early call has failed', async () => {
    const id = await server.caseOf('Sofie Lindqvist');
    const page = await client.signIn('reviewer', '/settings');
    let first = true;
    await page.route(`**/v1/cases/${id}`, async (route) => {
      if (!first) return route.continue();
      first = false;
      return route.fulfill({ status: 500, json: { code: 'internal' } });
    });
    await page.goto(`${server.url}/cases/${id}`);
    await seen(page.getByRole('heading', { name: /Lindqvist/ }));
    expect(first).toBe(false);
    await page.context().close();
  });
});
