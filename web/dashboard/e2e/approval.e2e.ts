import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, panel, Server, seen } from './harness';

describe('approval', () => {
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

  const read = async (id: string) => (await server.call('admin', 'GET', `/v1/cases/${id}`)).body;

  // The page confirms that and continues with the next case; back on this one, it is open and states what it waits for.
  const waitsForAnother = async (page: Page, id: string, name: string) => {
    await seen(page.getByText(`Waiting for a second person: ${name}`));
    await page.waitForURL((url) => url.pathname.startsWith('/cases/') && !url.pathname.endsWith(id));
    await page.goto(`${server.url}/cases/${id}`);
    await seen(panel(page).getByText('A second person must confirm.'));
    expect((await read(id)).status).toBe('active');
  };

  it('shows first that a person was not screened, and approves only with reason, comment and two people', async () => {
    const id = await server.caseOf('Yuki Hoshikawa');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    const attention = page.getByRole('region', { name: 'Summary' });
    await seen(attention.getByText('Checks are incomplete'));
    await seen(attention.getByText(/Sanctions: failed, no result|Sanctions: not done/));
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/unscreened.png` });
    // Approving has its sentence, and no key leads past it.
    const decision = panel(page);
    const approve = decision.getByRole('button', { name: /^Approve(?! with)/ });
    expect(await approve.getAttribute('aria-disabled')).toBe('true');
    await seen(
      decision.getByText(/Approve: not available. A check has no result.* Repeat the checks \(Repeat screening\)/),
    );
    await page.keyboard.press('a');
    expect(await decision.getByLabel('Reason').count()).toBe(0);
    const decide = async (event: string) =>
      server.call(
        'reviewer',
        'POST',
        `/v1/cases/${id}/decisions`,
        { event },
        { 'If-Match': `"${(await read(id)).version}"` },
      );
    const refused = await decide('approve');
    expect([refused.status, refused.body.code]).toEqual([409, 'event_not_allowed']);
    // The way around a check that does not answer takes a reason and a comment.
    await decision.getByRole('button', { name: /^Approve with incomplete checks/ }).click();
    await page.keyboard.press('Control+Enter');
    await seen(decision.getByText('Enter a reason.'));
    await seen(decision.getByText('Enter a comment on what you have checked.'));
    expect((await read(id)).status).toBe('active');
    const bare = await decide('approve_unanswered');
    expect(bare.status).toBe(422);
    expect(bare.body.errors.map((field: { location: string }) => field.location)).toEqual(
      expect.arrayContaining(['body.reason', 'body.comment']),
    );
    await decision.getByLabel('Reason').selectOption({ label: 'Checked by other means' });
    await decision.getByLabel('Comment').fill('Looked at the consolidated list of the EU by hand.');
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/unanswered.png` });
    await decision.locator('button[type=submit]').click();
    // What a check would have found is not known, so that it takes two people as a critical case does.
    await waitsForAnother(page, id, 'Yuki Hoshikawa');
    const confirmed = await server.call(
      'second',
      'POST',
      `/v1/cases/${id}/decisions`,
      { event: 'approve_unanswered', reason: 'checked_otherwise', comment: 'Looked at the list as well.' },
      { 'If-Match': `"${(await read(id)).version}"` },
    );
    expect([confirmed.status, confirmed.body.outcome]).toEqual([200, 'approved']);
    await page.context().close();
  });

  it('approves a critical case when each possible match is answered and a second person confirms', async () => {
    const id = await server.caseOf('Nikolai Pavlensky');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(page.getByRole('region', { name: 'Summary' }).getByText('2 possible watchlist matches'));
    await page.keyboard.press('a');
    const decision = panel(page);
    await decision.getByLabel('Reason').selectOption({ label: 'False positive' });
    await decision.getByLabel('Comment').fill('Born in another year, in another place.');
    await decision.getByRole('button', { name: /Approve \(confirmation required\)/ }).click();
    await seen(decision.getByText('Select whether this is a match.').first());
    for (const hit of await decision.getByRole('group', { name: /PAVLENSK/ }).all()) {
      await hit.getByLabel('False positive').check();
    }
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/hits.png` });
    await decision.getByRole('button', { name: /Approve \(confirmation required\)/ }).click();
    await waitsForAnother(page, id, 'Nikolai Pavlensky');
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/proposed.png` });
    await page.context().close();

    const other = await client.signIn('second', `/cases/${id}`);
    await seen(other.getByRole('region', { name: 'Summary' }).getByText(/Rita Reviewer decided: Approved/));
    await other.keyboard.press('a');
    await panel(other).getByLabel('Reason').selectOption({ label: 'False positive' });
    await panel(other).getByLabel('Comment').fill('Looked at both entries as well.');
    for (const hit of await panel(other)
      .getByRole('group', { name: /PAVLENSK/ })
      .all()) {
      await hit.getByLabel('False positive').check();
    }
    await panel(other)
      .getByRole('button', { name: /Confirm approval/ })
      .click();
    await seen(other.getByText(/Approved: Nikolai/).first());
    expect((await read(id)).outcome).toBe('approved');
    await other.context().close();
  });
});
