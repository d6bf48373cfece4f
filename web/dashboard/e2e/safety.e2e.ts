import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, Server, seen } from './harness';

describe('safety', () => {
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

  it('serves documents so that no browser guesses what they are, or gives them rights of its pages', async () => {
    const id = await server.caseOf('Sofie Lindqvist');
    const { documents } = (await server.call('reviewer', 'GET', `/v1/cases/${id}`)).body;
    const link = await server.call('reviewer', 'GET', `/v1/cases/${id}/documents/${documents[0].id}/link`);
    const response = await fetch(link.body.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(response.headers.get('content-type')).toBe(documents[0].content_type);
    expect(response.headers.get('cache-control')).toContain('no-store');
  });

  it.each(['light', 'dark'] as const)('keeps superseded documents legible: %s', async (colorScheme) => {
    const id = await server.caseOf('Sofie Lindqvist');
    const page = await client.signIn('reviewer', '/', { colorScheme });
    const real = (await server.call('reviewer', 'GET', `/v1/cases/${id}`)).body;
    const [first] = real.documents;
    await page.route(`**/v1/cases/${id}`, (route) =>
      route.fulfill({
        status: 200,
        contentType: 'application/json',
        body: JSON.stringify({
          ...real,
          documents: [
            ...['checked', 'rejected', 'revision'].map((status, n) => ({ ...first, id: `former${n}`, status })),
            ...real.documents,
          ],
        }),
      }),
    );
    await page.goto(`${server.url}/cases/${id}`);
    const former = page.getByRole('list', { name: 'Documents' }).getByRole('button', { name: /^Passport/ });
    await seen(former.nth(3));
    for (const one of await former.all())
      expect(await one.evaluate((button) => getComputedStyle(button).opacity)).toBe('1');
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/superseded-${colorScheme}.png` });
    await page.context().close();
  });

  it('ends the tokens of a session with its sign-out', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    const kept = await page.evaluate(() => {
      const name = Object.keys(sessionStorage).find((key) => key.startsWith('oidc.user')) ?? '';
      return JSON.parse(sessionStorage.getItem(name) ?? '{}') as { refresh_token?: string };
    });
    const { client_id: clientId, issuer } = await page.evaluate(async () => (await fetch('/config.json')).json());
    const refresh = (token: string | undefined) =>
      fetch(`${issuer}/oauth2/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: clientId,
          refresh_token: token ?? '',
        }),
      });
    const before = await refresh(kept.refresh_token);
    expect(before.status).toBe(200);
    const { refresh_token: rotated } = await before.json();
    await page.evaluate((token) => {
      const name = Object.keys(sessionStorage).find((key) => key.startsWith('oidc.user')) ?? '';
      const user = JSON.parse(sessionStorage.getItem(name) ?? '{}');
      sessionStorage.setItem(name, JSON.stringify({ ...user, refresh_token: token }));
    }, rotated);
    await page.getByRole('button', { name: /Rita Reviewer/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await seen(page.getByText('You are signed out'));
    for (const token of [kept.refresh_token, rotated]) expect((await refresh(token)).status).toBe(400);
    await page.context().close();
  });
});
