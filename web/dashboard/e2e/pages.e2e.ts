import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, enter, panel, Server, seen } from './harness';

describe('pages', () => {
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

  /** Every route with what shows that it has loaded. */
  async function routes(): Promise<{ path: string; ready: (page: Page) => Promise<void> }[]> {
    const id = await server.caseOf('Sofie Lindqvist');
    const of = (tab: string, text: string | RegExp) => ({
      path: `/cases/${id}?tab=${tab}`,
      ready: (page: Page) => seen(page.getByRole('tabpanel').getByText(text)),
    });
    return [
      { path: '/', ready: (page) => seen(page.getByRole('button', { name: /Chart|Diagramm/ })) },
      { path: '/queue', ready: (page) => seen(page.getByRole('row').nth(3)) },
      {
        path: '/queue?q=nobody-at-all',
        ready: (page) => seen(page.getByText(/No matching cases|Keine passenden Fälle/)),
      },
      { path: '/queue?new=true', ready: (page) => seen(page.getByRole('dialog').getByRole('textbox')) },
      { path: `/cases/${id}`, ready: (page) => seen(page.getByRole('img', { name: /Passport/ })) },
      of('data', 'sofie.lindqvist@example.com'),
      of('checks', /KYC risk/),
      of('notes', /./),
      of('related', /./),
      of('workflow', /In review|In Prüfung/),
      of('history', /Check completed|Prüfung abgeschlossen/),
      {
        path: '/cases/case_none',
        ready: (page) => seen(page.locator('main').getByText(/Case not found|Fall nicht gefunden/)),
      },
      { path: '/settings', ready: (page) => seen(page.getByRole('switch')) },
      { path: '/undelivered', ready: (page) => seen(page.getByText('Your role does not have permission for this.')) },
      { path: '/showcase', ready: (page) => seen(page.getByText('tokens.css')) },
      {
        path: '/nowhere',
        ready: (page) => seen(page.locator('main').getByText(/Page not found|Seite nicht gefunden/)),
      },
    ];
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no violation of accessibility on any route, ${colorScheme}`, async () => {
      const outside = await client.window({ colorScheme });
      await outside.goto(server.url);
      await seen(outside.getByLabel('E-mail'));
      expect(await violations(outside)).toEqual([]);
      await enter(outside, 'reviewer');
      await seen(outside.getByRole('heading', { level: 1 }));
      expect(await outside.locator('html').getAttribute('data-theme')).toBe(colorScheme);
      const found: string[] = [];
      for (const { path, ready } of await routes()) {
        await outside.goto(server.url + path);
        await ready(outside);
        found.push(...(await violations(outside)).map((one) => `${path}: ${one}`));
      }
      expect(found).toEqual([]);
      await outside.goto(`${server.url}/signed-out`);
      await seen(outside.getByRole('heading'));
      expect(await violations(outside)).toEqual([]);
      await outside.context().close();
    });
  }

  it('has no violation of accessibility in its menus, dialogs and help', async () => {
    const page = await client.signIn('manager', '/queue');
    await seen(page.getByRole('row').nth(3));
    await page.keyboard.press('?');
    await seen(page.getByRole('dialog', { name: 'Keyboard shortcuts' }));
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').fill('queue');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Views/ }).click();
    await seen(page.getByRole('menu'));
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.goto(`${server.url}/cases/${await server.caseOf('Ingrid')}`);
    await panel(page)
      .getByRole('button', { name: /^Request information/ })
      .click();
    await panel(page)
      .getByRole('checkbox', { name: /Passport/ })
      .check();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it('reaches everything by Tab in the order of the page, each with a focus that is seen', async () => {
    const page = await client.signIn('reviewer', '/');
    for (const { path, ready } of (await routes()).filter((one) => !one.path.includes('new=true'))) {
      await page.goto(server.url + path);
      await ready(page);
      await page.locator('body').click({ position: { x: 1, y: 1 } });
      let last = -1;
      let jumps = 0;
      const names: string[] = [];
      for (let n = 0; n < 60; n++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const one = document.activeElement;
          if (!one || one === document.body) return null;
          const style = getComputedStyle(one);
          const box = one.getBoundingClientRect();
          const all = [...document.querySelectorAll('*')];
          return {
            place: all.indexOf(one),
            visible: style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1,
            shown: box.width > 0 && box.height > 0,
            name: `${one.tagName} ${one.getAttribute('aria-label') ?? one.textContent?.slice(0, 30)}`,
            // Canvas and graph of libraries bring their own focus.
            foreign: one.closest('.react-flow') !== null,
          };
        });
        if (!at) break;
        names.push(at.name);
        if (!at.foreign) {
          expect(at.visible, `${path}: the focus is not seen on ${at.name}`).toBe(true);
          expect(at.shown, `${path}: ${at.name} has the focus and no place`).toBe(true);
        }
        if (at.place < last) jumps++;
        last = at.place;
      }
      expect(names.length, path).toBeGreaterThan(5);
      expect(jumps, `${path}: ${names.join(' | ')}`).toBe(0);
    }
    await page.context().close();
  });

  it('has targets of at least 24 by 24 pixels, but for links in text', async () => {
    for (const viewport of [
      { width: 1440, height: 900 },
      { width: 390, height: 844 },
    ]) {
      const page = await client.signIn('reviewer', '/', { viewport });
      for (const { path, ready } of await routes()) {
        await page.goto(server.url + path);
        await ready(page);
        const small = await page.evaluate(() => {
          const found: string[] = [];
          for (const one of document.querySelectorAll(
            'a, button, input, select, textarea, [role="switch"], [role="tab"], summary',
          )) {
            const box = one.getBoundingClientRect();
            if (box.width === 0 || box.height === 0 || getComputedStyle(one).visibility === 'hidden') continue;
            if (one.closest('.sr-text, [aria-hidden="true"]') || one.matches('.sr-text')) continue;
            // A checkbox with a label is as large as the two together; a name in a row is as large as the row.
            const target = one.closest('label') ?? one.closest('[role="row"]') ?? one;
            const area = target.getBoundingClientRect();
            if (one.tagName === 'A' && one.closest('p, li') && getComputedStyle(one).display === 'inline') continue;
            if (area.width < 24 || area.height < 24)
              found.push(
                `${one.tagName} ${one.getAttribute('aria-label') ?? one.textContent?.slice(0, 30)} ${Math.round(area.width)}×${Math.round(area.height)}`,
              );
          }
          return found;
        });
        expect(small, `${path} at ${viewport.width}`).toEqual([]);
      }
      await page.context().close();
    }
  });

  it('fits a telephone: nothing is wider than the screen', async () => {
    const page = await client.signIn('reviewer', '/', { viewport: { width: 390, height: 844 }, hasTouch: true });
    for (const { path, ready } of await routes()) {
      await page.goto(server.url + path);
      await ready(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
      const main = await page.evaluate(() => {
        const one = document.querySelector('main');
        return one ? one.scrollWidth - one.clientWidth : 0;
      });
      expect(main, `${path}: main scrolls sideways`).toBe(0);
    }
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('dialog').getByRole('link', { name: /Queue/ }).click();
    await page.waitForURL(/\/queue/);
    await page.context().close();
  });

  it('follows the theme of the system, and a choice that outlasts the visit', async () => {
    const page = await client.signIn('reviewer', '/settings', { colorScheme: 'dark' });
    await seen(page.getByRole('switch'));
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await background()).toBe('rgb(16, 16, 20)');
    await page.getByRole('button', { name: 'Light', exact: true }).click();
    expect(await background()).toBe('rgb(247, 247, 248)');
    await page.reload();
    await seen(page.getByRole('switch'));
    expect(await background()).toBe('rgb(247, 247, 248)');
    await page.context().close();
  });

  it('leads developers from the settings to the reference of the API, and nobody else', async () => {
    const page = await client.signIn('developer', '/settings');
    const reference = page.getByRole('link', { name: 'API reference' });
    const document = page.getByRole('link', { name: 'OpenAPI document' });
    await seen(reference);
    expect(await document.getAttribute('href')).toBe('/openapi.json');
    expect((await page.request.get(`${server.url}/openapi.json`)).ok()).toBe(true);
    await reference.click();
    await page.waitForURL(`${server.url}/docs`);
    await seen(
      page
        .getByText('POST /v1/cases', { exact: true })
        .or(page.getByText('/v1/cases', { exact: true }))
        .first(),
    );
    await page.context().close();

    const other = await client.signIn('reviewer', '/settings');
    await seen(other.getByRole('switch'));
    expect(await other.getByRole('link', { name: 'API reference' }).count()).toBe(0);
    await other.context().close();
  });

  it('speaks German: texts, numbers, dates; what tenants wrote stays as it is', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Sofie Lindqvist')}`, {
      locale: 'de-DE',
    });
    await seen(panel2(page).getByRole('button', { name: /^Genehmigen/ }));
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    expect(await page.getByRole('row', { name: /Geburtsdatum/ }).textContent()).toMatch(/07\.02\.1994.*02\.07\.1994/);
    // Why a decision is not possible: the sentence of the workflow in the reader's language, with the buttons' names.
    await page.goto(`${server.url}/cases/${await server.caseOf('Yuki Hoshikawa')}`);
    await seen(
      panel2(page).getByText(/Genehmigen: nicht möglich. Eine Prüfung hat kein Ergebnis.*\(Screening wiederholen\)/),
    );
    await page.goto(`${server.url}/queue`);
    await seen(page.getByRole('columnheader', { name: 'Person oder Firma' }));
    await seen(page.getByText(/noch \d+/));
    for (const path of ['/', '/queue', '/settings', '/showcase']) {
      await page.goto(server.url + path);
      await seen(page.getByRole('heading', { level: 1 }));
      const text = await page.locator('body').innerText();
      for (const english of ['Settings', 'Unassigned', 'Search', 'Assign', 'Loading'])
        expect(text, path).not.toContain(english);
    }
    await page.context().close();
  });

  it('shows every entry of the navigation in full, in each language', async () => {
    for (const [locale, entry] of [
      ['en-GB', 'Failed deliveries'],
      ['de-DE', 'Fehlgeschlagene Zustellungen'],
    ] as const) {
      const page = await client.signIn('manager', '/queue', { locale });
      await seen(page.getByRole('link', { name: entry }));
      const cut = await page
        .locator('aside nav a span')
        .evaluateAll((all) =>
          all.filter((one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth).map((one) => one.textContent),
        );
      expect(cut, locale).toEqual([]);
      await page.context().close();
    }
  });

  it('shows times in the zone of the reviewer, with the exact one beside it', async () => {
    const id = await server.caseOf('Sofie Lindqvist');
    const started = new Date((await server.call('admin', 'GET', `/v1/cases/${id}`)).body.created_at);
    for (const timezoneId of ['Asia/Tokyo', 'America/New_York']) {
      const page = await client.signIn('reviewer', `/cases/${id}`, { timezoneId });
      const title = await page.locator('header time').first().getAttribute('title');
      const hour = new Intl.DateTimeFormat('en-GB', {
        hour: '2-digit',
        minute: '2-digit',
        timeZone: timezoneId,
      }).format(started);
      expect(title).toContain(hour);
      await page.context().close();
    }
  });

  it('prints the whole case: data, documents, checks, notes and history, without controls', async () => {
    const id = await server.caseOf('Jürgen');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(panel(page).getByRole('button', { name: /^Approve/ }));
    await page.evaluate(() => {
      window.print = () => document.body.setAttribute('data-printed', document.body.innerText.length.toString());
    });
    await page.getByRole('button', { name: 'Print' }).click();
    await page.locator('body[data-printed]').waitFor();
    await page.emulateMedia({ media: 'print' });
    await seen(page.getByText(/^Printed/));
    await seen(page.getByText('Check completed').last());
    const text = await page.locator('body').innerText();
    for (const part of ['Weißmüller', 'Critical', 'Passport', 'KYC risk', 'History', 'Case created', 'Check completed'])
      expect(text, part).toContain(part);
    for (const control of ['Assign to me', 'Request information', 'Ctrl K', 'Settings'])
      expect(text, control).not.toContain(control);
    expect(text).not.toContain('The page was not fully loaded');
    expect(text).toContain(id);
    expect(text).toContain('Printed by');
    expect(text).toContain('Complete and unchanged');
    const head = (await server.call('admin', 'GET', `/v1/cases/${id}/verification`)).body.head;
    expect(text).toContain(head);
    expect(text).toContain('Appendix 1');
    expect(text).not.toMatch(/\b(user|key)_[0-9A-Za-z]{6,}/); // names, never ids
    expect(text).not.toMatch(/\bYou ·/); // nor "you"
    expect(text).toContain('Rita Reviewer ·');
    expect(text).not.toMatch(/\d+ (seconds?|minutes?|hours?|days?) ago/);
    expect(
      await page
        .locator('.print-picture')
        .evaluateAll((all) => all.every((one) => (one as HTMLImageElement).naturalWidth > 50) && all.length),
    ).toBeGreaterThan(0);
    const shots = process.env['SHOTS'];
    const paper = await page.pdf({ format: 'A4', ...(shots && { path: `${shots}/case.pdf` }) });
    expect(paper.length).toBeGreaterThan(10_000);
    await page.context().close();
  });

  it('answers with a strict content security policy and nothing inline, on every page', async () => {
    for (const path of ['/', '/queue', '/cases/x', '/settings', '/sign-in/callback', '/oauth2/authorize']) {
      const response = await fetch(server.url + path, { redirect: 'manual' });
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy, path).toMatch(/default-src 'none'/);
      expect(policy, path).not.toMatch(/unsafe|\*/);
      expect(response.headers.get('x-content-type-options'), path).toBe('nosniff');
      const html = await response.text();
      expect(html, path).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/);
    }
  });
});

const panel2 = (page: Page) => page.getByRole('complementary', { name: 'Entscheidung' });
