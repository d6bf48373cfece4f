import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe';
import { Client, hidden, Server, seen } from './harness';
import { root } from './program';

describe('screening', () => {
  let server: Server;
  let client: Client;
  let folder: string;
  beforeAll(async () => {
    server = await Server.start();
    server.withoutLists();
    client = await Client.start(server);
    folder = mkdtempSync(join(tmpdir(), 'ballerine-lists-'));
  });
  afterAll(async () => {
    await client.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Loads a list of one's own, as an operator does. */
  const load = (who: string, people: string[]) => {
    const file = join(folder, 'house.csv');
    writeFileSync(file, `name,birth_date,countries\n${people.join('\n')}\n`);
    const token = server.ready.demo.users.find((user) => user.email === `${who}@demo.test`)?.token ?? '';
    execFileSync(join(root, 'bin/ballerine'), ['watchlist', 'load', file], {
      env: { ...process.env, BALLERINE_ENDPOINT: server.url, BALLERINE_API_KEY: token },
    });
  };
  const everybody = ['Anna Keller,1970-03-25,ch', 'Boris Petrov,,', 'Carla Diaz,,', 'Emil Novak,,', 'Fritz Ott,,'];

  it('says when there is no list, and that nobody was searched for', async () => {
    const page = await client.signIn('reviewer', '/screening');
    await seen(page.getByText('No watchlists'));
    await page.getByLabel('Name').fill('Anna Keller');
    await page.keyboard.press('Enter');
    await seen(page.getByText('No watch list is loaded.'));
    expect(await page.getByText('No matches').count()).toBe(0);
    await page.context().close();
  });

  it('finds people with a reason for each word, date and country', async () => {
    load('manager', everybody);
    const page = await client.signIn('reviewer', '/screening');
    await seen(page.getByText('5 entries'));
    await page.getByLabel('Name').fill('Keler, Anna');
    await page.getByLabel('Date of birth').fill('1970-03-25');
    await page.getByLabel('Country').fill('ch');
    await page.locator('#content').getByRole('button', { name: 'Search' }).click();
    const found = page.getByRole('region', { name: '1 possible match' });
    await seen(found.getByText('Anna Keller'));
    await seen(found.getByText(/born 1970-03-25 and 1970-03-25: the same/));
    await seen(found.getByText(/house [0-9a-f]{12}/));
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/screening.png` });
    await page.getByLabel('Name').fill('Zoran Babic');
    await page.keyboard.press('Enter');
    await seen(page.getByText('No matches'));
    await page.context().close();
  });

  it('says what is wrong with a search at its field', async () => {
    const page = await client.signIn('reviewer', '/screening');
    await page.getByLabel('Name').fill('???');
    await page.getByLabel('Date of birth').fill('25.3.1970');
    await page.keyboard.press('Enter');
    await seen(page.getByText('The name needs a letter or digit and at most 24 words.'));
    await seen(page.getByText('Enter a date as YYYY-MM-DD, or a year.'));
    await page.context().close();
  });

  it('lets a second person release an edition that has lost half of its entries', async () => {
    load('manager', everybody.slice(0, 2));
    const own = await client.signIn('manager', '/screening');
    await seen(own.getByText(/\(2 entries\) has lost more than half of the list/));
    expect(await violations(own)).toEqual([]);
    if (process.env['SHOTS']) await own.screenshot({ path: `${process.env['SHOTS']}/screening-waiting.png` });
    expect(await own.getByRole('button', { name: 'Release' }).count()).toBe(0);
    await own.context().close();
    const looks = await client.signIn('auditor', '/screening');
    await seen(looks.getByText(/lost more than half/));
    expect(await looks.getByRole('button', { name: 'Reject edition' }).count()).toBe(0);
    expect(await looks.getByLabel('Name').count()).toBe(0);
    await looks.context().close();
    const page = await client.signIn('admin', '/screening');
    await page.getByRole('button', { name: 'Release' }).click();
    await seen(page.getByText('2 entries'));
    await hidden(page.getByText(/lost more than half/));
    expect(client.problems).toEqual([]);
    await page.context().close();
  });

  it('speaks German and fits a telephone', async () => {
    const page = await client.signIn('reviewer', '/screening', {
      locale: 'de-DE',
      viewport: { width: 390, height: 844 },
    });
    await seen(page.getByText('2 Einträge'));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.getByLabel('Name').fill('Boris Petrov');
    await page.keyboard.press('Enter');
    const found = page.getByRole('region', { name: /möglicher Treffer/ });
    await seen(found.getByText('Boris Petrov').nth(1));
    // All of the table is seen without moving it sideways.
    expect(await found.getByRole('group').evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/screening-390.png` });
    await page.context().close();
  });
});
