import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, hidden, rows, Server, seen } from './harness';

describe('queue', () => {
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

  const applicant = (given: string, family: string) => ({
    applicant: { name: { given, family }, date_of_birth: '1990-01-01', country: 'SE', email: 'new@example.com' },
  });

  it('shows what waits, the soonest deadline first, with counts that are those of the API', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    const counts = (await server.call('reviewer', 'GET', '/v1/queue')).body.data;
    const waiting = await server.call(
      'reviewer',
      'GET',
      '/v1/cases?tag=manual_review&status=active&sort=due_at&limit=100&view=summary',
    );
    expect(waiting.body.data.length).toBe(counts.to_decide);
    expect(await rows(page)).toEqual(
      waiting.body.data.map((one: { id: string }) => one.id).slice(0, (await rows(page)).length),
    );
    await seen(page.getByRole('status').filter({ hasText: `of ${counts.to_decide} that need a decision` }));
    const navigation = page.getByRole('navigation');
    expect(await navigation.getByRole('link', { name: /Assigned to me/ }).textContent()).toContain(String(counts.mine));
    expect(await navigation.getByRole('link', { name: /Unassigned/ }).textContent()).toContain(
      String(counts.unassigned),
    );
    expect(await navigation.getByRole('link', { name: /Overdue/ }).textContent()).toContain(String(counts.overdue));
    await page.context().close();
  });

  it('shows for whom cases wait, and since when', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    const counts = (await server.call('reviewer', 'GET', '/v1/queue')).body.data;
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('combobox', { name: 'Waiting for' }).selectOption('applicant');
    await page.waitForURL(/waiting_for=applicant/);
    const wanted = await server.call(
      'reviewer',
      'GET',
      '/v1/cases?waiting_for=applicant&sort=waiting_since&limit=100&view=summary',
    );
    const ids = wanted.body.data.map((one: { id: string }) => one.id);
    expect(ids.length).toBe(counts.waiting.applicant);
    await eventually(
      () => rows(page),
      (shown) => shown.length > 0 && shown.join() === ids.slice(0, shown.length).join(),
    );
    await page.keyboard.press('Escape');
    await seen(page.getByRole('columnheader', { name: 'Waiting for' }));
    await seen(page.getByRole('gridcell').filter({ hasText: 'Applicant' }).first());
    if (process.env['SCREENSHOT']) await page.screenshot({ path: process.env['SCREENSHOT'] });
    await page.context().close();
  });

  it('keeps filters and order in the address, and reads them from it', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('checkbox', { name: /^Critical/ }).check();
    await page.waitForURL(/risk=critical/);
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('-created_at');
    await page.waitForURL(/sort=-created_at/);
    const wanted = await server.call(
      'reviewer',
      'GET',
      '/v1/cases?tag=manual_review&status=active&risk=critical&sort=-created_at&view=summary',
    );
    const ids = wanted.body.data.map((one: { id: string }) => one.id);
    await eventually(
      () => rows(page),
      (found) => found.join() === ids.join(),
    );
    const again = await client.signIn('second', new URL(page.url()).pathname + new URL(page.url()).search);
    await eventually(
      () => rows(again),
      (found) => found.join() === ids.join(),
    );
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => url.search === '');
    await again.context().close();
    await page.context().close();
  });

  const listed = async (page: Page, query: string) => {
    const ids = (await server.call('reviewer', 'GET', `/v1/cases?${query}&limit=100&view=summary`)).body.data.map(
      (one: { id: string }) => one.id,
    );
    await eventually(
      () => rows(page),
      (there) =>
        there.length === Math.min(ids.length, there.length) &&
        there.join() === ids.slice(0, there.length).join() &&
        (ids.length === 0 || there.length > 0),
    );
    return ids as string[];
  };

  it('shows each filter as a chip that is taken away on its own', async () => {
    const page = await client.signIn('reviewer', '/queue?overdue=true&risk=high,critical&assignee=me');
    const chip = (text: string) => page.locator('[data-filter]').filter({ hasText: text });
    await seen(chip('Overdue'));
    await seen(chip('Risk: Critical, High'));
    await seen(chip('Assignee: Me'));
    await page.getByRole('button', { name: 'Remove filter: Risk: Critical, High' }).click();
    await page.waitForURL((url) => !url.search.includes('risk') && url.search.includes('overdue=true'));
    await page.getByRole('button', { name: 'Remove filter: Assignee: Me' }).click();
    await page.waitForURL((url) => !url.search.includes('assignee'));
    await listed(page, 'overdue=true&status=active&sort=due_at');
    await page.getByRole('button', { name: 'Remove filter: Overdue' }).click();
    await page.waitForURL((url) => url.search === '');
    await seen(chip('Needs decision'));
    await page.getByRole('button', { name: 'Remove filter: Needs decision' }).click();
    await page.waitForURL(/decide=false/);
    expect(await page.locator('[data-filter]').count()).toBe(0);
    await listed(page, 'status=active&sort=due_at');
    await page.context().close();
  });

  it('narrows by second person, outcome, dates, tags and several risks', async () => {
    const page = await client.signIn('manager', '/queue');
    await seen(page.getByRole('grid'));
    const critical = (
      await server.call('manager', 'GET', '/v1/cases?risk=critical&tag=manual_review&status=active&limit=50')
    ).body.data.find((one: { needs?: { four_eyes: boolean } }) => one.needs?.four_eyes);
    const hits = (critical.needs.hits ?? []).map((hit: { id: string }) => ({ hit: hit.id, answer: 'not_a_match' }));
    const approve = critical.next.find(
      (one: { allowed: boolean; event: string }) => one.allowed && /^approve/.test(one.event),
    );
    const proposed = await server.call(
      'manager',
      'POST',
      `/v1/cases/${critical.id}/decisions`,
      {
        event: approve.event,
        reason: approve.event === 'approve' ? 'checked' : 'checked_elsewhere',
        comment: 'Seen',
        hits,
      },
      { 'If-Match': `"${critical.version}"` },
    );
    expect(proposed.status, JSON.stringify(proposed.body)).toBe(200);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('checkbox', { name: 'Needs a second person' }).check();
    await page.waitForURL(/second_person=true/);
    expect(await listed(page, 'second_person=true&sort=due_at')).toEqual([critical.id]);
    await page.getByRole('checkbox', { name: 'Needs a second person' }).uncheck();
    await page.getByRole('checkbox', { name: /^High/ }).check();
    await page.getByRole('checkbox', { name: /^Medium/ }).check();
    await page.waitForURL(/risk=high(,|%2C)medium/);
    expect(
      (await listed(page, 'risk=high&risk=medium&tag=manual_review&status=active&sort=due_at')).length,
    ).toBeGreaterThan(1);
    await page.getByRole('checkbox', { name: 'escalated', exact: true }).check();
    await page.waitForURL(/tag=escalated/);
    await listed(page, 'risk=high&risk=medium&tag=escalated&status=active&sort=due_at');
    await page.goto(`${server.url}/queue`);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption('approved');
    await page.waitForURL(/outcome=approved/);
    const approved = await listed(page, 'outcome=approved&status=completed&sort=-created_at');
    expect(approved.length).toBeGreaterThan(0);
    const first = (await server.call('manager', 'GET', `/v1/cases/${approved[0]}`)).body.created_at.slice(0, 10);
    await page.getByLabel('Created to').fill('2001-01-01');
    await seen(page.getByText('No matching cases'));
    await page.getByLabel('Created to').fill('');
    await page.getByLabel('Created from').fill(first);
    await page.waitForURL(/created_from=/);
    await seen(page.locator('[data-filter="created"]'));
    expect(
      (
        await eventually(
          () => rows(page),
          (there) => there.length > 0,
        )
      ).length,
    ).toBeLessThanOrEqual(approved.length);
    await page.context().close();
  });

  it('sorts by the column whose header is pressed, by risk too', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    const header = (name: string) => page.getByRole('columnheader', { name });
    expect(await header('Deadline').getAttribute('aria-sort')).toBe('ascending');
    await header('Risk').getByRole('button').click();
    await page.waitForURL(/sort=-risk/);
    expect(await header('Risk').getAttribute('aria-sort')).toBe('descending');
    const ids = await listed(page, 'tag=manual_review&status=active&sort=-risk');
    const severity = async (id: string | undefined) =>
      (await server.call('reviewer', 'GET', `/v1/cases/${id}`)).body.risk?.severity;
    expect(await severity(ids[0])).toBe('critical');
    await header('Risk').getByRole('button').click();
    await page.waitForURL(/sort=risk/);
    expect(await header('Risk').getAttribute('aria-sort')).toBe('ascending');
    await listed(page, 'tag=manual_review&status=active&sort=risk');
    await header('Age').getByRole('button').click();
    await listed(page, 'tag=manual_review&status=active&sort=-created_at');
    expect(await header('Subject').getByRole('button').count()).toBe(0);
    await page.context().close();
  });

  it('shows 28 cases on 900 pixels, below one line of controls', async () => {
    const page = await client.signIn('reviewer', '/queue?decide=false');
    await seen(page.getByRole('grid'));
    const [top, height] = await page.locator('[data-index="0"]').evaluate((row) => {
      const box = row.getBoundingClientRect();
      return [box.top, box.height];
    });
    expect(Math.floor((900 - (top ?? 900)) / (height ?? 1))).toBeGreaterThanOrEqual(28);
    expect(height).toBeLessThanOrEqual(32);
    await page.context().close();
  });

  it('shows the assignee on a phone, and people who look different', async () => {
    const page = await client.signIn('manager', '/queue?decide=false', { viewport: { width: 390, height: 844 } });
    await seen(page.getByRole('row').nth(3));
    const users = (await server.call('manager', 'GET', '/v1/users')).body.data;
    const mine = (
      await server.call('manager', 'GET', '/v1/cases?status=active&sort=due_at&limit=8&view=summary')
    ).body.data.find((one: { assignee: string | null }) => one.assignee);
    const name = users.find((one: { id: string }) => one.id === mine.assignee).name;
    await seen(page.locator(`[data-case="${mine.id}"]`).getByText(name));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.context().close();
    const wide = await client.signIn('manager', '/queue?decide=false');
    await seen(wide.getByRole('grid'));
    const faces = await wide
      .locator('[role="grid"] .face')
      .evaluateAll((all) =>
        all.map(
          (one) => `${one.nextElementSibling?.textContent}|${one.textContent}|${getComputedStyle(one).backgroundColor}`,
        ),
      );
    const people = [...new Set(faces)].map((one) => one.split('|'));
    expect(people.length).toBeGreaterThan(1);
    expect(new Set(people.map(([, letters]) => letters)).size).toBe(people.length);
    expect(new Set(people.map(([, , colour]) => colour)).size).toBe(people.length);
    await wide.context().close();
  });

  it('goes to the next and the previous case after a reload, and from a link', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    const order = await rows(page);
    await page.locator(`[data-case="${order[1]}"]`).click();
    await page.waitForURL(new RegExp(order[1] ?? ''));
    await page.reload();
    await page.getByRole('button', { name: 'Next case' }).click();
    await page.waitForURL(new RegExp(order[2] ?? ''));
    const other = await client.signIn('second', `/cases/${order[1]}`);
    await other.getByRole('button', { name: 'Previous case' }).click();
    await other.waitForURL(new RegExp(order[0] ?? ''));
    await other.getByRole('button', { name: 'Next case' }).click();
    await other.waitForURL(new RegExp(order[1] ?? ''));
    await other.context().close();
    await page.context().close();
  });

  it('keeps every cell when names arrive, so that no click is lost', async () => {
    const page = await client.signIn('reviewer', '/settings');
    let release = () => {};
    const blocked = new Promise<void>((done) => {
      release = done;
    });
    await page.route(/\/v1\/(users|workflows)/, async (route) => {
      await blocked;
      await route.continue();
    });
    await page.goto(`${server.url}/queue`);
    const row = page.getByRole('row', { name: /Dario/ });
    await seen(row);
    await row.getByRole('gridcell').evaluateAll((cells) => {
      for (const cell of cells) cell.firstElementChild?.setAttribute('data-kept', '');
    });
    const kept = await row.locator('[data-kept]').count();
    expect(kept).toBeGreaterThan(5);
    expect(await page.getByRole('gridcell').filter({ hasText: /user_/ }).count()).toBe(0); // no id where a name will be
    const named = page.waitForResponse(/\/v1\/workflows\/kyc$/);
    release();
    await named;
    await seen(page.getByRole('gridcell', { name: 'Rita Reviewer' }));
    await row.focus(); // the row is drawn again
    await seen(page.locator('[data-case]:focus'));
    expect(await row.locator('[data-kept]').count()).toBe(kept);
    await row.click();
    await page.waitForURL(/cases/);
    await page.context().close();
  });

  it('names workflows by their titles', async () => {
    const page = await client.signIn('reviewer', '/queue?workflow=kyc&decide=false');
    await seen(page.locator('[data-filter="workflow"]').filter({ hasText: 'Individual onboarding' }));
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    const options = await eventually(
      () => page.getByRole('combobox', { name: 'Workflow' }).locator('option').allTextContents(),
      (texts) => texts.some((one) => one.startsWith('Individual onboarding (')),
    );
    expect(options.some((one) => one.startsWith('kyc'))).toBe(false);
    await page.context().close();
  });

  it('finds a case by its name, e-mail, id and document number', async () => {
    const id = await server.caseOf('Agnieszka');
    const full = (await server.call('admin', 'GET', `/v1/cases/${id}`)).body;
    const number = JSON.stringify(full).match(/"(?:document_)?number":\s*"([A-Z0-9]{6,})"/)?.[1];
    const page = await client.signIn('reviewer', '/queue');
    const box = page.getByRole('searchbox', { name: 'Search cases' });
    for (const text of ['Żółkowska', 'zolkowska agn', full.context.applicant.email, id, full.external_id, number]) {
      expect(text).toBeTruthy();
      await box.fill(text);
      await eventually(
        () => rows(page),
        (found) => found.length === 1 && found[0] === id,
      );
    }
    await box.fill('nobody is called this');
    await seen(page.getByText('No matching cases'));
    await page.context().close();
  });

  it('saves a view of one’s own and a shared one; others see the shared one only', async () => {
    const page = await client.signIn('manager', '/queue?risk=high');
    await seen(page.getByRole('grid'));
    for (const [name, shared] of [
      ['Only mine, high', false],
      ['High for all', true],
    ] as const) {
      await page.getByRole('button', { name: /^Views/ }).click();
      await page.getByRole('menuitem', { name: 'Save as new view' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill(name);
      if (shared) await dialog.getByRole('checkbox').check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await seen(page.getByRole('heading', { name, level: 1 }));
    }
    const other = await client.signIn('reviewer', '/queue');
    await other.getByRole('button', { name: /^Views/ }).click();
    await seen(other.getByRole('menuitem', { name: /High for all/ }));
    expect(await other.getByRole('menuitem', { name: /Only mine/ }).count()).toBe(0);
    await other.getByRole('menuitem', { name: /High for all/ }).click();
    await other.waitForURL(/risk=high/);
    await seen(other.getByRole('heading', { name: 'High for all' }));
    await other.context().close();
    await page.context().close();
  });

  it('shows and hides columns, and remembers them', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('checkbox', { name: 'External ID' }).check();
    await page.keyboard.press('Escape');
    await seen(page.getByRole('columnheader', { name: 'External ID' }));
    await page.reload();
    await seen(page.getByRole('columnheader', { name: 'External ID' }));
    await page.context().close();
  });

  it('assigns many cases at once and says for each why it was not possible', async () => {
    const page = await client.signIn('manager', '/queue?assignee=none&state=review&workflow=kyc');
    const some = (
      await eventually(
        () => rows(page),
        (found) => found.length >= 3,
      )
    ).slice(0, 3);
    for (const id of some) await page.locator(`[data-case="${id}"]`).getByRole('checkbox').check();
    await seen(page.getByText('3 cases selected'));
    // Meanwhile somebody ends one of them.
    const last = some[2];
    const now = await server.call('reviewer', 'GET', `/v1/cases/${last}`);
    const ended = await server.call(
      'manager',
      'POST',
      `/v1/cases/${last}/cancellation`,
      { reason: 'Duplicate' },
      { 'If-Match': now.headers.get('ETag') ?? '' },
    );
    expect(ended.status).toBe(200);
    await page.getByRole('button', { name: 'Assign to' }).click();
    await page.getByRole('menuitem', { name: 'Robin Reviewer' }).click();
    const failed = page.getByRole('dialog', { name: '1 case could not be assigned to Robin Reviewer' });
    await seen(failed);
    expect(await failed.getByRole('listitem').count()).toBe(1);
    expect(await failed.getByRole('listitem').textContent()).toContain(now.body.subject.name);
    await seen(page.getByText('2 cases assigned to Robin Reviewer'));
    await failed.getByRole('button', { name: 'Close' }).click();
    for (const id of some.slice(0, 2)) {
      const one = (await server.call('reviewer', 'GET', `/v1/cases/${id}`)).body;
      const people = (await server.call('reviewer', 'GET', '/v1/users')).body.data;
      expect(one.assignee).toBe(people.find((person: { name: string }) => person.name === 'Robin Reviewer').id);
    }
    await page.context().close();
  });

  it('shows new work without a reload, and moves nothing under the pointer', async () => {
    const page = await client.signIn('reviewer', '/queue?decide=false&sort=-created_at');
    await seen(page.getByRole('grid'));
    const before = await rows(page);
    // Nobody points at the list: the new case comes in by itself, at the top.
    const first = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'kyc',
      external_id: 'live-1',
      subject: { type: 'individual', external_id: 'live-1' },
      context: applicant('Live', 'First'),
    });
    expect(first.status).toBe(201);
    await eventually(
      () => rows(page),
      (found) => found[0] === first.body.id,
    );
    // Somebody points at it: it waits until they ask for it.
    await page.locator(`[data-case="${before[0]}"]`).hover();
    const place = await page.locator(`[data-case="${before[0]}"]`).boundingBox();
    await server.call('client', 'POST', '/v1/cases', {
      workflow: 'kyc',
      external_id: 'live-2',
      subject: { type: 'individual', external_id: 'live-2' },
      context: applicant('Live', 'Second'),
    });
    const waiting = page.getByRole('button', { name: '1 new case' });
    await seen(waiting);
    expect(await page.locator(`[data-case="${before[0]}"]`).boundingBox()).toEqual(place);
    await waiting.hover(); // on the way to it nothing moves either
    await page.waitForTimeout(300);
    expect(await page.locator(`[data-case="${before[0]}"]`).boundingBox()).toEqual(place);
    await waiting.click();
    await hidden(waiting);
    await eventually(
      () => rows(page),
      (found) => found.indexOf(before[0] ?? '') === 2,
    );
    await page.context().close();
  });

  it('starts a case by hand from what its workflow asks for, and keeps what was written when it is refused', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await page.getByRole('button', { name: 'New case' }).click();
    const dialog = page.getByRole('dialog');
    await seen(dialog.getByLabel('Employed months')); // the first workflow's
    await dialog.getByLabel('Workflow').selectOption('kyc');
    await dialog.getByLabel('External ID').fill('by-hand-1');
    await dialog.getByLabel('Given').fill('Wilhelmina');
    await dialog.getByLabel('Family').fill('Handgeschrieben');
    await dialog.getByLabel('Date of birth').fill('1980-02-29');
    await dialog.getByLabel('Country').fill('XYZ');
    await dialog.getByLabel('Email').fill('w.h@example.com');
    await dialog.getByRole('button', { name: 'Create case' }).click();
    await seen(dialog.getByRole('alert').or(dialog.locator('[aria-invalid="true"]')));
    expect(await dialog.getByLabel('Given').inputValue()).toBe('Wilhelmina');
    await dialog.getByLabel('Country').fill('SE');
    await dialog.getByRole('button', { name: 'Create case' }).click();
    await page.waitForURL(/\/cases\/case_/);
    await seen(page.getByRole('heading', { name: 'Wilhelmina Handgeschrieben' }));
    await page.context().close();
  });
});
