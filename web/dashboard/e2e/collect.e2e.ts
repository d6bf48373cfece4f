import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, panel, Server, seen } from './harness';

describe('a case that is started by hand', () => {
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

  it('goes on from its page: upload, correct, copy the link, submit; somebody else approves', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await page.getByRole('button', { name: 'New case' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Workflow').selectOption('kyc');
    await form.getByLabel('Given').fill('Ottilie');
    await form.getByRole('button', { name: 'Create case' }).click();
    await seen(form.getByText('This field is required.')); // a name has two parts
    await form.getByLabel('Given').fill('');
    await form.getByRole('button', { name: 'Create case' }).click();
    await page.waitForURL(/\/cases\/case_/);
    await seen(page.getByRole('heading', { name: 'No name yet', level: 1 }));
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';

    const collect = page.getByRole('region', { name: 'Waiting for the applicant' });
    await seen(collect.getByText('not available. A required document is missing', { exact: false }));
    const open = page.getByRole('region', { name: 'Open', exact: true });
    await seen(open.getByText('Required document: Passport'));
    expect(await open.getByText('No open items').count()).toBe(0);
    expect(await collect.getByRole('button', { name: 'Submit for the applicant' }).isDisabled()).toBe(true);
    expect(await violations(page)).toEqual([]);

    await collect.getByRole('button', { name: 'Edit data' }).click();
    const data = page.getByRole('dialog');
    await data.getByLabel('Given').fill('Ottilie');
    await data.getByLabel('Family').fill('Vonhand');
    await data.getByLabel('Date of birth').fill('1980-02-29');
    await data.getByLabel('Country').fill('DE');
    await data.getByRole('button', { name: 'Save' }).click();
    await seen(page.getByRole('heading', { name: 'Ottilie Vonhand', level: 1 }));

    const other = await server.caseOf('Nikolai Pavlensky');
    const there = await server.call('admin', 'GET', `/v1/cases/${other}`);
    const picture = there.body.documents.find((each: { content_type: string }) =>
      each.content_type.startsWith('image/'),
    );
    await collect.getByLabel(/^Upload: Passport/).setInputFiles({
      name: 'passport.png',
      mimeType: picture.content_type,
      buffer: Buffer.from(await server.content(other, picture.id)),
    });
    await seen(page.getByText('Passport uploaded'));
    await seen(open.getByText('No open items'));

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await collect.getByRole('button', { name: 'Copy applicant’s link' }).click();
    await seen(page.getByText('Token copied'));
    const token = await page.evaluate(() => navigator.clipboard.readText());
    expect((await server.call(token, 'GET', '/v1/flow/case')).body.id).toBe(id);

    await collect.getByRole('button', { name: 'Submit for the applicant' }).click();
    await seen(page.getByText('Submitted for the applicant'));
    const entries = (await server.call('admin', 'GET', `/v1/cases/${id}/history?cause=event`)).body.data;
    expect(entries[0].actor).toMatchObject({ kind: 'user', as: 'applicant' });
    await page.getByRole('tab', { name: /^History/ }).click();
    await seen(page.getByText('You, for the applicant'));

    // Its checks go on. Whoever has supplied the data does not approve it.
    const ended = await eventually(
      () => server.call('admin', 'GET', `/v1/cases/${id}`),
      ({ body }) => body.status !== 'active' || body.tags.includes('manual_review'),
      120_000,
    );
    if (ended.body.status === 'active') {
      await page.reload();
      await seen(
        panel(page).getByText('You supplied data for this case. Another person must approve it.', { exact: false }),
      );
    }
    await page.context().close();
  });

  it('offers auditors nothing to do for the applicant', async () => {
    const made = await server.call('client', 'POST', '/v1/cases', { workflow: 'kyc', subject: { type: 'individual' } });
    const page = await client.signIn('auditor', `/cases/${made.body.id}`);
    await seen(page.getByRole('heading', { name: 'No name yet', level: 1 }));
    expect(await page.getByRole('region', { name: 'Waiting for the applicant' }).count()).toBe(0);
    await page.context().close();
  });
});
