import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, Server, seen } from './harness';

describe('a German desk', () => {
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

  const german = { locale: 'de-DE' };
  const text = (page: Page) => page.locator('main').innerText();

  it('reads why an entry of a list matches, results and their values in German', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Nikolai')}?tab=checks`, german);
    await seen(page.getByText('nikolai und nikolay: Schreibweisen desselben Wortes'));
    await seen(page.getByText(/pavlensky und pavlenskiy: die Buchstaben stimmen zu 92.% überein/));
    await seen(page.getByText(/geboren 05\.12\.1971 und 1971: gleich, soweit beides bekannt ist/));
    await seen(page.getByText('Bestätigt', { exact: true }));
    await seen(page.getByText('0,97', { exact: true }));
    await seen(page.getByText('Watchlistenprüfung › Mögliche Treffer'));
    expect(await text(page)).not.toMatch(/Originaltext|the same|letters agree|verified|Sanctions/);
    await page.context().close();
  });

  it('shows the chips of a queue whole, the deadlines too', async () => {
    const page = await client.signIn('reviewer', '/queue', german);
    await seen(page.getByRole('gridcell', { name: /überfällig/ }).first());
    const cut = await page.getByRole('gridcell').evaluateAll((cells) =>
      cells
        .slice(1)
        .flatMap((cell) => (cell.querySelector('a') ? [] : [cell, ...cell.querySelectorAll('*')]))
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible')
        .map((one) => one.textContent),
    );
    expect(cut).toEqual([]);
    await page.context().close();
  });

  it('asks for a new case in German, and says which row of a table applies', async () => {
    const page = await client.signIn('manager', '/queue', german);
    await page.getByRole('button', { name: 'Neuer Fall' }).click();
    const form = page.getByRole('dialog');
    await form.getByRole('combobox', { name: /Workflow/ }).selectOption('application');
    await seen(form.getByLabel('Einkommen (netto, im Monat)'));
    await seen(form.getByText('Sofortige Entscheidung über einen Antrag').first());
    expect(await form.innerText()).not.toMatch(/Income|Instant|a month|Originaltext/);
    await page.goto(`${server.url}/cases/${await server.caseOf('Halvorsen Fjordfisk')}`);
    await seen(page.getByText('Zeile 4 von „Geografie“ trifft zu.'));
    expect(await text(page)).not.toMatch(/ applies|Originaltext/);
    await page.context().close();
  });

  it('names work, states and conditions in German in the history and in the workflow', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Nikolai')}?tab=history`, german);
    for (const work of ['Identitätsprüfung', 'Dokumentenprüfung', 'Watchlistenprüfung'])
      await seen(page.getByText(work, { exact: true }));
    await page.getByRole('tab', { name: 'Workflow' }).click();
    await seen(page.getByText(/Regelwerk KYC risk › Ergebnis „Genehmigen“ ist/));
    expect(await text(page)).not.toMatch(/risk › outcome|approve/);
    await page.context().close();
  });

  it('names the outcomes, states and titles of other workflows as these do', async () => {
    const page = await client.signIn('manager', '/', german);
    await seen(page.getByText('Kein Treffer', { exact: true })); // of the last 30 days: just after midnight nothing has ended today
    expect(await text(page)).not.toMatch(/\bClear\b/);
    await page.goto(`${server.url}/cases/${await server.caseOf('Mühlbach Feinkost')}?tab=related`);
    await seen(page.locator('header').getByText('Inhaber werden geprüft'));
    await seen(page.getByRole('link', { name: /Annegret Mühlbach Prüfung eines Inhabers .*Kein Treffer/ }));
    expect(await text(page)).not.toMatch(/Owners are screened|People|owner ·/);
    await page.goto(`${server.url}/queue?incident=true`);
    await eventually(
      () => text(page),
      (all) => /Betrieb: Dokumentenprüfung/.test(all),
    );
    await page.context().close();
  });

  it('draws a workflow that fits its frame although German names are long', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Nikolai')}?tab=workflow`, german);
    const graph = page.getByRole('group', { name: /Aufnahme einer Person/ });
    await seen(graph.getByText(/unvollständiger/));
    expect(await graph.evaluate((frame) => frame.scrollWidth - frame.clientWidth)).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  it('says of what a role does not see that it is hidden, and nothing of how', async () => {
    for (const [options, words] of [
      [german, 'Für Ihre Rolle nicht sichtbar'],
      [{}, 'Not visible to your role'],
    ] as const) {
      const page = await client.signIn('developer', `/cases/${await server.caseOf('Nikolai')}`, options);
      await eventually(
        () => page.getByText(words).count(),
        (count) => count >= 4,
      );
      expect(await text(page)).not.toMatch(/redacted|null|Redacted/);
      await page.context().close();
    }
  });

  it('has words for every permission on the page of settings', async () => {
    const page = await client.signIn('admin', '/settings', german);
    const rows = page.getByRole('row').filter({ has: page.getByRole('cell') });
    await seen(rows);
    const texts = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    expect(texts.length).toBeGreaterThan(25);
    expect(texts.filter(([name, code]) => name === code)).toEqual([]);
    await page.context().close();
  });
});
