import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, enter, eventually, type Person, panel, people, Server, seen } from './harness';

describe('sign-in', () => {
  let server: Server;
  let client: Client;
  beforeAll(async () => {
    server = await Server.start('--token-life', '5s', '--session', '30s');
    client = await Client.start(server);
  });
  afterAll(async () => {
    await client?.close();
    await server?.close();
  });
  afterEach(() => {
    expect(client.problems.splice(0)).toEqual([]);
  });

  it('brings each role in, names it, and brings back to the page that was asked for', async () => {
    for (const who of Object.keys(people) as Person[]) {
      const page = await client.signIn(who, '/settings');
      await seen(page.getByRole('heading', { name: 'Settings' }));
      await seen(page.getByText(people[who], { exact: true }));
      await page.context().close();
    }
  });

  it('refuses a wrong password and does not say which of the two was wrong', async () => {
    const page = await client.window();
    await page.goto(server.url);
    for (const [email, password] of [
      ['reviewer@demo.test', 'wrong'],
      ['nobody@demo.test', 'demo'],
    ] as const) {
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await seen(page.getByRole('alert'));
      expect(await page.getByRole('alert').textContent()).toContain('The e-mail address or password is incorrect');
    }
    await page.getByLabel('E-mail').fill('reviewer@demo.test');
    await page.getByLabel('Password').fill('demo');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await seen(page.getByRole('heading', { name: /Rita Reviewer/ }));
    await page.context().close();
  });

  it('shows each role what it may do, and the API refuses the rest', async () => {
    const id = await server.caseOf('Sofie Lindqvist');
    const may: Record<Person, { decide: boolean; write: boolean }> = {
      admin: { decide: true, write: true },
      manager: { decide: true, write: true },
      reviewer: { decide: true, write: true },
      second: { decide: true, write: true },
      auditor: { decide: false, write: false },
      developer: { decide: false, write: false },
    };
    for (const who of Object.keys(may) as Person[]) {
      const page = await client.signIn(who, `/cases/${id}`);
      // a developer sees no names
      await seen(
        who === 'developer'
          ? page.getByText('Your role does not have access to personal data')
          : page.getByRole('heading', { name: 'Sofie Lindqvist' }),
      );
      const approve = panel(page).getByRole('button', { name: /^Approve/ });
      if (may[who].decide) {
        await seen(approve);
        expect(await approve.getAttribute('aria-disabled'), who).toBeNull();
      } else {
        await seen(panel(page).getByText('Your role does not have permission to decide cases'));
        expect(await approve.count(), who).toBe(0);
        const email = who === 'auditor' ? 'auditor' : 'developer';
        const refused = await server.call(
          email,
          'POST',
          `/v1/cases/${id}/decisions`,
          { event: 'approve' },
          { 'If-Match': '"1"' },
        );
        expect(refused.status).toBe(403);
        const note = await server.call(email, 'POST', `/v1/cases/${id}/notes`, { text: 'x' });
        expect(note.status).toBe(403);
      }
      expect(await page.getByRole('button', { name: /Assign to me/ }).count(), who).toBe(may[who].write ? 1 : 0);
      await page.goto(`${server.url}/queue`);
      await seen(page.getByRole('grid'));
      expect(await page.getByRole('button', { name: 'New case' }).count(), who).toBe(may[who].write ? 1 : 0);
      expect(await page.getByRole('checkbox', { name: 'Select all displayed cases' }).count(), who).toBe(
        may[who].write ? 1 : 0,
      );
      await page.context().close();
    }
  });

  it('signs out, forgets the person in this browser, and shows nothing when one goes back', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    await page.getByRole('button', { name: /Rita Reviewer/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await seen(page.getByText('You are signed out'));
    expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('oidc.')))).toEqual([]);
    await page.goBack();
    await seen(page.getByRole('button', { name: people.reviewer }));
    expect(await page.getByRole('grid').count()).toBe(0);
    await page.context().close();
  });

  it('renews short tokens by itself while somebody works', async () => {
    const page = await client.signIn('reviewer', '/queue');
    let refreshed = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST' && /token/.test(request.url()) && request.postData()?.includes('refresh_token'))
        refreshed++;
    });
    await eventually(
      async () => refreshed,
      (n) => n >= 1,
      15_000,
    );
    await page.goto(`${server.url}/settings`);
    await seen(page.getByRole('heading', { name: 'Settings' }));
    await page.context().close();
  });

  it('keeps a draft when the session ends in the middle of it, and goes on after signing in again', async () => {
    const id = await server.caseOf('Ingrid Solberg');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await panel(page)
      .getByRole('button', { name: /^Reject/ })
      .click();
    await panel(page).getByLabel('Comment').fill('Half a sentence that must not be lost');
    // The session ends: the server forgets the refresh tokens with it, and the tokens run out.
    await seen(page.getByRole('dialog', { name: 'Your session has expired' }), 45_000);
    const [window] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('button', { name: 'Sign in in a new window' }).click(),
    ]);
    await enter(window, 'reviewer');
    await page.getByRole('dialog', { name: 'Your session has expired' }).waitFor({ state: 'hidden' });
    expect(await panel(page).getByLabel('Comment').inputValue()).toBe('Half a sentence that must not be lost');
    await page.reload();
    await seen(panel(page).getByLabel('Comment'));
    expect(await panel(page).getByLabel('Comment').inputValue()).toBe('Half a sentence that must not be lost');
    await page.context().close();
  });
});
