import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { root } from '../../sdk/e2e/program.ts';
import { Phone } from './phone.ts';

const passport = {
  name: 'passport.png',
  mimeType: 'image/png',
  buffer: readFileSync(`${root}docs/walkthrough/passport-kovacs.png`),
};

let phone: Phone;
beforeAll(async () => {
  phone = await Phone.start();
});
afterAll(() => phone?.stop());
afterEach(() => expect(phone.problems.splice(0)).toEqual([]));

const words = {
  en: {
    about: 'About you',
    given: 'Given names',
    family: 'Family name',
    day: 'Day',
    month: 'Month',
    year: 'Year',
    country: 'Country where you live',
    hungary: 'Hungary',
    next: 'Continue',
    passport: 'Your passport',
    uploaded: 'Uploaded',
    more: 'Your photograph and address',
    send: 'Check and send',
    submit: 'Submit',
    born: '4 March 1990',
    checking: 'Thank you. We are checking your details',
    fill: 'Please fill this in.',
    problems: 'Please check the following',
    unfit: 'This file cannot be used. Please choose another one: JPEG, PNG or PDF, at most 10 MB.',
    future: 'The date must be in the past.',
  },
  de: {
    about: 'Über Sie',
    given: 'Vornamen',
    family: 'Nachname',
    day: 'Tag',
    month: 'Monat',
    year: 'Jahr',
    country: 'Land, in dem Sie leben',
    hungary: 'Ungarn',
    next: 'Weiter',
    passport: 'Ihr Reisepass',
    uploaded: 'Hochgeladen',
    more: 'Ihr Foto und Ihre Adresse',
    send: 'Prüfen und absenden',
    submit: 'Absenden',
    born: '4. März 1990',
    checking: 'Danke. Wir prüfen Ihre Angaben',
    fill: 'Bitte füllen Sie dies aus.',
    problems: 'Bitte prüfen Sie Folgendes',
    unfit: 'Diese Datei ist nicht verwendbar. Bitte wählen Sie eine andere: JPEG, PNG oder PDF, höchstens 10 MB.',
    future: 'Das Datum muss in der Vergangenheit liegen.',
  },
} as const;
type Words = (typeof words)['en' | 'de'];

async function about(page: Page, w: Words, year = '1990'): Promise<void> {
  await page.getByLabel(w.given).fill('Anna');
  await page.getByLabel(w.family).fill('Kovacs');
  await page.getByLabel(w.day, { exact: true }).fill('4');
  await page.getByLabel(w.month, { exact: true }).fill('3');
  await page.getByLabel(w.year, { exact: true }).fill(year);
  await page.getByLabel(w.country).selectOption({ label: w.hungary });
}

const go = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

for (const language of ['en', 'de'] as const) {
  it(`an applicant is onboarded on a telephone (${language})`, async () => {
    const w = words[language];
    const { id, token } = await phone.program.invite();
    const page = await phone.open(token, { locale: language === 'de' ? 'de-DE' : 'en-GB' });
    await phone.looks(page, `${language}-1-about`, w.about);
    expect(await page.locator('html').getAttribute('lang')).toBe(language);

    await go(page, w.next);
    const summary = page.getByRole('alert');
    await summary.getByRole('heading', { name: w.problems }).waitFor();
    await page.waitForFunction(() => document.activeElement?.classList.contains('summary'));
    expect(await summary.getByRole('link').count()).toBe(4);
    await summary.getByRole('link', { name: w.given }).click();
    expect(await page.getByLabel(w.given).evaluate((one) => one === document.activeElement)).toBe(true);
    await page.evaluate(() => scrollTo(0, 0));
    await phone.looks(page, `${language}-2-faults`);

    await about(page, w, '2990');
    await page.getByText(w.future).first().waitFor();
    await page.getByLabel(w.year, { exact: true }).fill('1990');
    await go(page, w.next);

    await phone.looks(page, `${language}-3-passport`, w.passport);
    await go(page, w.next);
    await summary.getByRole('link').click();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BUTTON');
    const file = page.locator('input[data-file="passport"]');
    expect(await file.getAttribute('accept')).toBe('image/jpeg,image/png,application/pdf');
    await file.setInputFiles({ name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await page.getByText(w.unfit).waitFor();
    await file.setInputFiles(passport);
    await page.getByText(w.uploaded).waitFor();
    await phone.looks(page, `${language}-4-uploaded`);
    await go(page, w.next);

    await phone.looks(page, `${language}-5-more`, w.more);
    await go(page, w.next);
    await phone.looks(page, `${language}-6-review`, w.send);
    await page.getByText(w.born).waitFor();
    await page.getByText(w.hungary).waitFor();
    await go(page, w.submit);
    await page.getByRole('heading', { level: 1, name: w.checking }).or(page.locator('.notice.done')).waitFor();
    await phone.looks(page, `${language}-7-sent`);
    const { body } = await phone.program.call('GET', `/v1/cases/${id}`);
    expect(body['context']).toMatchObject({
      applicant: { name: { given: 'Anna', family: 'Kovacs' }, date_of_birth: '1990-03-04', country: 'HU' },
    });
    await page.context().close();
  });
}

it('what was entered is there again after the page was closed half way, also in another language', async () => {
  const { token } = await phone.program.invite();
  const page = await phone.open(token);
  await page.getByLabel('Given names').fill('Ada');
  await page.getByLabel('Family name').fill('King');
  await page.getByLabel('Country where you live').focus();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.reload();
  await page.getByLabel('Given names').waitFor();
  expect(await page.getByLabel('Given names').inputValue()).toBe('Ada');
  expect(await page.getByLabel('Family name').inputValue()).toBe('King');
  await page.getByLabel('Language').selectOption('de');
  await page.getByRole('heading', { name: 'Über Sie' }).waitFor();
  expect(await page.getByLabel('Vornamen').inputValue()).toBe('Ada');
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length)).toBe(0);
  await page.context().close();
});

it('what is entered without a network is saved when it is back', async () => {
  const { id, token } = await phone.program.invite();
  const page = await phone.open(token);
  await page.getByLabel('Given names').waitFor();
  await page.context().setOffline(true);
  await about(page, words.en);
  await go(page, 'Continue');
  await page.getByText('You are offline.').waitFor();
  await phone.looks(page, 'offline');
  expect(await page.getByLabel('Given names').inputValue()).toBe('Anna');
  await page.context().setOffline(false);
  await page.getByRole('heading', { name: 'Your passport' }).waitFor();
  const { body } = await phone.program.call('GET', `/v1/cases/${id}`);
  expect(body['context']).toMatchObject({ applicant: { name: { given: 'Anna' }, country: 'HU' } });
  await page.context().close();
});

it('links that are not complete or have ended say so', async () => {
  const page = await phone.open('');
  await phone.looks(page, 'no-token', 'This link is not complete');
  await page.goto(`${phone.program.api}/flow/#token=flow_gone`);
  await phone.looks(page, 'expired', 'This link has expired');
  expect(await page.getByRole('button').count()).toBe(0);
  await page.context().close();
});

it('a token that ends while somebody writes is reported, and no server has seen it in an address', async () => {
  const { token } = await phone.program.invite();
  const page = await phone.open(token);
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await page.reload();
  await page.getByLabel('Given names').fill('Ada');
  await page.route('**/v1/flow/**', (route) => route.fulfill({ status: 401, body: '{"code":"credentials_expired"}' }));
  await page.getByLabel('Family name').focus();
  await page.getByRole('heading', { name: 'This link has expired' }).waitFor();
  // Playwright shows what is behind #, which browsers send to nobody.
  expect(addresses.filter((one) => one.replace(/#.*/, '').includes(token))).toEqual([]);
  await page.context().close();
});
