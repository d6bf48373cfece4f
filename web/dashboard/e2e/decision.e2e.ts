import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, panel, Server, seen } from './harness';

describe('the decision', () => {
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
  const shot = async (page: Page, name: string) => {
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/${name}.png` });
  };
  /** A case with a passport that can be asked for again, and without a document that its workflow knows. */
  async function incomplete(): Promise<string> {
    const kinds: string[] = (await server.call('admin', 'GET', '/v1/workflows/kyc')).body.documents.map(
      (one: { kind: string }) => one.kind,
    );
    const { data } = (await server.call('admin', 'GET', '/v1/cases?workflow=kyc&tag=manual_review&limit=50')).body;
    for (const { id } of data) {
      const one = await read(id);
      const sent: string[] = (one.documents ?? []).map((document: { kind: string }) => document.kind);
      const may = one.next.some(
        (next: { event: string; allowed: boolean }) => next.event === 'revision' && next.allowed,
      );
      if (may && sent.filter((kind) => kind === 'passport').length === 1 && kinds.some((kind) => !sent.includes(kind)))
        return id;
    }
    throw new Error(`no case lacks one of ${kinds.join(', ')}`);
  }
  async function reject(page: Page) {
    await panel(page)
      .getByRole('button', { name: /^Reject/ })
      .click();
    await panel(page).getByLabel('Reason').selectOption({ index: 1 });
    await panel(page).locator('button[type=submit]').click();
  }

  it('that is chosen is seen, whichever it is and while the pointer is on it', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Sofie Lindqvist')}`);
    for (const [name, tone] of [
      [/^Approve/, 'success'],
      [/^Reject/, 'danger'],
      [/^Request information/, 'accent'],
    ] as const) {
      const button = panel(page).getByRole('group', { name: 'Decision' }).getByRole('button', { name });
      await seen(button);
      const looks = () =>
        button.evaluate((one) => {
          const { backgroundColor, color, borderTopColor } = getComputedStyle(one);
          return { backgroundColor, color, borderTopColor };
        });
      const wanted = await page.evaluate(
        ([soft, ink, line]) => {
          const probe = document.createElement('span');
          probe.className = 'transition-none';
          document.body.append(probe);
          const of = (name = '') => {
            probe.style.color = `var(--${name})`;
            return getComputedStyle(probe).color;
          };
          const found = { backgroundColor: of(soft), color: of(ink), borderTopColor: of(line) };
          probe.remove();
          return found;
        },
        [`${tone}-soft`, tone === 'accent' ? 'accent-ink' : tone, tone],
      );
      expect(await looks()).not.toEqual(wanted);
      await button.click();
      await eventually(looks, (is) => JSON.stringify(is) === JSON.stringify(wanted)); // the colours fade in
      await button.hover();
      await eventually(looks, (is) => JSON.stringify(is) === JSON.stringify(wanted));
      expect(await button.getAttribute('aria-pressed')).toBe('true');
    }
    await page.context().close();
  });

  it('is taken back with a key, and from the palette', async () => {
    const id = await server.caseOf('Rashid');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    for (const way of ['key', 'palette'] as const) {
      await reject(page);
      await seen(page.getByText(/Rejected: Rashid/));
      if (way === 'key') await page.keyboard.press('z');
      else {
        await page.keyboard.press('Control+k');
        await page.getByRole('dialog').getByRole('combobox').fill('Undo the last');
        await seen(page.getByRole('option', { name: /Undo the last decision/ }));
        await page.keyboard.press('Enter');
      }
      await eventually(
        async () => (await read(id)).configuration.join(),
        (state) => state === 'review',
      );
      await page.goto(`${server.url}/cases/${id}`);
      await seen(panel(page).getByRole('button', { name: /^Reject/ }));
    }
    const causes = (await server.call('auditor', 'GET', `/v1/cases/${id}/history?limit=200`)).body.data.map(
      (entry: { cause: string }) => entry.cause,
    );
    expect(causes.filter((cause: string) => cause === 'undone').length).toBe(2);
    await page.context().close();
  });

  it('to ask for more takes a reason that somebody has chosen, and can ask for what was never sent', async () => {
    const id = await incomplete();
    const page = await client.signIn('reviewer', `/cases/${id}`);
    const decision = panel(page);
    await decision.getByRole('button', { name: /^Request information/ }).click();
    await decision.getByRole('checkbox', { name: /Passport/ }).check();
    const reason = decision.getByLabel(/^Reason: Passport/);
    expect(await reason.inputValue()).toBe('');
    await decision.getByRole('button', { name: /Send to applicant/ }).click();
    await seen(decision.getByText('Enter a reason.'));
    expect((await read(id)).configuration).toEqual(['review']);
    await reason.selectOption({ label: 'Glare on the image' });
    const never = decision.getByRole('group', { name: 'Documents not received yet' }).getByRole('checkbox').first();
    await never.check();
    await eventually(
      async () => (await decision.locator('blockquote').textContent()) ?? '',
      (text) => /please send it/.test(text) && /Glare on the image/.test(text),
    );
    expect(await violations(page)).toEqual([]);
    await shot(page, 'ask');
    await decision.getByRole('button', { name: /Send to applicant/ }).click();
    await eventually(
      async () => (await read(id)).configuration.join(),
      (state) => state === 'collect',
    );
    const token = (await server.call('client', 'POST', `/v1/cases/${id}/flow-tokens`, {})).body.token;
    const { message } = (await server.call(token, 'GET', '/v1/flow/case')).body;
    expect(message.text).toMatch(/^• .+: please send it$/);
    expect(message.documents.map((one: { reason: string }) => one.reason)).toEqual(['glare']);
    await page.context().close();
  });

  it('that somebody else made first leaves the draft to be read, copied and kept as a note', async () => {
    const id = await server.caseOf('Jürgen');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    const decision = panel(page);
    await decision.getByRole('button', { name: /^Reject/ }).click();
    await decision.getByLabel('Reason').selectOption({ index: 1 });
    await decision.getByLabel('Comment').fill('The stamp is of another year.');
    // This page learns of it only when it sends its own.
    await page.route(/\/v1\/cases\/[^/]+$/, (route) =>
      route.request().method() === 'GET' ? route.abort() : route.continue(),
    );
    expect((await server.call('second', 'PUT', `/v1/cases/${id}/claim`, { take_over: true })).status).toBe(200);
    const done = await server.call(
      'second',
      'POST',
      `/v1/cases/${id}/decisions`,
      { event: 'reject', reason: 'identity_not_confirmed' },
      { 'If-Match': `"${(await read(id)).version}"` },
    );
    expect(done.status).toBe(200);
    await decision.locator('button[type=submit]').click();
    const stale = page.getByRole('dialog', { name: 'This case has changed' });
    await seen(stale.getByText(/The stamp is of another year\./));
    expect(await violations(page)).toEqual([]);
    await shot(page, 'stale-draft');
    await stale.getByRole('button', { name: 'Copy' }).click();
    await eventually(
      () => page.evaluate(() => navigator.clipboard.readText()),
      (text) => /Decision: Reject\n.*\nComment: The stamp is of another year\./.test(text),
    );
    await page.unroute(/\/v1\/cases\/[^/]+$/);
    await stale.getByRole('button', { name: 'Show current version' }).click();
    // The case is closed, and the draft is still there to be read.
    await seen(decision.getByText(/The stamp is of another year\./));
    await decision.getByRole('button', { name: 'Save as note' }).click();
    await eventually(
      async () => (await server.call('auditor', 'GET', `/v1/cases/${id}/notes`)).body.data.at(-1)?.text ?? '',
      (text: string) => text.includes('The stamp is of another year.'),
    );
    await decision.getByRole('button', { name: 'Save as note' }).waitFor({ state: 'hidden' });
    await page.context().close();
  });
});
