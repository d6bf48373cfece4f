import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, panel, Server, seen } from './harness';

const policy = (age: number, more = '') => `id: own
title: Own
outcomes: [review, approve]
default: approve
rules:
  - {id: young, outcome: review, when: "age < ${age}"}
${more}cases:
  - {name: a child, now: 2026-01-01, input: {age: 3}, expect: {outcome: review}}
`;
const workflow = (states: string) => `id: decides
initial: a
states:
  a: {on: {GO: b}}
${states}  c: {type: final}
`;
const was = workflow('  b: {on: {GO: c}}\n');
const becomes = workflow('  b2: {on: {GO: c}}\n').replace('GO: b}', 'GO: b2}');

describe('proposals', () => {
  let server: Server;
  let client: Client;
  beforeAll(async () => {
    server = await Server.start();
    client = await Client.start(server);
    await publish('admin', 'policies/own', policy(16), 201);
    await publish('admin', 'workflows/decides', was, 201);
    const on = await server.call(
      'admin',
      'PUT',
      '/v1/publishing-settings',
      { four_eyes: true, comment: 'as the auditors ask' },
      { 'If-Match': (await server.call('admin', 'GET', '/v1/publishing-settings')).headers.get('ETag') ?? '' },
    );
    expect(on.status).toBe(200);
  });
  afterAll(async () => {
    await client?.close();
    await server?.close();
  });
  afterEach(async () => {
    expect(client.problems.splice(0)).toEqual([]);
    // Each begins with nothing open.
    for (const one of (await server.call('admin', 'GET', '/v1/proposals?status=open')).body.data) {
      const who = one.proposed_by.includes('admin') ? 'admin' : 'developer';
      expect((await server.call(who, 'POST', `/v1/proposals/${one.id}/withdrawal`)).status).toBe(200);
    }
  });

  async function publish(who: string, path: string, source: string, want: number, comment = ''): Promise<string> {
    const made = await server.call(who, 'POST', `/v1/${path}/versions`, { source, comment });
    expect([made.status, made.body], JSON.stringify(made.body)).toEqual([want, expect.anything()]);
    return made.body.id;
  }
  const propose = (who: string, path: string, source: string, comment = '') => publish(who, path, source, 202, comment);
  const read = async (id: string) => (await server.call('auditor', 'GET', `/v1/proposals/${id}`)).body;
  const shot = async (page: Page, name: string) => {
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/${name}.png` });
  };

  it('are in the bell of those who may approve them, until they are settled', async () => {
    const id = await propose('developer', 'policies/own', policy(19));
    const page = await client.signIn('manager', '/notifications');
    const item = page.getByRole('link', { name: /proposed a publication that needs your approval/ });
    await seen(item.filter({ hasText: 'own' }));
    const bell = page.getByRole('navigation').getByRole('link', { name: /^Notifications/ });
    expect(await bell.textContent()).toMatch(/[1-9]/);
    expect(await violations(page)).toEqual([]);
    await item.click();
    await page.waitForURL((url) => url.pathname === `/proposals/${id}`);
    await page.context().close();
    const developer = await client.signIn('developer', '/notifications');
    await seen(developer.getByRole('heading', { name: 'Notifications' }));
    expect(await developer.getByRole('list', { name: 'Proposals waiting for you' }).count()).toBe(0);
    await developer.context().close();
  });

  it('lists who wants to publish what, and counts for approvers what waits for them', async () => {
    await propose('developer', 'policies/own', policy(17), 'Seventeen, as the law \u202esays');
    await propose('admin', 'workflows/decides', becomes);
    for (const [who, count] of [
      ['manager', '2'],
      ['admin', '1'],
      ['developer', ''],
      ['auditor', ''],
    ] as const) {
      const page = await client.signIn(who, '/proposals');
      const link = page.getByRole('navigation').getByRole('link', { name: 'Proposals' });
      await seen(page.getByRole('link', { name: /Policy own/ }));
      if (count) await seen(link.getByText(count, { exact: true }));
      expect((await link.textContent())?.replace('Proposals', ''), who).toBe(count);
      const row = page.getByRole('link', { name: /Policy own/ });
      expect(await row.textContent()).toMatch(
        /Open.*Proposed by (Dana Developer|you).*Based on version \d+.*Seventeen, as the law <U\+202E>says/i,
      );
      expect(await row.getByText('Waiting for you').count(), who).toBe(count ? 1 : 0);
      if (who === 'manager') {
        expect(await violations(page)).toEqual([]);
        await shot(page, 'proposals');
      }
      await page.context().close();
    }
    const page = await client.signIn('reviewer', '/proposals');
    await seen(page.getByText('Your role does not have permission for this.'));
    expect(await page.getByRole('link', { name: 'Proposals' }).count()).toBe(0);
    await page.context().close();
  });

  it('shows the changes with what cannot be seen written out, and publishes them with a comment', async () => {
    const id = await propose(
      'developer',
      'policies/own',
      policy(18, '  - {id: admins, outcome: approve, when: "role == \'\u202enimda\u202c\'"}\n').replace(
        'title: Own',
        'title: Own',
      ),
      'Eighteen',
    );
    const page = await client.signIn('manager', '/proposals');
    await page.getByRole('link', { name: /Policy own/ }).click();
    const lines = page.getByRole('table', { name: 'Changes by line' });
    await seen(lines);
    const shown = await lines.getByRole('row').allTextContents();
    expect(shown.filter((line) => line.includes('added'))).toEqual([
      expect.stringContaining('when: "age < 18"'),
      expect.stringContaining("role == '<U+202E>nimda<U+202C>'"),
    ]);
    expect(shown.filter((line) => line.includes('removed'))).toEqual([expect.stringContaining('when: "age < 16"')]);
    await seen(page.getByText(/Contains characters that are invisible/));
    await seen(page.getByText('1 of 1 test cases pass'));
    await page.getByText('Source as proposed').click();
    await seen(page.getByRole('table', { name: 'Source as proposed' }).getByText('title: Own'));
    expect(await violations(page)).toEqual([]);
    await shot(page, 'proposal');

    await panel(page).getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog', { name: 'Approve and publish?' });
    await dialog.getByLabel('Comment').fill('Read line by line.');
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await seen(page.getByText('It was approved and is published.'));
    await seen(page.getByText('Read line by line.'));
    await seen(page.getByText('Published as version 2'));
    expect(await panel(page).count()).toBe(0);
    expect(await read(id)).toMatchObject({ status: 'approved', reason: 'Read line by line.' });
    await page.context().close();
  });

  it('shows what changes for running cases, and rejects only with a reason', async () => {
    const id = await propose('developer', 'workflows/decides', becomes);
    const page = await client.signIn('manager', `/proposals/${id}`);
    await seen(page.getByRole('heading', { name: 'Changes for running cases' }));
    await seen(page.getByText(/State removed: b/));
    await seen(page.getByText('Cases in this state must be moved to another one'));
    expect(await violations(page)).toEqual([]);
    await shot(page, 'proposal-workflow');
    await panel(page).getByRole('button', { name: 'Reject' }).click();
    const dialog = page.getByRole('dialog', { name: 'Reject the proposal?' });
    await dialog.getByRole('button', { name: 'Reject' }).click();
    await seen(dialog.getByText('Enter a reason.'));
    expect((await read(id)).status).toBe('open');
    await dialog.getByLabel('Reason').fill('Cases stand in b.');
    await dialog.getByRole('button', { name: 'Reject' }).click();
    await seen(page.getByText('It was rejected: nothing was published.'));
    await seen(page.getByText('Cases stand in b.'));
    expect(await read(id)).toMatchObject({ status: 'rejected', reason: 'Cases stand in b.' });
    await page.context().close();
  });

  it('lets nobody approve their own, says so, and lets them withdraw it', async () => {
    const id = await propose('admin', 'policies/own', policy(20));
    const approved = await server.call('admin', 'POST', `/v1/proposals/${id}/approval`, {});
    expect(approved.status).toBe(403);
    const page = await client.signIn('admin', `/proposals/${id}`);
    await seen(page.getByText('This is your proposal: another person must approve it.'));
    expect(await panel(page).getByRole('button').allTextContents()).toEqual(['Withdraw']);
    await panel(page).getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await seen(page.getByText('It was withdrawn: nothing was published.'));
    expect((await read(id)).status).toBe('withdrawn');
    await page.context().close();
    const reader = await client.signIn('auditor', '/proposals?status=withdrawn');
    await seen(reader.getByRole('link', { name: /Policy own.*Withdrawn/ }));
    await reader.context().close();
  });

  it('says that another version has come since, or that somebody else was faster', async () => {
    const [first, stale] = [
      await propose('developer', 'policies/own', policy(21)),
      await propose('developer', 'policies/own', policy(22)),
    ];
    const page = await client.signIn('manager', `/proposals/${first}`);
    await panel(page).getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog');
    await seen(dialog);
    expect((await server.call('admin', 'POST', `/v1/proposals/${first}/approval`, {})).status).toBe(200);
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await seen(page.getByText('It was approved and is published.'));
    await seen(page.getByText(/Approved by Ada Admin/));

    await page.goto(`${server.url}/proposals/${stale}`);
    await seen(page.getByText(/It cannot be approved: what it is based on has changed/));
    await seen(page.getByText(/Version \d+ has since been published/));
    expect(await panel(page).getByRole('button').allTextContents()).toEqual(['Reject']);
    expect((await server.call('manager', 'POST', `/v1/proposals/${stale}/approval`, {})).body.code).toBe('outdated');
    await page.reload();
    await seen(page.getByText(/It is outdated: what it was based on has changed/));
    expect(await panel(page).count()).toBe(0);
    await page.context().close();
  });

  it('shows a change of the settings, speaks German and fits a telephone', async () => {
    const off = await server.call(
      'admin',
      'PUT',
      '/v1/publishing-settings',
      { four_eyes: false, comment: 'too slow' },
      { 'If-Match': (await server.call('admin', 'GET', '/v1/publishing-settings')).headers.get('ETag') ?? '' },
    );
    expect(off.status).toBe(202);
    const policyId = await propose('developer', 'policies/own', policy(23), 'Eine sehr lange Bemerkung '.repeat(8));
    const page = await client.signIn('manager', `/proposals/${off.body.id}`, {
      locale: 'de-DE',
      viewport: { width: 390, height: 844 },
    });
    await seen(page.getByRole('heading', { level: 1, name: 'Vier-Augen-Prinzip ausschalten' }));
    await seen(page.getByText(/Danach kann eine Person allein/));
    for (const path of [`/proposals/${off.body.id}`, `/proposals/${policyId}`, '/proposals']) {
      await page.goto(server.url + path);
      await seen(page.getByText(/Vorgeschlagen von/));
      await page.evaluate(() => document.fonts.ready);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
      expect(
        await page.evaluate(() => {
          const main = document.querySelector('main');
          return main ? main.scrollWidth - main.clientWidth : -1;
        }),
        path,
      ).toBe(0);
      expect(await violations(page), path).toEqual([]);
      await shot(page, `proposals-390-${path.length}`);
    }
    await page.context().close();
  });
});
