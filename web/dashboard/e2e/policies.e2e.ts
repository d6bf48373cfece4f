import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, Server, seen } from './harness';

describe('policies', () => {
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

  const checks = async (name: string) => `/cases/${await server.caseOf(name)}?tab=checks`;
  const replay = (page: Page) => page.getByRole('button', { name: 'Replay: policy KYC risk' });

  it('replays a policy result beside it, and says that nothing has changed', async () => {
    const page = await client.signIn('manager', await checks('Sofie Lindqvist'));
    await replay(page).click();
    const dialog = page.getByRole('dialog', { name: 'Replay: policy KYC risk' });
    await seen(dialog.getByRole('status').getByText(/Same result/));
    const outcome = await dialog.getByRole('row', { name: /^Outcome/ }).textContent();
    expect(outcome).toBe('OutcomeReviewReview');
    await seen(dialog.getByRole('row', { name: /^Reasons/ }).getByText(/name or date of birth is not the applicant/));
    expect(await dialog.getByRole('row', { name: /^Policy version/ }).textContent()).toBe('Policy version11');
    expect(await dialog.getByRole('row', { name: /^Revision of the rules/ }).textContent()).toContain('No correction');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.context().close();
  });

  it('tells what a correction changes: outcome, risk, reasons that came and went, and both revisions', async () => {
    for (const [options, language] of [
      [{}, 'en'],
      [{ viewport: { width: 390, height: 844 }, locale: 'de-DE' }, 'de'],
    ] as const) {
      const page = await client.signIn('manager', await checks('Sofie Lindqvist'), options);
      await page.route('**/replay', (route) =>
        route.fulfill({
          json: {
            identical: false,
            differences: [
              { location: 'fired[0]', was: 'mrz_mismatch', is: 'underage' },
              { location: 'outcome', was: 'review', is: 'reject' },
              { location: 'score', was: 55, is: 90 },
              { location: 'severity', was: 'medium', is: 'critical' },
              { location: 'trace[0].status', was: 'failed', is: 'passed' },
            ],
            corrected: { revision: 1, now: 2, message: 'The meaning of letter case was corrected since.' },
          },
        }),
      );
      const german = language === 'de';
      await page.getByRole('button', { name: german ? /^Erneut auswerten/ : /^Replay/ }).click();
      const dialog = page.getByRole('dialog');
      await seen(dialog.getByText(german ? /Anderes Ergebnis: .* korrigiert/ : /Different result: .* corrected/));
      const list = dialog.getByRole('region', { name: german ? 'Unterschiede' : 'Differences' });
      expect(await list.getByRole('listitem').allTextContents()).toEqual(
        german
          ? [
              'Das Ergebnis war Prüfen und wäre heute Ablehnen.',
              'Das Risiko war Mittel und wäre heute Kritisch.',
              'Der Score war 55 und wäre heute 90.',
              'Neuer Grund: Minderjährig',
              'Kein Grund mehr: Name oder Geburtsdatum im Dokument sind nicht die der Person.',
            ]
          : [
              'The outcome was Review and would be Reject now.',
              'The risk was Medium and would be Critical now.',
              'The score was 55 and would be 90 now.',
              'New reason: Underage',
              "No longer a reason: The document's name or date of birth is not the applicant's.",
            ],
      );
      await seen(dialog.getByText('The meaning of letter case was corrected since.'));
      expect(await violations(page)).toEqual([]);
      expect(await dialog.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
      await page.context().close();
    }
  });

  it('says rules and reasons in German, and marks those that are in another language', async () => {
    const path = await checks('Sofie Lindqvist');
    const page = await client.signIn('reviewer', path, { locale: 'de-DE' });
    const panel = page.getByRole('tabpanel');
    await seen(panel.getByText('Name oder Geburtsdatum im Dokument sind nicht die der Person.', { exact: true }));
    await panel.getByText(/Regeln nicht ausgelöst/).click();
    await seen(panel.getByText('Möglicher Sanktionstreffer', { exact: true }));
    expect(await panel.locator('abbr').count()).toBe(0);
    await page
      .getByRole('button', { name: /Risiko/ })
      .first()
      .click();
    await seen(page.getByRole('dialog').getByText(/im Dokument sind nicht die der Person/));
    await page.keyboard.press('Escape');
    expect(await violations(page)).toEqual([]);

    // A policy that speaks no German, one that states no language, and the software's own step.
    await page.route(/\/v1\/cases\/case_[^/?]+$/, async (route) => {
      const response = await route.fetch();
      const one = await response.json();
      const trace = one.context.risk.trace as Record<string, unknown>[];
      for (const step of trace) {
        if (step['rule'] === 'mrz_mismatch') step['texts'] = { fr: 'Autre document.' };
        if (step['rule'] === 'sanctions_match') step['titles'] = { en: 'Possible match' };
        if (step['rule'] === 'document_expired')
          Object.assign(step, { status: 'passed', reason: 'Utgånget.', texts: undefined });
      }
      trace.push({
        rule: 'invalid',
        status: 'passed',
        reason: 'The input is not as declared: identity.score must be of type number. The outcome is at least review.',
        inputs: { 'identity.score': { $ref: 'input:identity.score' } },
        editions: {},
      });
      await route.fulfill({ response, json: one });
    });
    await page.reload();
    await seen(
      panel
        .getByRole('listitem')
        .filter({ hasText: 'name or date of birth is not' })
        .locator('abbr', { hasText: 'EN' }),
    );
    await seen(panel.getByText('Utgånget. (Originaltext)'));
    const own = panel.getByRole('listitem').filter({ hasText: 'entsprechen nicht den Vorgaben des Regelwerks' });
    expect(await own.textContent()).toContain('Identitätsprüfung › Punktzahl');
    await panel.getByText(/Regeln nicht ausgelöst/).click();
    await seen(panel.getByRole('listitem').filter({ hasText: 'Possible match' }).locator('abbr', { hasText: 'EN' }));
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it('says in words why a decision cannot be replayed', async () => {
    const page = await client.signIn('auditor', await checks('Sofie Lindqvist'));
    await page.route('**/replay', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        json: { code: 'not_ready', errors: [{ location: 'path.decision', code: 'policy_changed', message: 'other' }] },
      }),
    );
    await replay(page).click();
    await seen(page.getByRole('dialog').getByText('The source of the policy version that decided has changed.'));
    await page.context().close();
  });

  it('offers no replay to those who may not read the decisions of policies', async () => {
    const page = await client.signIn('reviewer', await checks('Sofie Lindqvist'));
    await seen(page.getByRole('heading', { name: /Policy KYC risk/ }));
    expect(await replay(page).count()).toBe(0);
    await page.context().close();
  });

  it('backtests the live version, lists the run, and shows that nothing flips', async () => {
    const page = await client.signIn('manager', '/backtests?policy=kyc-risk');
    await seen(page.getByText('No backtests yet'));
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Backtest live version' }).click();
    await page.waitForURL(/run=/);
    await page.getByText(/All \d+ decisions would have the same outcome/).waitFor();
    const outcomes = page.getByRole('group', { name: 'Outcomes' });
    await seen(outcomes.getByRole('columnheader', { name: 'Now Review' }));
    const run = page.getByRole('list', { name: 'Runs' }).getByRole('link', { name: /Live version 1/ });
    await run.getByText('Done').waitFor();
    expect(await page.getByRole('note').count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it('says how many flips of a backtest may come of a correction and not of the draft', async () => {
    const draft = await server.call('admin', 'GET', '/v1/policies/kyc-risk/versions/1');
    const source = draft.body.source.replaceAll('outcome: review', 'outcome: reject');
    expect(source).not.toBe(draft.body.source);
    const started = await server.call('admin', 'POST', '/v1/policies/kyc-risk/backtest-runs', {
      source,
      comment: 'No reviews',
    });
    expect([started.status, started.body.errors]).toEqual([202, undefined]);
    for (const [locale, width] of [
      ['en-GB', 1440],
      ['de-DE', 390],
    ] as const) {
      const path = `/backtests?policy=kyc-risk&run=${started.body.id}`;
      const page = await client.signIn('developer', '/settings', { locale, viewport: { width, height: 844 } });
      // The server of this test has decided all by the present revision: what an older one has made is put into its answer.
      await page.route(/backtest-runs\/[^/]+$/, async (route) => {
        const response = await route.fetch();
        const run = await response.json();
        if (run.report) run.report.earlier_revision = 3;
        await route.fulfill({ response, json: run });
      });
      await page.goto(server.url + path);
      const note = page.getByRole('note');
      await note.waitFor();
      expect(await note.textContent()).toMatch(
        locale === 'en-GB'
          ? /^3 of them were made by an earlier revision of the rules.*due to a correction rather than the draft/
          : /^3 davon wurden von einer früheren Revision der Regeln getroffen.*auf einer Korrektur statt auf dem Entwurf beruhen/,
      );
      await seen(
        page.getByText(locale === 'en-GB' ? /decisions would have a different outcome/ : /ein anderes Ergebnis/),
      );
      expect(await violations(page)).toEqual([]);
      expect(await page.locator('main').evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
      await page.context().close();
    }
  });

  it('shows no backtests to those who may not run them', async () => {
    const page = await client.signIn('reviewer', '/backtests');
    await seen(page.getByText('Your role does not have permission for this.'));
    expect(await page.getByRole('link', { name: 'Backtests' }).count()).toBe(0);
    await page.context().close();
  });
});
