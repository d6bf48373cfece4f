import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, gone, rows, Server, seen } from './harness';

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
    await seen(page.getByRole('status').filter({ hasText: `of ${counts.to_decide} to decide` }));
    const navigation = page.getByRole('navigation');
    expect(await navigation.getByRole('link', { name: /Mine/ }).textContent()).toContain(String(counts.mine));
    expect(await navigation.getByRole('link', { name: /Unassigned/ }).textContent()).toContain(
      String(counts.unassigned),
    );
    expect(await navigation.getByRole('link', { name: /Overdue/ }).textContent()).toContain(String(counts.overdue));
    await page.context().close();
  });

  it('keeps filters and order in the address, and reads them from it', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('grid'));
    await page.getByLabel('Risk', { exact: true }).selectOption({ value: 'critical' });
    await page.waitForURL(/risk=critical/);
    await page.getByLabel('Order').selectOption('-created_at');
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
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => url.search === '');
    await again.context().close();
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
    await seen(page.getByText('No case fits'));
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
      await page.getByRole('menuitem', { name: 'Save as a new view' }).click();
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
    await page.getByRole('checkbox', { name: 'External id' }).check();
    await page.keyboard.press('Escape');
    await seen(page.getByRole('columnheader', { name: 'External id' }));
    await page.reload();
    await seen(page.getByRole('columnheader', { name: 'External id' }));
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
    const failed = page.getByRole('dialog', { name: '1 case was not assigned' });
    await seen(failed);
    expect(await failed.getByRole('listitem').count()).toBe(1);
    expect(await failed.getByRole('listitem').textContent()).toContain(now.body.subject.name);
    await seen(page.getByText('2 cases were assigned'));
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
    await waiting.click();
    await gone(waiting);
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
    await dialog.getByLabel('External id').fill('by-hand-1');
    await dialog.getByLabel('Given').fill('Wilhelmina');
    await dialog.getByLabel('Family').fill('Handgeschrieben');
    await dialog.getByLabel('Date of birth').fill('1980-02-29');
    await dialog.getByLabel('Country').fill('XYZ');
    await dialog.getByLabel('Email').fill('w.h@example.com');
    await dialog.getByRole('button', { name: 'Start the case' }).click();
    await seen(dialog.getByRole('alert').or(dialog.locator('[aria-invalid="true"]')));
    expect(await dialog.getByLabel('Given').inputValue()).toBe('Wilhelmina');
    await dialog.getByLabel('Country').fill('SE');
    await dialog.getByRole('button', { name: 'Start the case' }).click();
    await page.waitForURL(/\/cases\/case_/);
    await seen(page.getByRole('heading', { name: 'Wilhelmina Handgeschrieben' }));
    await page.context().close();
  });
});
