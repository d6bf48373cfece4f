import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, hidden, panel, rows, Server, seen } from './harness';

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

/** The ids of some open cases that wait for a decision, and are nobody's and unescalated. */
async function waiting(): Promise<string[]> {
  const found = await server.call('admin', 'GET', '/v1/cases?tag=manual_review&status=active&assignee=none&limit=50');
  return found.body.data.map((one: { id: string }) => one.id);
}

const idOf = async (who: string) => (await server.call(who, 'GET', '/v1/me')).body.user.id as string;

describe('working on a case together', () => {
  it('mentions a colleague by keyboard, whose bell leads to the note', async () => {
    const [id] = await waiting();
    await idOf('second');
    const page = await client.signIn('reviewer', `/cases/${id}?tab=notes`);
    const box = page.getByLabel('New note');
    await box.pressSequentially('See https://example.com/x. Hello @Rob');
    await seen(page.getByRole('option', { name: 'Robin Reviewer' }));
    expect(await violations(page)).toEqual([]);
    await box.press('Enter');
    expect(await box.inputValue()).toBe('See https://example.com/x. Hello @Robin Reviewer ');
    await box.press('Control+Enter');
    const link = page.getByRole('link', { name: 'https://example.com/x' });
    await seen(link);
    expect(await link.getAttribute('rel')).toContain('noopener');

    const other = await client.signIn('second', '/');
    await seen(other.getByRole('link', { name: /^Notifications ?\d+$/ }));
    await other.keyboard.press('g');
    await other.keyboard.press('n');
    const item = other.getByRole('link', { name: /Rita Reviewer mentioned you/ });
    await seen(item.getByText('Unread'));
    expect(await violations(other)).toEqual([]);
    await item.click();
    await other.waitForURL(/tab=notes/);
    await eventually(
      async () => {
        const notices = (await server.call('second', 'GET', '/v1/notifications')).body.data;
        return notices.find((one: { kind: string; case: string }) => one.kind === 'mentioned' && one.case === id)?.read;
      },
      (read) => read === true,
    );
  });

  it('edits a note of one’s own and keeps both wordings in the history', async () => {
    const [id] = await waiting();
    const page = await client.signIn('reviewer', `/cases/${id}?tab=notes`);
    await page.getByLabel('New note').fill('A tpyo');
    await page.getByRole('button', { name: 'Add note' }).click();
    const note = page.getByRole('listitem').filter({ hasText: 'A tpyo' });
    await note.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Edit note').fill('A typo');
    await page.getByRole('button', { name: 'Save' }).click();
    await seen(page.getByText('(edited)'));
    const history = await server.call('reviewer', 'GET', `/v1/cases/${id}/history?sort=-version&limit=2`);
    const texts = history.body.data.map((entry: { details: { note: { text: string } } }) => entry.details.note.text);
    expect(texts).toEqual(['A typo', 'A tpyo']);
  });

  it('snoozes a case out of one’s own queue, and shows it to everybody as snoozed', async () => {
    const [id] = await waiting();
    await server.call('reviewer', 'PUT', `/v1/cases/${id}/assignee`, { user: await idOf('reviewer') });
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await page.getByRole('button', { name: 'Snooze' }).click();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: /^Tomorrow, 9:00/ }).click();
    await seen(page.getByText(/^Snoozed until .* by You$/i));
    await page.goto(`${server.url}/queue?assignee=me`);
    await page.locator('main').waitFor();
    await eventually(
      () => rows(page),
      (ids) => !ids.includes(id ?? ''),
    );
    const other = await client.signIn('second', '/queue?snoozed=true');
    await eventually(
      () => rows(other),
      (ids) => ids.length < 4 && ids.includes(id ?? ''),
    );
    expect(await violations(other)).toEqual([]);
    await other.goto(`${server.url}/cases/${id}`);
    await seen(other.getByText(/^Snoozed until .* by Rita Reviewer$/));
    await other.getByRole('button', { name: 'Return to the queue' }).click();
    await hidden(other.getByText(/^Snoozed until/));
  });

  it('escalates a case with a reason to those who approve', async () => {
    const [id] = await waiting();
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await page.getByRole('button', { name: 'Escalate' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Escalate' }).click();
    await seen(dialog.getByText('Enter a reason.'));
    await dialog.getByLabel('Reason').fill('A former minister');
    await dialog.getByRole('button', { name: 'Escalate' }).click();
    await seen(page.getByText('A former minister'));
    expect(await violations(page)).toEqual([]);

    const manager = await client.signIn('manager', '/notifications');
    await manager
      .locator(`a[href*="${id}"]`)
      .filter({ hasText: /Rita Reviewer escalated the case/ })
      .click();
    await seen(manager.getByText('Escalated by Rita Reviewer'));
    await manager.goto(`${server.url}/queue?escalated=true`);
    await eventually(
      () => rows(manager),
      (ids) => ids.length < 4 && ids.includes(id ?? ''),
    );
    await manager.goto(`${server.url}/cases/${id}`);
    await manager.getByRole('button', { name: 'End escalation' }).click();
    await hidden(manager.getByText('Escalated by Rita Reviewer'));
  });

  it('tells others who is deciding a case, and lets them take over', async () => {
    const [id] = await waiting();
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await panel(page)
      .getByRole('button', { name: /^Reject/ })
      .first()
      .click();
    const other = await client.signIn('second', `/cases/${id}`);
    await seen(other.getByText('Rita Reviewer is deciding this case'));
    expect(await violations(other)).toEqual([]);
    const version = (await server.call('second', 'GET', `/v1/cases/${id}`)).body.version;
    const refused = await server.call(
      'second',
      'POST',
      `/v1/cases/${id}/decisions`,
      { event: 'reject', reason: 'forged_document', comment: 'c' },
      { 'If-Match': `"${version}"` },
    );
    expect([refused.status, refused.body.code]).toEqual([409, 'claimed']);
    await other.getByRole('button', { name: 'Take over' }).click();
    await other.getByRole('alertdialog').getByRole('button', { name: 'Take over' }).click();
    await hidden(other.getByText('Rita Reviewer is deciding this case'));
    await seen(page.getByText('Robin Reviewer is deciding this case'));
  });

  it('fits a phone in German, in the dark', async () => {
    const [id] = await waiting();
    await server.call('manager', 'PUT', `/v1/cases/${id}/escalation`, { reason: 'Unklar' });
    await server.call('manager', 'PUT', `/v1/cases/${id}/snooze`, {
      until: new Date(Date.now() + 86_400_000).toISOString(),
    });
    const page = await client.signIn('reviewer', `/cases/${id}`, {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      locale: 'de-DE',
    });
    await page.evaluate(() => {
      const key = Object.keys(localStorage).find((name) => name.includes('preferences')) ?? 'ballerine.preferences';
      const kept = JSON.parse(localStorage.getItem(key) ?? '{}');
      localStorage.setItem(key, JSON.stringify({ ...kept, language: 'de', theme: 'dark' }));
    });
    for (const path of [`/cases/${id}`, '/notifications']) {
      await page.goto(server.url + path);
      await seen(page.locator('main'));
      if (path !== '/notifications') await seen(page.getByText(/^Zurückgestellt bis/));
      else await seen(page.getByRole('heading', { name: 'Benachrichtigungen', level: 1 }));
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(wider).toBe(false);
      expect(await violations(page)).toEqual([]);
    }
  });
});
