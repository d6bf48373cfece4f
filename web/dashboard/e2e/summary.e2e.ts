import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, panel, Server, seen } from './harness';

describe('case page, in the order of thought', () => {
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

  const summary = (page: Page) => page.getByRole('region', { name: 'Summary' });
  const top = async (page: Page, name: 'Summary' | 'evidence' | 'decision') => {
    const part =
      name === 'Summary' ? summary(page) : name === 'evidence' ? page.getByRole('tablist') : panel(page).first();
    const box = await part.boundingBox();
    if (!box) throw new Error(`${name} is not there`);
    return { top: box.y, bottom: box.y + box.height };
  };

  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    it(`shows the summary, then the evidence, then the decision that stays in reach, ${viewport.width} px wide`, async () => {
      const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Nikolai Pavlensky')}`, { viewport });
      await seen(panel(page).getByRole('button', { name: /^Approve/ }));
      await seen(summary(page).getByText('2 possible watchlist matches'));
      expect((await top(page, 'Summary')).bottom).toBeLessThanOrEqual((await top(page, 'evidence')).top);
      const after = await page.evaluate(() => {
        const [evidence, decision] = [
          document.querySelector('[role=tablist]'),
          document.querySelector('article > aside'),
        ];
        return evidence && decision && evidence.compareDocumentPosition(decision);
      });
      expect(after).toBe(4); // it follows
      // Wherever one reads, the decision is at the foot of the window and takes little of it.
      for (const part of [0, 0.5, 1]) {
        await page.locator('main').evaluate((main, at) => main.scrollTo(0, main.scrollHeight * at), part);
        const bar = await top(page, 'decision');
        expect(Math.round(bar.bottom)).toBe(viewport.height);
        expect(bar.bottom - bar.top).toBeLessThan(viewport.height / 5);
      }
      expect(await violations(page)).toEqual([]);
      // A decision that is being written leaves the evidence in sight, and its button is in the window.
      await panel(page)
        .getByRole('button', { name: /^Reject/ })
        .first()
        .click();
      const chosen = panel(page).getByRole('button', { name: /^Reject/, pressed: true });
      const color = (of: typeof chosen) => of.evaluate((one) => getComputedStyle(one).backgroundColor);
      expect(await color(chosen)).not.toBe(await color(panel(page).getByRole('button', { name: /^Approve/ })));
      expect((await top(page, 'decision')).top).toBeGreaterThan(viewport.height * 0.25);
      await seen(panel(page).getByRole('button', { name: /Reject case/ }));
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });
  }

  it('shows possible matches beside the applicant’s own data, and what is alike', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Nikolai Pavlensky')}`);
    const table = summary(page).getByRole('group', { name: 'Possible matches and the applicant' });
    const rows = await table.getByRole('row').allTextContents();
    expect(rows[1]).toMatch(/Nikolai Pavlensky.*Applicant, as declared.*5 Dec 1971.*Bulgaria/);
    expect(rows[2]).toMatch(
      /PAVLENSKIY.*demo.*spellings of one word.*Consolidated sanctions list.*1971.*Same as the applicant.*Bulgaria.*94%/,
    );
    await seen(summary(page).getByText('2 possible matches to assess'));
    await page.context().close();
  });

  it('says what differs, and that nothing is open where nothing is', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Sofie Lindqvist')}`);
    await seen(summary(page).getByText(/Date of birth: declared .?7 Feb 1994.?, in the document’s zone .?2 Jul 1994/));
    await seen(summary(page).getByText('4 of 4 checks completed'));
    await seen(summary(page).getByText('No open items'));
    await page.context().close();
  });

  it('marks notes of others as new until they were seen, on the summary, the tab and the note', async () => {
    const id = await server.caseOf('Sofie Lindqvist');
    const text = 'Waiting for the certificate of birth.';
    expect((await server.call('second', 'POST', `/v1/cases/${id}/notes`, { text })).status).toBe(201);
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(summary(page).getByText(text));
    const notes = page.getByRole('tab', { name: /Notes/ });
    await eventually(
      () => notes.textContent(),
      (text) => /1 new.*1/.test(text ?? ''),
    );
    await summary(page)
      .getByRole('button', { name: /1 note.*1 new/ })
      .click();
    await seen(page.getByRole('tabpanel').getByRole('listitem').filter({ hasText: text }).getByText('New'));
    await page.reload();
    await seen(summary(page).getByText(text));
    expect(await page.getByText('1 new').count()).toBe(0);
    await page.context().close();
  });

  it('announces a note that arrives while somebody decides', async () => {
    const id = await server.caseOf('Sofie Lindqvist');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await panel(page)
      .getByRole('button', { name: /^Reject/ })
      .click();
    const text = 'The employer has confirmed the address.';
    expect((await server.call('second', 'POST', `/v1/cases/${id}/notes`, { text })).status).toBe(201);
    await seen(page.getByText(/^New note by /));
    await seen(page.getByText(text).first());
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    await seen(page.getByRole('tabpanel').getByRole('listitem').filter({ hasText: text }));
    await page.context().close();
  });

  it('shows the matches first among the checks of a case that is decided', async () => {
    const id = await server.caseOf('Nikolai Pavlensky');
    const page = await client.signIn('reviewer', '/settings');
    await page.route(`**/v1/cases/${id}`, async (route) => {
      if (route.request().method() !== 'GET') return route.continue();
      const { 'if-none-match': _, ...headers } = route.request().headers(); // the answer is made another one each time
      const response = await route.fetch({ headers });
      const { needs: __, ...one } = await response.json();
      return route.fulfill({ response, json: { ...one, status: 'completed', outcome: 'rejected', next: [] } });
    });
    await page.goto(`${server.url}/cases/${id}?tab=checks`);
    const tab = page.getByRole('tabpanel');
    await seen(tab.getByRole('row', { name: /PAVLENSKIY/ }));
    expect(await tab.getByRole('heading').first().textContent()).toBe('2 possible watchlist matches');
    await seen(panel(page).getByText('This case is closed. No decision is needed.'));
    await page.context().close();
  });

  it('shows each check in one line with its attempts behind it, and no ids, conditions or raw times', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Nikolai Pavlensky')}?tab=checks`);
    const tab = page.getByRole('tabpanel');
    await seen(tab.getByRole('heading', { name: 'Policy KYC risk, version 1' }));
    // What a decision has to answer is above all tabs, and not shown twice.
    await seen(summary(page).getByRole('group', { name: 'Possible matches and the applicant' }));
    expect(await tab.getByRole('group', { name: 'Possible matches and the applicant' }).count()).toBe(0);
    await tab.getByText(/rules? not triggered/).click();
    const text = (await tab.innerText()).replace(/idc_\w+/, ''); // what a vendor calls its own answer is shown unchanged
    expect(text).not.toMatch(/\d{4}-\d\d-\d\d|\d{2}:\d{2}:\d{2}|It (holds|does not hold) that|\w+_\w+|kyc-risk/);
    await page.goto(`${server.url}/cases/${await server.caseOf('Yuki Hoshikawa')}?tab=checks`);
    const work = tab.getByRole('list', { name: 'Checks and vendor calls' }).getByRole('listitem');
    const screening = work.filter({ hasText: 'Sanctions' });
    await seen(screening.getByText('Not available').first());
    await seen(screening.getByText(/^4 attempts, last /));
    expect(await screening.count()).toBe(1);
    await screening.getByText('Sanctions', { exact: true }).click();
    expect(await screening.getByRole('row').count()).toBe(5);
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it('says of a closed case who decided, when, with which reason and comment', async () => {
    const id = await server.caseOf('Tariq Al-Masri');
    const page = await client.signIn('auditor', `/cases/${id}`);
    const outcome = page.getByRole('region', { name: 'Outcome' });
    await seen(outcome.getByText('Approved', { exact: true }));
    await seen(outcome.getByText(/^Rita Reviewer · /));
    await seen(outcome.getByText('False positive'));
    await seen(outcome.getByText(/List entry is six years older/));
    expect(await outcome.locator('time').count()).toBe(1);
    await page.goto(`${server.url}/cases/${await server.caseOf('Emil Rosendahl')}`);
    await seen(outcome.getByText('Decided automatically by the workflow.'));
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });
});
