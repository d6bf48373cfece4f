import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, eventually, Server, seen } from './harness';

describe('documents', () => {
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
  const statusOf = async (id: string, kind: string): Promise<string> =>
    (await read(id)).documents.find((one: { kind: string }) => one.kind === kind).status;
  const shot = async (page: Page, name: string) => {
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/${name}.png` });
  };

  it('are decided in their own words, each with an undo by message, key and button', async () => {
    const id = await server.caseOf('Maeve');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await page.getByRole('button', { name: 'Accept passport', exact: true }).click();
    await eventually(
      () => statusOf(id, 'passport'),
      (status) => status === 'approved',
    );
    await page.getByRole('button', { name: /^Selfie/ }).click();
    await page.getByRole('button', { name: 'Reject selfie', exact: true }).click();
    await page.getByLabel('Reason').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Reject selfie', exact: true }).click();
    await eventually(
      () => statusOf(id, 'selfie'),
      (status) => status === 'rejected',
    );
    await shot(page, 'document-undo');

    // The first message takes back the first decision, and leaves the second.
    const message = page.getByRole('listitem').filter({ hasText: 'Passport: Approved' });
    await message.getByRole('button', { name: /Undo/ }).click();
    await eventually(
      () => statusOf(id, 'passport'),
      (status) => status === 'checked',
    );
    expect(await statusOf(id, 'selfie')).toBe('rejected');
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('z');
    await eventually(
      () => statusOf(id, 'selfie'),
      (status) => status === 'checked',
    );

    await page.getByRole('button', { name: 'Accept selfie', exact: true }).click();
    await page.getByRole('button', { name: 'Undo the document decision' }).click();
    await eventually(
      () => statusOf(id, 'selfie'),
      (status) => status === 'checked',
    );
    const causes = (await server.call('admin', 'GET', `/v1/cases/${id}/history?sort=-version&limit=20`)).body.data.map(
      (entry: { cause: string }) => entry.cause,
    );
    expect(causes.filter((cause: string) => cause === 'document_decision_undone')).toHaveLength(3);
    await page.getByRole('tab', { name: /^History/ }).click();
    await seen(page.getByText('Document decision undone'));
    await page.context().close();
  });

  it('look unlike the decision about the case', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Sofie Lindqvist')}`);
    const style = (name: string | RegExp) =>
      page
        .getByRole('button', { name, exact: true })
        .first()
        .evaluate((one) => [getComputedStyle(one).textDecorationLine, getComputedStyle(one).borderTopColor].join());
    expect(await style('Accept passport')).toContain('underline');
    expect(await style(/^Approve/)).not.toBe(await style('Accept passport'));
    await page.context().close();
  });

  it('show the portrait cut from the page beside the selfie at one size, and the whole pictures on demand', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Sofie Lindqvist')}`);
    await page.getByRole('button', { name: 'Face comparison' }).click();
    await seen(page.locator('[data-part="portrait"]'));
    const frames = page.locator('[data-part]');
    const boxes = await frames.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
    expect(boxes).toHaveLength(2);
    expect(boxes[0].width).toBeCloseTo(boxes[1].width, 0);
    expect(boxes[0].height).toBeCloseTo(boxes[1].height, 0);
    // What the frame shows of the page is its left part above the machine-readable zone.
    const shown = await frames.first().evaluate((frame) => {
      const image = frame.querySelector('img');
      if (!image) throw new Error('no picture');
      const part = frame.getBoundingClientRect();
      const page = image.getBoundingClientRect();
      return {
        left: (part.left - page.left) / page.width,
        right: (part.right - page.left) / page.width,
        bottom: (part.bottom - page.top) / page.height,
        distortion: page.width / page.height / (image.naturalWidth / image.naturalHeight),
      };
    });
    expect(shown.left).toBeGreaterThanOrEqual(0);
    expect(shown.right).toBeLessThan(0.4);
    expect(shown.bottom).toBeLessThan(0.76);
    expect(shown.distortion).toBeCloseTo(1, 1);
    expect(await violations(page)).toEqual([]);
    await shot(page, 'faces');
    await page.getByRole('button', { name: 'Whole pictures' }).click();
    await eventually(
      () => page.getByRole('toolbar', { name: 'Viewer' }).count(),
      (count) => count === 2,
    );
    expect(await page.locator('[data-part]').count()).toBe(0);
    await page.context().close();
  });

  it('whose portrait is not where it should be are shown as they are', async () => {
    const page = await client.signIn('reviewer', `/cases/${await server.caseOf('Maximiliana')}`);
    await page.getByRole('button', { name: 'Face comparison' }).click();
    await seen(page.getByText('the portrait could not be located', { exact: false }));
    expect(await page.locator('[data-part="portrait"]').count()).toBe(0);
    await shot(page, 'faces-tilted');
    await page.context().close();
  });

  it('are grouped by kind when there are many', async () => {
    const picture = (await read(await server.caseOf('Tomás'))).documents.find(
      (one: { kind: string }) => one.kind === 'passport',
    );
    const bytes = await server.content(await server.caseOf('Tomás'), picture.id);
    const started = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'kyc',
      subject: { type: 'individual', external_id: 'many', name: 'Many Documents' },
      context: {
        applicant: { name: { given: 'Many', family: 'Documents' }, date_of_birth: '1990-01-01', country: 'SE' },
      },
    });
    const kinds = ['passport', ...Array.from({ length: 9 }, (_, n) => (n % 2 ? 'selfie' : 'proof_of_address'))];
    for (const [n, kind] of kinds.entries())
      await server.upload(started.body.id, kind, 'image/jpeg', new Uint8Array([...bytes, n]));
    const page = await client.signIn('reviewer', `/cases/${started.body.id}`);
    const list = (name: RegExp) => page.getByRole('list', { name });
    await seen(list(/^Proof of address/));
    expect(
      await list(/^Proof of address/)
        .getByRole('button')
        .count(),
    ).toBe(5);
    expect(
      await list(/^Selfie/)
        .getByRole('button')
        .count(),
    ).toBe(4);
    expect(
      await list(/^Passport/)
        .getByRole('button')
        .count(),
    ).toBe(1);
    await page.getByRole('button', { name: /^Selfie 3/ }).click();
    expect(await page.getByRole('button', { name: /^Selfie 3/ }).getAttribute('aria-current')).toBe('true');
    expect(await violations(page)).toEqual([]);
    await shot(page, 'documents-many');
    await page.context().close();
  });
});
