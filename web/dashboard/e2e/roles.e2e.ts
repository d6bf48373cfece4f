import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, type Person, Server, seen } from './harness';

describe('each role', () => {
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

  /** Waits until a page has everything that it asks for. */
  const settled = (page: Page) =>
    eventually(
      () => page.locator('main').getByRole('status', { name: 'Loading…' }).count(),
      (count) => count === 0,
    );

  it.each<Person>(['admin', 'manager', 'reviewer', 'auditor', 'developer'])(
    'sees no error on any page, and asks for nothing that it may not have: %s',
    async (who) => {
      const ids = [await server.caseOf('Sofie Lindqvist'), await server.caseOf('Gustavo Peralta')];
      const page = await client.signIn(who, '/');
      const refused: string[] = [];
      page.on('response', (response) => {
        if (response.status() === 403) refused.push(new URL(response.url()).pathname);
      });
      const sound = async (place: string) => {
        await settled(page);
        await page.waitForLoadState('load');
        expect(await page.locator('main').getByRole('alert').allTextContents(), place).toEqual([]);
        expect(refused, place).toEqual([]);
      };
      await sound('/');
      for (const path of [
        '/queue',
        '/queue?incident=true',
        '/queue?status=all',
        '/proposals',
        '/undelivered',
        '/screening',
        '/backtests',
        '/settings',
      ]) {
        await page.goto(server.url + path);
        await seen(page.locator('main').getByRole('heading', { level: 1 }));
        await sound(path);
      }
      for (const id of ids) {
        await page.goto(`${server.url}/cases/${id}`);
        await seen(page.getByRole('tab').first());
        for (const tab of await page.getByRole('tab').all()) {
          await tab.click();
          await sound(`${id} ${await tab.textContent()}`);
        }
      }
      await page.context().close();
    },
  );

  it('that sees no documents is told so', async () => {
    const page = await client.signIn('developer', `/cases/${await server.caseOf('Sofie Lindqvist')}`);
    await seen(page.getByText('Your role does not have permission to view documents.'));
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/developer-documents.png` });
    await page.context().close();
  });
});
