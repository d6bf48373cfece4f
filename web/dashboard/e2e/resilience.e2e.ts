import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, eventually, hidden, panel, rows, Server, seen } from './harness';

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
    await seen(page.getByText('The server is not responding.', { exact: false }));
    await seen(other.getByText('The server is not responding.', { exact: false }));
    expect((await rows(other)).length).toBeGreaterThan(3);
    await panel(page)
      .getByRole('button', { name: /Reject case/ })
      .click();
    await seen(page.getByText('Action failed'));
    expect(await panel(page).getByLabel('Comment').inputValue()).toBe('Written before the server went away');
    await server.again();
    await hidden(page.getByText('The server is not responding.', { exact: false }));
    await seen(page.getByText('Reconnected'));
    await panel(page)
      .getByRole('button', { name: /Reject case/ })
      .click();
    await eventually(
      async () => (await server.call('admin', 'GET', `/v1/cases/${id}`)).body.configuration.join(),
      (state) => state === 'rejected',
    );
    await seen(other.getByText('Reconnected'));
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
    await seen(page.getByText('Loading failed'), 30_000);
    await seen(page.getByText('req_test'));
    await page.unroute(/\/v1\/cases\/case_/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await seen(panel(page).getByRole('button', { name: /^Approve/ }));
    await page.context().close();
  });

  it('explains what the gateway answers itself, and makes a call that was one too many again', async () => {
    const waiting = await server.call('admin', 'GET', '/v1/cases?tag=manual_review&status=active&limit=1');
    const id: string = waiting.body.data[0].id;
    for (const [status, message, text] of [
      [404, 'Not Found', 'Case not found'],
      [413, 'Request Entity Too Large', 'The request is too large.'],
      [431, 'Request Header Fields Too Large', 'The request is too large.'],
      [500, 'Internal Server Error', 'The server reported an error.'],
    ] as const) {
      const page = await client.signIn('reviewer', '/');
      await page.route(new RegExp(`/v1/cases/${id}$`), (route) =>
        route.fulfill({ status, contentType: 'application/json', body: JSON.stringify({ message }) }),
      );
      await page.goto(`${server.url}/cases/${id}`);
      await seen(page.getByText(text, { exact: false }).first());
      await page.context().close();
    }
    const page = await client.signIn('reviewer', '/');
    let refused = 0;
    await page.route(new RegExp(`/v1/cases/${id}$`), (route) =>
      refused++ === 0
        ? route.fulfill({
            status: 429,
            contentType: 'application/json',
            headers: { 'Retry-After': '1' },
            body: JSON.stringify({ message: 'Too Many Requests' }),
          })
        : route.continue(),
    );
    await page.goto(`${server.url}/cases/${id}`);
    await seen(panel(page).getByRole('button', { name: /^Approve/ }));
    expect(refused).toBeGreaterThan(1);
    // The authorizer's own refusal ends the session: what was typed is kept behind the sign-in.
    await page.route(/\/v1\//, (route) =>
      route.fulfill({ status: 403, contentType: 'application/json', body: '{"message":"Forbidden"}' }),
    );
    await seen(page.getByText('Your session has expired'), 30_000);
    await page.context().close();
  });
});

/** A workflow that takes any data. */
const anything = `
id: anything
title: Anything goes
subject: individual
initial: review
states:
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}, after: {P5D: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`;

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
  const tried = async (workflow: string, given: string, family: string) => {
    const external = `bad-${++n}`;
    return server.call('client', 'POST', '/v1/cases', {
      workflow,
      external_id: external,
      subject: { type: 'individual', external_id: external, name: { given, family } },
      context: {
        applicant: { name: { given, family }, date_of_birth: '1990-01-01', country: 'SE', email: 'x@example.com' },
      },
    });
  };
  async function started(given: string, family: string, workflow = 'kyc'): Promise<string> {
    const answer = await tried(workflow, given, family);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body.id;
  }

  it('refuses names that are none, or that hide something, and says where', async () => {
    for (const [given, location] of [
      ['👩‍👩‍👧‍👦🏳️‍🌈', 'body.context.applicant.name.given'],
      ['<b>bold</b>', 'body.context.applicant.name.given'],
      ['\u202Eevil', 'body.subject.name.given'],
    ] as const) {
      const answer = await tried('kyc', given, 'Override');
      expect(answer.status, given).toBe(422);
      expect(answer.body.errors.map((field: { location: string }) => field.location)).toContain(location);
    }
  });

  it('shows names of 300 characters, from right to left and of emoji, and none of them breaks a page', async () => {
    const names: [string, string][] = [
      ['X'.repeat(150), 'Y'.repeat(149)],
      ['محمد', 'بن عبد الله الطويل'],
      ['👩‍👩‍👧‍👦🏳️‍🌈', '🧿'.repeat(20)],
    ];
    // A workflow of one's own may take names that the shipped one does not.
    expect((await server.call('admin', 'POST', '/v1/workflows/anything/versions', { source: anything })).status).toBe(
      201,
    );
    const ids = [];
    for (const [given, family] of names) ids.push(await started(given, family, 'anything'));
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
    const id = await started(html, 'Html', 'anything');
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
      expect(await strange.getByText('This page could not be displayed').count()).toBe(0);
    }
    await strange.context().close();
  });

  it('shows every field of a large context, in the order of the workflow, with countries by name', async () => {
    const many = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`field_${n}`, `value ${n}`]));
    const list = Array.from({ length: 300 }, (_, n) => `item ${n}`);
    const id = await started('Many', 'Fields');
    const page = await client.signIn('reviewer', '/queue');
    await page.route(new RegExp(`/v1/cases/${id}$`), async (route) => {
      if (route.request().method() !== 'GET') return route.continue();
      const response = await route.fetch();
      if (response.status() !== 200) return route.fulfill({ response }); // unchanged since it was asked for
      const body = await response.json();
      return route.fulfill({ response, json: { ...body, context: { list, many, applicant: body.context.applicant } } });
    });
    await page.goto(`${server.url}/cases/${id}?tab=data`);
    await seen(page.getByText(/^1,000 of 1,80\d fields are shown\.$/));
    const labels = await page.getByRole('tabpanel').locator('dt').allTextContents();
    // the definition has given and family name, date of birth, country
    expect(labels.slice(0, 2)).toEqual(['Given', 'Family']);
    await seen(
      page
        .getByRole('tabpanel')
        .getByText(/\([A-Z]{2}\)$/)
        .first(),
    );
    await page.getByRole('button', { name: 'Show all' }).click();
    await seen(page.getByText('item 299', { exact: true }));
    await seen(page.getByText('value 1499', { exact: true }));
    await page.context().close();
  });

  it('says that an image does not decode, and goes on', async () => {
    const id = await started('Broken', 'Image');
    const bytes = new Uint8Array(5000).fill(7);
    bytes.set([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]);
    await server.upload(id, 'passport', 'image/jpeg', bytes);
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await seen(page.getByText('Preview not available'));
    await seen(page.getByRole('button', { name: 'Download' }).or(page.getByRole('link', { name: 'Download' })));
    await page.context().close();
  });

  it('reads a PDF of 200 pages page by page', async () => {
    const id = await started('Long', 'Paper');
    await server.upload(id, 'proof_of_address', 'application/pdf', pdf(200));
    const page = await client.signIn('reviewer', `/cases/${id}`);
    await page
      .getByRole('list', { name: 'Documents' })
      .getByRole('button', { name: /^Proof of address/ })
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
    // Ten thousand notes would take minutes to write: the answers are those of the API, in longer pages, for each is a second under load.
    const first = (await server.call('reviewer', 'GET', `/v1/cases/${id}/history?limit=1`)).body.data[0];
    await page.route(/\/history\?/, (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 10_000);
      const data = Array.from({ length: 500 }, (_, k) => ({
        ...first,
        version: from - k,
        cause: 'note',
        from: ['collect'],
        to: ['collect'],
        details: { note: { text: `Entry ${from - k}` } },
      }));
      return route.fulfill({ json: { data, next_cursor: from > 500 ? String(from - 500) : null } });
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
