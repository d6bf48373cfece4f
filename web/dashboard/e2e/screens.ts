import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, it } from 'vitest';
import { Client, panel, Server, seen } from './harness';

// Takes the screenshots of the documentation: `npm run screens`, after `make web bin/ballerine`.

const folder = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
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

it('takes the pictures', async () => {
  const page = await client.signIn('reviewer', '/queue');
  await seen(page.getByRole('row').nth(5));
  await page.screenshot({ path: `${folder}queue.png` });
  await page.goto(`${server.url}/cases/${await server.caseOf('Sofie Lindqvist')}`);
  await seen(page.getByRole('img', { name: /Passport/ }));
  await seen(panel(page).getByRole('button', { name: /^Approve/ }));
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${folder}case.png` });
  await page.getByRole('button', { name: 'Face comparison' }).click();
  await seen(page.locator('[data-part="portrait"]'));
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${folder}faces.png` });
  await page.goto(`${server.url}/cases/${await server.caseOf('Nikolai')}?tab=checks`);
  await seen(page.getByText('Result: Sanctions'));
  await page.screenshot({ path: `${folder}checks.png` });
  await page.goto(`${server.url}/cases/${await server.caseOf('Signe')}?tab=workflow`);
  await seen(page.getByRole('group', { name: /Individual onboarding/ }));
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${folder}workflow.png` });
  await page.context().close();
  const dark = await client.signIn('manager', '/', { colorScheme: 'dark' });
  await seen(dark.getByRole('button', { name: /Chart/ }));
  await dark.waitForTimeout(600);
  await dark.screenshot({ path: `${folder}home-dark.png` });
  await dark.context().close();
  const small = await client.signIn('reviewer', `/cases/${await server.caseOf('Jürgen')}`, {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
  });
  await seen(small.getByRole('img', { name: /Passport/ }));
  await small.screenshot({ path: `${folder}case-telephone.png` });
  await small.context().close();
});
