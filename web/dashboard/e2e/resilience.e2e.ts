import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, gone, panel, rows, Server, seen } from './harness';

describe('resilience', () => {
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

  it('says that the server is away, keeps what was written, and goes on when it is back', async () => {
    const id = await server.caseOf('Ingrid Solberg');
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await panel(page)
      .getByRole('button', { name: /^Reject/ })
      .click();
    await panel(page).getByLabel('Reason').selectOption({ index: 1 });
    await panel(page).getByLabel('Comment').fill('Written before the server went away');
    const other = await client.signIn('second', '/queue');
    await seen(other.getByRole('row').nth(3));
    await server.stop();
    await seen(page.getByText('The server does not answer.', { exact: false }));
    await seen(other.getByText('The server does not answer.', { exact: false }));
    expect((await rows(other)).length).toBeGreaterThan(3);
    await panel(page)
      .getByRole('button', { name: /Reject the case/ })
      .click();
    await seen(page.getByText('This did not work'));
    expect(await panel(page).getByLabel('Comment').inputValue()).toBe('Written before the server went away');
    await server.again();
    await gone(page.getByText('The server does not answer.', { exact: false }));
    await seen(page.getByText('The server answers again'));
    await panel(page)
      .getByRole('button', { name: /Reject the case/ })
      .click();
    await eventually(
      async () => (await server.call('admin', 'GET', `/v1/cases/${id}`)).body.configuration.join(),
      (state) => state === 'rejected',
    );
    await seen(other.getByText('The server answers again'));
    await page.context().close();
    await other.context().close();
  });

  it('loads nothing twice wrongly: a page opened while the server is away says so and offers to try again', async () => {
    const page = await client.signIn('reviewer', '/queue');
    await seen(page.getByRole('row').nth(3));
    await page.route(/\/v1\/cases\/case_/, (route) =>
      route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          status: 500,
          code: 'internal',
          detail: 'Something failed here.',
          request_id: 'req_test',
        }),
      }),
    );
    await page.locator('[role="row"][data-case]').first().click();
    await seen(page.getByText('This could not be loaded'), 30_000);
    await seen(page.getByText('req_test'));
    await page.unroute(/\/v1\/cases\/case_/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await seen(panel(page).getByRole('button', { name: /^Approve/ }));
    await page.context().close();
  });
});

describe('bad input', () => {
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

  let n = 0;
  async function started(given: string, family: string, more: Record<string, unknown> = {}): Promise<string> {
    const external = `bad-${++n}`;
    const answer = await server.call('client', 'POST', '/v1/cases', {
      workflow: 'kyc',
      external_id: external,
      subject: { type: 'individual', external_id: external, name: { given, family } },
      context: {
        applicant: { name: { given, family }, date_of_birth: '1990-01-01', country: 'SE', email: 'x@example.com' },
        ...more,
      },
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body.id;
  }

  it('shows names of 300 characters, from right to left and of emoji, and none of them breaks a page', async () => {
    const names: [string, string][] = [
      ['X'.repeat(150), 'Y'.repeat(149)],
      ['محمد', 'بن عبد الله الطويل'],
      ['👩‍👩‍👧‍👦🏳️‍🌈', '🧿'.repeat(20)],
      ['\u202Eevil', 'Override\u202C'],
    ];
    const ids = [];
    for (const [given, family] of names) ids.push(await started(given, family));
    for (const width of [1440, 390]) {
      const page = await client.signIn('reviewer', '/queue?decide=false&sort=-created_at', {
        viewport: { width, height: 844 },
      });
      for (const id of ids) {
        await seen(page.locator(`[data-case="${id}"]`));
        const box = await page.locator(`[data-case="${id}"]`).boundingBox();
        expect(box?.height ?? 0).toBeLessThanOrEqual(60);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      for (const [at, id] of ids.entries()) {
        await page.goto(`${server.url}/cases/${id}?tab=data`);
        await seen(page.getByRole('heading', { level: 1 }));
        await seen(page.getByText(names[at]?.[1] ?? '', { exact: true }));
        expect(await page.evaluate(() => document.documentElement.scrollWidth), names[at]?.join(' ')).toBe(width);
      }
      await page.context().close();
    }
  });

  it('shows HTML in a field as text', async () => {
    const html = '<img src=x onerror="document.title=1"><b>bold</b><script>document.title=2</script>';
    const id = await started(html, 'Html');
    const noted = await server.call('reviewer', 'POST', `/v1/cases/${id}/notes`, { text: html });
    expect(noted.status).toBe(201);
    const page = await client.signIn('reviewer', `/cases/${id}?tab=data`);
    await seen(page.getByText(html, { exact: true }));
    expect(await page.locator('h1').textContent()).toContain('<b>bold</b>');
    await page.getByRole('tab', { name: 'Notes' }).click();
    await seen(page.getByText(html));
    await page.getByRole('tab', { name: 'History' }).click();
    await seen(page.getByText(html));
    expect(await page.locator('main img[src="x"], main b').count()).toBe(0);
    expect(await page.title()).toContain('Html');
    await page.context().close();
  });

  it('shows a context of any shape', async () => {
    const odd = {
      list: [1, [2, { deep: true }], null],
      nothing: null,
      'a key with spaces': { '': 'empty key' },
      number: 1e21,
      flag: false,
    };
    const id = await started('Odd', 'Shape');
    const patched = await server.call('client', 'PATCH', `/v1/cases/${id}/context`, {
      applicant: { name: { middle: odd } },
    });
    const page = await client.signIn('reviewer', `/cases/${id}?tab=data`);
    await seen(page.getByText('Odd', { exact: true }));
    if (patched.status === 200) await seen(page.getByText('empty key'));
    else expect(patched.status).toBe(422); // the workflow's own schema does not take it
    await page.context().close();
    // What a schema does not describe comes from elsewhere: the page takes any answer of the API.
    const strange = await client.signIn('reviewer', '/queue');
    await strange.route(new RegExp(`/v1/cases/${id}$`), async (route) => {
      if (route.request().method() !== 'GET') return route.continue();
      const response = await route.fetch();
      const body = response.status() === 200 ? await response.json() : null;
      return route.fulfill({
        response,
        ...(body
          ? { json: { ...body, context: { ...odd, risk: { outcome: 5, trace: 'no' }, applicant: 'text' } } }
          : {}),
      });
    });
    await strange.goto(`${server.url}/cases/${id}?tab=data`);
    await seen(strange.getByText('empty key'));
    for (const tab of ['Documents', 'Checks', 'Notes', 'Workflow', 'History']) {
      await strange.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
      await seen(strange.getByRole('tabpanel'));
      expect(await strange.getByText('This page could not be shown').count()).toBe(0);
    }
    await strange.context().close();
  });

  it('says that an image does not decode, and goes on', async () => {
    const id = await started('Broken', 'Image');
    const bytes = new Uint8Array(5000).fill(7);
    bytes.set([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]);
    await server.upload(id, 'passport', 'image/jpeg', bytes);
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(page.getByText('It cannot be shown'));
    await seen(page.getByRole('button', { name: 'Download' }).or(page.getByRole('link', { name: 'Download' })));
    await page.context().close();
  });

  it('reads a PDF of 200 pages page by page', async () => {
    const id = await started('Long', 'Paper');
    await server.upload(id, 'proof_of_address', 'application/pdf', pdf(200));
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await page
      .getByRole('list', { name: 'Documents' })
      .getByRole('button', { name: /Proof of address/ })
      .click();
    await seen(page.getByText(/Page 1 of 200/));
    await seen(page.locator('canvas'));
    expect(await page.locator('canvas').count()).toBeLessThan(12);
    const scroller = page
      .locator('main canvas')
      .first()
      .locator('xpath=ancestor::*[contains(@class,"overflow-auto")][1]');
    await scroller.evaluate((one) => one.scrollTo({ top: one.scrollHeight }));
    await seen(page.getByText(/Page (19\d|200) of 200/));
    expect(await page.locator('canvas').count()).toBeLessThan(12);
    await page.context().close();
  });

  it('scrolls a history of 10,000 entries, and draws only what is seen', async () => {
    const id = await started('Much', 'History');
    const page = await client.signIn('reviewer', '/queue');
    // Ten thousand notes would take minutes to write: the answers are those of the API, as long.
    const first = (await server.call('reviewer', 'GET', `/v1/cases/${id}/history?limit=1`)).body.data[0];
    await page.route(/\/history\?/, (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 10_000);
      const data = Array.from({ length: 100 }, (_, k) => ({
        ...first,
        version: from - k,
        cause: 'note',
        from: ['collect'],
        to: ['collect'],
        details: { note: { text: `Entry ${from - k}` } },
      }));
      return route.fulfill({ json: { data, next_cursor: from > 100 ? String(from - 100) : null } });
    });
    await page.goto(`${server.url}/cases/${id}?tab=history`);
    await seen(page.getByText('Entry 10000', { exact: true }));
    const region = page.getByRole('group', { name: 'All entries' });
    await eventually(
      async () => {
        await region.evaluate((one) => one.scrollTo({ top: one.scrollHeight }));
        return page.getByText('Entry 1', { exact: true }).count();
      },
      (count) => count === 1,
      40_000,
    );
    expect(await region.getByRole('listitem').count()).toBeLessThan(60);
    await page.context().close();
  });
});

/** A PDF with so many pages, each with its number. */
function pdf(pages: number): Uint8Array {
  const objects: string[] = [];
  const kids = Array.from({ length: pages }, (_, k) => `${4 + k * 2} 0 R`).join(' ');
  objects.push(
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  );
  for (let k = 0; k < pages; k++) {
    const text = `BT /F1 24 Tf 72 720 Td (Page ${k + 1}) Tj ET`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + k * 2} 0 R >>`,
      `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    );
  }
  let out = '%PDF-1.4\n';
  const offsets = objects.map((object, k) => {
    const at = out.length;
    out += `${k + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const xref = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}`;
  out += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return new TextEncoder().encode(out);
}
