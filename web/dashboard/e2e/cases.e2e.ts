import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, panel, rows, Server, seen } from './harness';
import { root } from './program';

describe('case', () => {
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

  /** Rejects in the panel, with a comment; the reason is the first. */
  async function reject(page: Page, comment = '') {
    await panel(page)
      .getByRole('button', { name: /^Reject/ })
      .first()
      .click();
    await panel(page).getByLabel('Reason').selectOption({ index: 1 });
    if (comment) await panel(page).getByLabel('Comment').fill(comment);
    await panel(page)
      .getByRole('button', { name: /Reject case/ })
      .click();
  }

  it('shows what needs deciding: subject, risk with reasons, deadline, image beside data, mismatches marked', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Sofie Lindqvist')}`);
    await seen(page.getByRole('heading', { name: 'Sofie Lindqvist' }));
    await page.getByRole('button', { name: 'Risk and reasons' }).click();
    await seen(page.getByText(/name or date of birth is not the applicant/));
    await page.keyboard.press('Escape');
    await seen(page.getByText(/left$/));
    const row = page.getByRole('row', { name: /Date of birth/ });
    expect(await row.textContent()).toMatch(/7 Feb 1994.*2 Jul 1994.*Differs/);
    const image = page
      .getByRole('img', { name: /Passport/ })
      .filter({ visible: true })
      .first();
    await eventually(
      () => image.evaluate((one: HTMLImageElement) => one.complete && one.naturalWidth),
      (wide) => Number(wide) > 300,
    );
    for (const tool of ['Zoom in (+)', 'Rotate (.)', 'Fit (0)']) await page.getByRole('button', { name: tool }).click();
    await page.getByRole('button', { name: 'Face comparison' }).click();
    await seen(page.getByText('Document photo and selfie'));
    await page.context().close();
  });

  it('does not take letters for commands while somebody writes, nor at all when they are switched off', async () => {
    const id = await server.caseOf('Ingrid Solberg');
    const page = await client.signIn('reviewer', `/cases/${id}?tab=notes`);
    await page.getByLabel('New note').fill('');
    await page.getByLabel('New note').pressSequentially('arvjkxi');
    expect(await page.getByLabel('New note').inputValue()).toBe('arvjkxi');
    expect(await panel(page).getByLabel('Reason').count()).toBe(0);
    await page.getByLabel('New note').fill('');
    await page.goto(`${server.url}/settings`);
    await page.getByRole('switch', { name: 'Keyboard shortcuts' }).click();
    await page.goto(`${server.url}/cases/${id}`);
    await seen(panel(page).getByRole('button', { name: /^Reject/ }));
    await page.keyboard.press('r');
    expect(await panel(page).getByLabel('Reason').count()).toBe(0);
    await page.keyboard.press('Control+k');
    await seen(page.getByRole('dialog'));
    await page.context().close();
  });

  it('shows who else is there, and lets one of two decisions win with the other’s draft kept', async () => {
    const id = await server.caseOf('Maeve');
    const rita = await client.signIn('reviewer', `/cases/${id}`);
    const robin = await client.signIn('second', `/cases/${id}`);
    await seen(rita.getByText('Robin Reviewer is viewing this case'));
    await seen(robin.getByText('Rita Reviewer is viewing this case'));
    await panel(robin)
      .getByRole('button', { name: /^Approve/ })
      .click();
    await panel(robin).getByLabel('Reason').selectOption({ index: 1 }); // a face that differs is no clean case
    await panel(robin).getByLabel('Comment').fill('I was about to approve this');
    await seen(rita.getByText('Robin Reviewer is writing a decision'));
    // Robin's page does not learn of it: as on a slow line, or when both press at the same moment.
    await robin.route(/\/v1\/cases\/[^/]+$/, (route) =>
      route.request().method() === 'GET' ? route.abort() : route.continue(),
    );
    // Robin is deciding: to decide first, Rita takes over.
    await reject(rita, 'Face differs');
    const takeOver = rita.getByRole('alertdialog', { name: 'Take over from Robin Reviewer?' });
    await takeOver.getByRole('button', { name: 'Take over' }).click();
    await panel(rita)
      .getByRole('button', { name: /Reject case/ })
      .click();
    await seen(rita.getByText(/Rejected: Maeve/));
    await panel(robin)
      .getByRole('button', { name: /Approve \(confirmation required\)/ }) // a critical case takes two
      .click();
    const stale = robin.getByRole('dialog', { name: 'This case has changed' });
    await seen(stale);
    expect(await stale.textContent()).toContain('Rita Reviewer');
    expect(await stale.textContent()).toContain('Reject');
    await robin.unroute(/\/v1\/cases\/[^/]+$/);
    await stale.getByRole('button', { name: 'Show current version' }).click();
    await seen(robin.getByText('Your draft is saved.'));
    expect(
      await robin.evaluate(
        (key) =>
          Object.entries(sessionStorage)
            .concat(Object.entries(localStorage))
            .some(([name, value]) => name.includes(key) && value.includes('I was about to approve this')),
        id,
      ),
    ).toBe(true);
    expect((await read(id)).configuration).toEqual(['rejected']);
    await rita.context().close();
    await robin.context().close();
  });

  it('shows a decision by somebody else without a reload', async () => {
    const id = await server.caseOf('Jürgen');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(panel(page).getByRole('button', { name: /^Approve/ }));
    const now = await server.call('second', 'GET', `/v1/cases/${id}`);
    const done = await server.call(
      'second',
      'POST',
      `/v1/cases/${id}/decisions`,
      { event: 'reject', reason: 'identity_not_confirmed' },
      { 'If-Match': now.headers.get('ETag') ?? '' },
    );
    expect(done.status).toBe(200);
    await seen(page.getByText(/Robin Reviewer decided: Reject/));
    await page.context().close();
  });

  it('takes a decision back within its time, and not after it', async () => {
    const id = await server.caseOf('Rashid');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(panel(page).getByRole('button', { name: /^Reject/ }));
    await reject(page, 'Too fast');
    await seen(page.getByText(/Rejected: Rashid/));
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await seen(page.getByText('Decision undone'));
    await eventually(
      async () => (await read(id)).configuration.join(),
      (state) => state === 'review',
    );
    await reject(page, 'Now for good');
    await seen(page.getByText(/Rejected: Rashid/));
    const after = await server.call('reviewer', 'GET', `/v1/cases/${id}`);
    await page.getByRole('button', { name: 'Undo' }).first().waitFor({ state: 'hidden' });
    const late = await server.call('reviewer', 'POST', `/v1/cases/${id}/undo`, undefined, {
      'If-Match': after.headers.get('ETag') ?? '',
    });
    expect([late.status, late.body.code]).toEqual([409, 'undo_over']);
    const causes = (await server.call('auditor', 'GET', `/v1/cases/${id}/history?limit=200`)).body.data.map(
      (entry: { cause: string }) => entry.cause,
    );
    expect(causes.filter((cause: string) => cause === 'decision').length).toBe(2);
    expect(causes.filter((cause: string) => cause === 'undone').length).toBe(1);
    await page.context().close();
  });

  it('asks the applicant for more with one message, and the case comes back with a new document', async () => {
    const id = await server.caseOf('Tomás');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await panel(page)
      .getByRole('button', { name: /^Request information/ })
      .click();
    await panel(page)
      .getByRole('checkbox', { name: /Passport/ })
      .check();
    await panel(page)
      .getByLabel(/^Reason: Passport/)
      .selectOption({ label: 'Glare on the image' });
    await panel(page).getByLabel('Message to the applicant').fill('Please take the picture away from the window.');
    const preview = await panel(page).locator('blockquote').textContent();
    expect(preview).toContain('Please take the picture away from the window.');
    expect(preview).toContain('Glare on the image');
    await panel(page)
      .getByRole('button', { name: /Send to applicant/ })
      .click();
    await eventually(
      async () => (await read(id)).configuration.join(),
      (state) => state === 'collect',
    );
    const token = (await server.call('client', 'POST', `/v1/cases/${id}/flow-tokens`, {})).body.token;
    const flow = (await server.call(token, 'GET', '/v1/flow/case')).body;
    expect(flow.message.text).toContain('Please take the picture away from the window.');
    expect(flow.message.documents.length).toBe(1);
    // The applicant sends a new one.
    const passport = (await read(id)).documents.find(
      (one: { kind: string; status: string }) => one.kind === 'passport',
    );
    const picture = await server.content(id, passport.id);
    await server.upload(id, 'passport', passport.content_type, new Uint8Array([...picture, 0]), passport.properties);
    const sent = await server.call('client', 'POST', `/v1/cases/${id}/events`, { type: 'SUBMIT' });
    expect(sent.status).toBe(200);
    await eventually(
      async () => (await read(id)).configuration.join(),
      (state) => state === 'review',
    );
    await page.goto(`${server.url}/cases/${id}`);
    await seen(panel(page).getByRole('button', { name: /^Approve/ }));
    expect(
      await page
        .getByRole('list', { name: 'Documents' })
        .getByRole('button', { name: /Passport/ })
        .count(),
    ).toBe(2);
    await page.context().close();
  });

  it('decides a document by itself, with a reason, and says why the case cannot be approved then', async () => {
    const id = await server.caseOf('Callum');
    const page = await client.signIn('second', `/cases/${id}`);
    const documentPanel = page
      .getByRole('region', { name: 'Document decision' })
      .or(page.locator('section', { has: page.getByRole('heading', { name: 'Document decision' }) }));
    await documentPanel.first().getByRole('button', { name: 'Reject passport' }).click();
    await documentPanel.first().getByRole('button', { name: 'Reject passport' }).click();
    await seen(page.getByText('Enter a reason.'));
    await documentPanel.first().getByLabel('Reason').selectOption({ label: 'Does not look genuine' });
    await documentPanel.first().getByRole('button', { name: 'Reject passport' }).click();
    await seen(page.getByRole('list', { name: 'Documents' }).getByText('Rejected'));
    const approve = panel(page).getByRole('button', { name: /^Approve/ });
    await eventually(
      () => approve.getAttribute('aria-disabled'),
      (value) => value === 'true',
    );
    await seen(panel(page).getByText(/Approve: not available/));
    // Why not is the definition's sentence, never its condition.
    const why = await panel(page)
      .getByText(/Approve: not available/)
      .innerText();
    expect(why).toMatch(/Approve: not available\. [A-Z].*\.$/);
    expect(why).not.toMatch(/[=&|!]{1,2}|\w\.\w|_/);
    await page.context().close();
  });

  it('calls documents, fields and states what the workflow calls them in the reader’s language', async () => {
    const id = await server.caseOf('Dario Fontanella');
    const page = await client.signIn('reviewer', `/cases/${id}`, { locale: 'de-DE' });
    await seen(page.getByRole('region', { name: 'Reisepass, die Seite mit dem Lichtbild' }));
    await seen(page.getByRole('article').getByText('Aufnahme einer Person', { exact: true }));
    expect(await page.getByText('Individual onboarding').filter({ visible: true }).count()).toBe(0);
    await page.getByRole('tab', { name: 'Daten' }).click();
    await seen(page.getByRole('tabpanel').getByText('Geburtsdatum', { exact: true }));
    await page.getByRole('tab', { name: /Workflow|Ablauf/ }).click();
    await seen(page.getByRole('region', { name: 'Aufnahme einer Person' }));
    // So are the results of vendors called, and the reasons of the policy in the summary.
    await page.goto(`${server.url}/cases/${await server.caseOf('Konstantin Wallner')}?tab=checks`);
    const result = page.getByRole('region', { name: 'Ergebnis: Identitätsprüfung' });
    await seen(result.getByText('Referenz', { exact: true }));
    await seen(result.getByText('Punktzahl', { exact: true }));
    expect(await result.getByText('EN', { exact: true }).count()).toBe(0);
    const why = page.getByRole('region', { name: 'Warum der Fall hier ist' });
    await seen(why.getByRole('listitem'));
    expect(await why.textContent()).not.toMatch(/The |vendor/);
    await page.context().close();
  });

  it('folds looks at documents in a row into one entry that names how often, by how many and which', async () => {
    const started = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'kyc',
      subject: { type: 'individual', id: 'looked-at', name: 'Lotte Aberg' },
      context: { applicant: { name: { given: 'Lotte', family: 'Aberg' }, date_of_birth: '1990-01-01', country: 'SE' } },
    });
    const id: string = started.body.id; // no other test views it
    const picture = readFileSync(join(root, 'docs/walkthrough/passport-kovacs.png'));
    const passport = await server.upload(id, 'passport', 'image/png', picture);
    await eventually(
      async () => (await server.call('admin', 'GET', `/v1/cases/${id}/documents/${passport}/link`)).status,
      (status) => status === 200,
    );
    for (const who of ['reviewer', 'second', 'second'])
      await server.call(who, 'GET', `/v1/cases/${id}/documents/${passport}/link`);
    const page = await client.signIn('auditor', `/cases/${id}?tab=history`);
    const entry = page.getByRole('tabpanel').getByText('4 times by 3 people');
    await seen(entry);
    await seen(page.getByRole('tabpanel').getByText('Passport · 4 times'));
    await page.context().close();
  });

  it('shows that a colleague is deciding the case, who has not this page open', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Astrid Thorvaldsen')}`);
    await seen(page.getByText('Robin Reviewer is deciding this case'));
    await seen(page.getByRole('button', { name: 'Take over' }));
    // The document has expired; its day is the same in the declaration and the zone, and no difference.
    await seen(page.getByRole('row', { name: /Valid until/ }).getByText('The document has expired.'));
    expect(await page.getByText(/Valid until: declared/).count()).toBe(0);
    await page.context().close();
  });

  it('claims, gives to somebody else, and releases', async () => {
    const id = await server.caseOf('Dario');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(page.getByRole('button', { name: /Assign to me/ }));
    await page.keyboard.press('i');
    await seen(page.getByRole('button', { name: 'Assignee: You' }));
    await page.getByRole('button', { name: 'Assignee: You' }).click();
    await page.getByRole('menuitem', { name: 'Robin Reviewer' }).click();
    await seen(page.getByRole('button', { name: 'Assignee: Robin Reviewer' }));
    await page.getByRole('button', { name: 'Assignee: Robin Reviewer' }).click();
    await page.getByRole('menuitem', { name: 'Unassign' }).click();
    await seen(page.getByRole('button', { name: 'Assignee: Nobody' }));
    expect((await read(id)).assignee).toBeNull();
    await page.context().close();
  });

  it('keeps notes, shows checks, rules as sentences, the workflow and a history with before and after', async () => {
    const id = await server.caseOf('Agnieszka');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(page.locator('h1'));
    await page.keyboard.press('n');
    await page.getByLabel('New note').fill('Asked for the marriage certificate');
    await page.getByRole('button', { name: 'Add note' }).click();
    await seen(page.getByRole('listitem').filter({ hasText: 'Asked for the marriage certificate' }));
    await page.getByRole('tab', { name: 'Checks' }).click();
    await seen(page.getByText(/name or date of birth is not the applicant/));
    await page
      .getByText(/\d+ rules not triggered/)
      .filter({ visible: true })
      .click();
    await seen(page.getByText('Possible sanctions match', { exact: true }));
    await seen(
      page
        .getByRole('list', { name: 'Checks and vendor calls' })
        .getByText(/^1 attempt, /)
        .first(),
    );
    await page.getByRole('tab', { name: 'Workflow' }).click();
    await seen(page.getByRole('group', { name: /Individual onboarding/ }));
    await page.getByRole('button', { name: 'List' }).click();
    const places = await page.getByRole('tabpanel').getByRole('listitem').allTextContents();
    expect(places.map((text) => text.split(/yesterday|current|\d|·/)[0]?.trim()).slice(0, 3)).toEqual([
      'Waiting for applicant',
      'Screening',
      'In review',
    ]);
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByLabel('Filter entries').selectOption({ label: 'Data' });
    await seen(page.getByText('Applicant › Country'));
    await page.getByLabel('Filter entries').selectOption({ label: 'People' });
    await seen(page.getByText('Asked for the marriage certificate'));
    await page.getByRole('button', { name: 'Verify history' }).click();
    await seen(page.getByText(/History verified/));
    await page.context().close();
  });

  it('goes on by itself to the next case of the queue after a decision, and says so when there is none', async () => {
    const page = await client.signIn('manager', '/queue');
    const list = await eventually(
      () => rows(page),
      (found) => found.length >= 2,
    );
    await page.locator(`[data-case="${list[0]}"]`).click();
    await seen(panel(page).getByRole('button', { name: /^Reject/ }));
    await reject(page);
    await page.waitForURL((url) => url.pathname.endsWith(list[1] ?? ''));
    await page.context().close();
  });

  it('clears ten cases by keyboard alone', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    const first = await rows(page);
    expect(first.length).toBeGreaterThanOrEqual(10);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/cases\//);
    const decided: string[] = [];
    for (let n = 0; n < 10; n++) {
      const id = new URL(page.url()).pathname.split('/')[2] ?? '';
      await seen(page.locator('h1'));
      await seen(panel(page).getByRole('button', { name: /^Reject/ }));
      await page.keyboard.press('r');
      await seen(panel(page).getByLabel('Reason'));
      await eventually(
        () => page.evaluate(() => document.activeElement?.tagName),
        (tag) => tag === 'SELECT',
      );
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Control+Enter');
      decided.push(id);
      await page.waitForURL((url) => !url.pathname.includes(id));
    }
    expect(new Set(decided).size).toBe(10);
    expect(decided).toEqual(first.slice(0, 10));
    for (const id of decided) expect((await read(id)).configuration).toEqual(['rejected']);
    await page.context().close();
  });
});
