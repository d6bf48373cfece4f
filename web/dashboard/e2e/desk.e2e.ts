import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, panel, rows, Server, seen } from './harness';

describe('desk', () => {
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

  const total = async (query: string) =>
    (await server.call('manager', 'GET', `/v1/cases?status=active&limit=200&view=summary&${query}`)).body.data.length;

  it('counts parts of the open cases on the home page, each as long as its list', async () => {
    const page = await client.signIn('manager', '/');
    const open = page.getByRole('region', { name: /Open cases/ });
    await seen(open);
    const shown = async (name: RegExp) => {
      const link = open.getByRole('link', { name });
      return Number((await link.textContent())?.replace(/\D/g, ''));
    };
    await eventually(
      async () => shown(/Open cases/),
      (number) => number > 0,
    );
    expect(await shown(/Open cases/)).toBe(await total(''));
    expect(await shown(/Needs decision/)).toBe(await total('tag=manual_review'));
    expect(await shown(/Overdue/)).toBe(await total('overdue=true'));
    expect(await shown(/Assigned to me/)).toBe(await total('assignee=me'));
    expect(await shown(/Unassigned/)).toBe(await total('assignee=none'));
    expect(await shown(/Incidents/)).toBe(await total('incident=true'));
    await page.context().close();
  });

  it('shows outcomes in the chart and what has changed since yesterday', async () => {
    const page = await client.signIn('manager', '/');
    const days = (await server.call('manager', 'GET', '/v1/statistics?days=30')).body.data;
    const today = days.at(-1);
    const ended = Object.values(today.completed as Record<string, number>).reduce((sum, one) => sum + one, 0);
    const since = page.getByRole('region', { name: /Since yesterday/ });
    await seen(since);
    expect(await since.textContent()).toContain(`Started${today.started}`);
    expect(await since.textContent()).toContain(`Completed${ended}`);
    const chart = page
      .getByRole('region', { name: 'Cases', exact: true })
      .or(page.locator('section').filter({ hasText: /^Cases/ }));
    for (const outcome of ['Approved', 'Rejected']) await seen(chart.getByText(outcome, { exact: true }));
    const slider = page.getByRole('slider', { name: /Cases/ });
    await slider.focus();
    await page.keyboard.press('End');
    expect(await slider.getAttribute('aria-valuetext')).toMatch(
      /Approved \d+ · Rejected \d+|Rejected \d+ · Approved \d+/,
    );
    await page.context().close();
  });

  it('draws a workflow that can be read, with its path in order and conditions in words', async () => {
    const page = await client.signIn('manager', `/cases/${await server.caseOf('Signe')}?tab=workflow`);
    const graph = page.getByRole('group', { name: /Individual onboarding/ });
    await seen(graph);
    const sizes = await graph.evaluate((frame) => {
      const state = frame.querySelector<HTMLElement>('.react-flow__node');
      const scale = state ? state.getBoundingClientRect().width / state.offsetWidth : 0;
      return [...frame.querySelectorAll('.react-flow span')].map(
        (one) => Number.parseFloat(getComputedStyle(one).fontSize) * scale,
      );
    });
    expect(sizes.length).toBeGreaterThan(10);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12);
    const path = page.getByRole('list', { name: 'Path so far' });
    const steps = await path.getByRole('listitem').allTextContents();
    expect(steps.length).toBeGreaterThan(1);
    expect(steps.map((one) => one.match(/^\d+/)?.[0])).toEqual(steps.map((_, n) => String(n + 1)));
    await seen(page.getByText(/Policy KYC risk › Outcome is “Approve” and no check is out of date/));
    const text = (await page.locator('main').textContent()) ?? '';
    expect(text).not.toMatch(/manual_review|==|&&|\|\||coalesce|exists\(/);
    await page.context().close();
  });

  it('returns to the place of a decision that is taken back', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    const order = await rows(page);
    const id = await server.caseOf('Dario'); // neither the first nor the last
    await page.locator(`[data-case="${id}"]`).click();
    await page.waitForURL(new RegExp(id));
    await page.getByRole('tab', { name: /^Data/ }).click();
    await page.waitForURL(/tab=data/);
    await panel(page)
      .getByRole('button', { name: /^Reject/ })
      .click();
    await panel(page).getByLabel('Reason').selectOption({ index: 1 });
    await panel(page).locator('button[type=submit]').click();
    await page.waitForURL((url) => !url.pathname.includes(id));
    await page.keyboard.press('z');
    await page.waitForURL(new RegExp(`${id}\\?tab=data`));
    const next = order[order.indexOf(id) + 1] ?? '';
    await page.getByRole('button', { name: 'Next case' }).click();
    await page.waitForURL(new RegExp(next));
    await page.context().close();
  });

  it('finds people by the letters of a plain keyboard', async () => {
    const id = await server.caseOf('Þórunn');
    const page = await client.signIn('reviewer', '/queue?status=all');
    await page.getByRole('searchbox').fill('thorunn aegis');
    await eventually(
      () => rows(page),
      (found) => found.join() === id,
    );
    await page.context().close();
  });

  it('fits its controls on 1440 pixels in German and in a language that is 40 % longer', async () => {
    for (const longer of [false, true]) {
      const page = await client.window({ locale: 'de-DE' });
      if (longer) {
        await page.route(/\/assets\/(de|index)-[\w-]+\.js$/, async (route) => {
          const answer = await route.fetch();
          const body = await answer.text();
          const name = /['"`]shell\.queue['"`]/.test(body) && /([\w$]+) as de\b/.exec(body)?.[1];
          // Each word of the catalogue gets two letters more for five that it has.
          const lengthen = `for(const k in ${name})${name}[k]=${name}[k].replace(/(\\{\\w+\\})|([\\p{L}-]+)/gu,(w,p)=>p||w+'ö'.repeat(Math.ceil(w.length*0.4)));`;
          await route.fulfill({
            response: answer,
            body: name ? body.replace(/export\s*\{/, `${lengthen}export{`) : body,
          });
        });
      }
      await page.goto(`${server.url}/queue`);
      await page.getByRole('button', { name: 'Rita Reviewer' }).click();
      await seen(page.getByRole('grid'));
      const heading = (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
      expect(heading.includes('öö')).toBe(longer);
      for (const path of [
        '/queue',
        '/queue?overdue=true&risk=high,critical',
        '/',
        `/cases/${await server.caseOf('Sofie Lindqvist')}`,
      ]) {
        if (path !== '/queue') await page.goto(server.url + path);
        await seen(page.locator('main h1'));
        const wide = await page.evaluate(() => ({
          page: document.documentElement.scrollWidth,
          cut: [...document.querySelectorAll('main header button, main [role="columnheader"]')]
            .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
            .map((one) => one.textContent),
          lines: new Set(
            [...(document.querySelector('main header')?.children ?? [])]
              .filter((one) => one.getBoundingClientRect().height > 0)
              .map((one) => Math.round((one.getBoundingClientRect().top + one.getBoundingClientRect().bottom) / 40)),
          ).size,
        }));
        expect(wide.page, path).toBe(1440);
        expect(wide.cut, path).toEqual([]);
        if (path === '/queue') {
          expect(wide.lines, `${path}, longer: ${longer}`).toBe(1);
          expect(await hintFits(page), `the hint of the search, longer: ${longer}`).toBe(true);
        }
      }
      await page.context().close();
    }
  });
});

/** Whether the text in the empty search fits its box. */
async function hintFits(page: Page): Promise<boolean> {
  return page
    .getByRole('search')
    .locator('input')
    .evaluate((input) => {
      const style = getComputedStyle(input);
      const pen = document.createElement('canvas').getContext('2d');
      if (!pen || !(input instanceof HTMLInputElement)) return false;
      pen.font = style.font;
      const room = input.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
      return input.placeholder !== '' && pen.measureText(input.placeholder).width <= room;
    });
}
