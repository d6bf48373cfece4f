import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, panel, Server, seen } from './harness';

describe('related cases', () => {
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

  it('names the other cases of the same subject', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Nikolai Pavlensky')}?tab=related`);
    const link = page.getByRole('tabpanel').getByRole('link', { name: /Nikolai Pavlensky/ });
    await seen(link);
    expect(await page.getByRole('tabpanel').textContent()).toContain('Cancelled');
    await seen(link.first().getByText('Same customer'));
    await link.first().click();
    await seen(panel(page).getByText('This case is closed'));
    await page.context().close();
  });

  it('names cases of other customers with the same e-mail address, and says so', async () => {
    const id = await server.caseOf('Dario Fontanella');
    const page = await client.signIn('reviewer', `/cases/${id}?tab=related`);
    const other = page.getByRole('tabpanel').getByRole('link', { name: /Aleksi Kuusinen/ });
    await seen(other.getByText('Same e-mail address: Dario.Fontanella@example.org'));
    expect(await page.getByRole('tab', { name: /Related/ }).textContent()).toContain('1');
    await page.context().close();
    const developer = await client.signIn('developer', `/cases/${id}?tab=related`);
    await seen(developer.getByRole('tabpanel').getByText(/Your role sees only other cases of the same customer/));
    expect(await developer.getByRole('tabpanel').getByRole('link').count()).toBe(0);
    await developer.context().close();
  });

  it('names cases of other customers with the same phone, document number, device or face', async () => {
    expect((await server.call('admin', 'POST', '/v1/workflows/known/versions', { source: known })).status).toBe(201);
    const shared: Record<string, [mine: string, theirs: string, reason: string]> = {
      phone: ['+49 30 901820', '0049 30 90 18 20', 'Same telephone number: +49 30 901820'],
      document_number: ['C01X-00T47', 'c01x00t47', 'Same document number: C01X-00T47'],
      device_id: ['device-77', 'device-77', 'Same device: device-77'],
      face_hash: ['a1b2c3', 'a1b2c3', 'Same face'],
    };
    const begin = async (name: string, context: Record<string, string>) => {
      const started = await server.call('client', 'POST', '/v1/cases', {
        workflow: 'known',
        subject: { type: 'individual', id: name, name },
        context,
      });
      expect(started.status).toBe(201);
      return started.body.id as string;
    };
    const id = await begin('Mine', Object.fromEntries(Object.entries(shared).map(([field, [mine]]) => [field, mine])));
    for (const [field, [, theirs]] of Object.entries(shared)) await begin(`By ${field}`, { [field]: theirs });
    const page = await client.signIn('reviewer', `/cases/${id}?tab=related`);
    for (const [field, [, , reason]] of Object.entries(shared)) {
      const other = page.getByRole('tabpanel').getByRole('link', { name: new RegExp(`By ${field}`) });
      await seen(other.getByText(reason));
      expect(await other.getByText(/^Same /).count(), field).toBe(1);
    }
    await page.context().close();
  });

  it('leads from a case to the children that it has started, and from each of them to its parent', async () => {
    for (const source of [person, owned]) {
      const id = /^id: (\w+)/m.exec(source)?.[1];
      expect((await server.call('admin', 'POST', `/v1/workflows/${id}/versions`, { source })).status).toBe(201);
    }
    const owner = (given: string) => ({
      name: { given, family: 'Byron' },
      date_of_birth: '1980-01-01',
      country: 'SE',
      email: `${given.toLowerCase()}@example.com`,
    });
    const started = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'owned',
      subject: { type: 'business', id: 'byron-ab', name: 'Byron AB' },
      context: { owners: ['Ada', 'Berta', 'Cleo'].map(owner) },
    });
    expect(started.status).toBe(201);
    const parent = started.body.id;
    const children = await eventually(
      async () => (await server.call('client', 'GET', `/v1/cases?parent=${parent}&sort=created_at`)).body.data,
      (found) => found.length === 3 && found.every((one: Case) => one.configuration.join() === 'review'),
    );
    const page = await client.signIn('reviewer', `/cases/${parent}?tab=related`);
    const below = page.getByRole('region', { name: 'Child cases' });
    await seen(below.getByText('0 of 3 completed'));
    const links = below.getByRole('listitem').getByRole('link');
    expect(await links.locator('bdi').allTextContents()).toEqual(['Ada Byron', 'Berta Byron', 'Cleo Byron']);
    expect(await page.getByRole('region', { name: 'Parent case' }).count()).toBe(0);
    // What a child does is seen without a reload.
    const first = children.find((one: Case) => one.parent.index === 0);
    const decided = await server.call(
      'second',
      'POST',
      `/v1/cases/${first.id}/decisions`,
      { event: 'approve' },
      { 'If-Match': `"${first.version}"` },
    );
    expect(decided.status).toBe(200);
    await seen(below.getByText('1 of 3 completed'));
    await seen(links.filter({ hasText: 'Ada Byron' }).getByText('Approved'));
    // The data panel shows what was declared, and does not repeat it.
    await page.getByRole('tab', { name: 'Data' }).click();
    await seen(page.getByRole('tabpanel').getByText('Berta', { exact: true }));
    expect(await page.getByRole('tabpanel').textContent()).not.toContain('Children');
    await page.getByRole('tab', { name: 'Related' }).click();
    await links.filter({ hasText: 'Berta Byron' }).click();
    await seen(page.getByRole('heading', { name: 'Berta Byron', level: 1 }));
    await page.getByRole('tab', { name: 'Related' }).click();
    const above = page.getByRole('region', { name: 'Parent case' });
    await seen(above.getByRole('link', { name: /Byron AB/ }));
    expect(await below.count()).toBe(0);
    await above.getByRole('link').click();
    await page.waitForURL((url) => url.pathname === `/cases/${parent}`);
    await seen(page.getByRole('heading', { name: 'Byron AB', level: 1 }));
    // A parent that cannot be read is still named and reached by its id.
    await page.goBack();
    await page.route(`**/v1/cases/${parent}`, (route) =>
      route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"code":"not_found"}' }),
    );
    await page.reload();
    await seen(above.getByRole('link', { name: parent }));
    await page.context().close();
  });
});

interface Case {
  id: string;
  configuration: string[];
  parent: { index: number };
}

/** A company whose owners are cases of their own; each is screened by a vendor and decided by a person. */
const owned = `
id: owned
title: A company and its owners
subject: business
initial: owners
states:
  owners:
    invoke:
      src: children
      id: people
      input: {workflow: person, each: owners, subject: {name: item.name}, context: {applicant: item}, result: {hits: sanctions.hits}}
    onDone:
      - {guard: "children.people.outcomes.rejected > 0", target: rejected}
      - {target: approved}
  approved: {type: final}
  rejected: {type: final}
`;
const person = `
id: person
title: An owner
subject: individual
initial: check
states:
  check:
    invoke: {src: screening, id: sanctions, input: {with: {name: "applicant.name.given + ' ' + applicant.name.family"}}}
    onDone: review
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final}
  rejected: {type: final}
`;
const known = `
id: known
title: Somebody who may be known
subject: individual
initial: waiting
states:
  waiting: {tags: [collection_flow], on: {SUBMIT: done}}
  done: {type: final}
`;
