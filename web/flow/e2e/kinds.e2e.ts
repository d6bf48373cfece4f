import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { root } from '../../sdk/e2e/program.ts';
import { Phone } from './phone.ts';

// Every kind of element that a workflow can have, on a page, and what is kept of each.
const workflow = `
id: kinds
subject: individual
context:
  schema:
    type: object
    properties:
      a: {type: object}
      owners: {type: array}
documents:
  - {kind: card, title: {en: Identity card}, sides: [front, back], required: true, content_types: [image/png]}
flow:
  languages: [en]
  pages:
    - id: kinds
      title: {en: Every kind}
      elements:
        - {type: heading, text: {en: A heading}}
        - {type: description, text: {en: A description.}}
        - {type: divider}
        - {field: a.text, type: text, required: true, max_length: 5, title: {en: Text}, hint: {en: Five letters.}}
        - {field: a.long, type: text, multiline: true, title: {en: Long text}}
        - {field: a.number, type: number, max: 10, title: {en: Number}}
        - {field: a.money, type: currency, currencies: [EUR], title: {en: Money}}
        - {field: a.either, type: currency, currencies: [EUR, JPY], title: {en: Either}}
        - {field: a.public, type: boolean, required: true, title: {en: Public office}}
        - {field: a.office, type: text, visible: a.public == true, required: true, title: {en: Which office}}
        - {field: a.day, type: date, title: {en: A day}}
        - {field: a.phone, type: phone, title: {en: Telephone}}
        - {field: a.country, type: country, title: {en: Country}}
        - {field: a.state, type: state, country: a.country, visible: a.country == 'US', title: {en: State}}
        - {field: a.nationality, type: nationality, title: {en: Nationality}}
        - {field: a.address, type: address, title: {en: Address}}
        - {field: a.company, type: company, title: {en: Company}}
        - {field: a.industry, type: industry, title: {en: Industry}}
        - {field: a.mcc, type: mcc, title: {en: Merchant category}}
        - {field: a.radio, type: radio, options: [{value: x, title: {en: Radio X}}, {value: y, title: {en: Radio Y}}], title: {en: Radio}}
        - {field: a.select, type: select, options: [{value: x, title: {en: Select X}}], title: {en: Select}}
        - {field: a.checks, type: checkboxes, options: [{value: x, title: {en: Box X}}, {value: y, title: {en: Box Y}}], title: {en: Boxes}}
        - {field: a.many, type: multiselect, options: [{value: x, title: {en: Many X}}], title: {en: Many}}
        - {field: a.tags, type: tags, title: {en: Tags}}
        - {field: a.closed, type: text, disabled: true, title: {en: Closed}}
        - field: owners
          type: group
          max: 2
          title: {en: Owners}
          elements:
            - {field: name, type: text, required: true, title: {en: Name of the owner}}
            - {field: share, type: number, min: 1, title: {en: Share}}
        - {field: a.terms, type: consent, version: "1", required: true, text: {en: I agree.}}
    - id: papers
      title: {en: Papers}
      elements:
        - {type: document, document: card}
    - id: send
      title: {en: Send}
      event: SUBMIT
      elements: [{type: review}]
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: review}}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected, revision: collect}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`;
const picture = {
  name: 'card.png',
  mimeType: 'image/png',
  buffer: readFileSync(`${root}docs/walkthrough/passport-kovacs.png`),
};

let phone: Phone;
let invited: { id: string; token: string };
beforeAll(async () => {
  phone = await Phone.start();
  const { people } = phone.program;
  const made = await phone.program.call('POST', '/v1/workflows/kinds/versions', { source: workflow }, people['admin']);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  invited = await phone.program.invite('kinds');
});
afterAll(() => phone?.stop());
afterEach(() => expect(phone.problems.splice(0)).toEqual([]));

it('every kind of element can be filled in, and is kept as the workflow has it', async () => {
  const page = await phone.open(invited.token, { colorScheme: 'dark' });
  const fill = (name: string, value: string) => page.getByLabel(name, { exact: true }).fill(value);
  const next = () => page.getByRole('button', { name: 'Continue', exact: true }).click();
  await phone.looks(page, 'kinds-1', 'Every kind');
  expect(await page.getByLabel('Which office').count()).toBe(0);
  await page.getByRole('group', { name: 'Public office' }).getByText('Yes').click();
  await fill('Which office', 'Mayor');
  await fill('Text', 'longer');
  await next();
  await page.getByText('Text: This is too long.').waitFor();
  await page.getByRole('alert').getByRole('link').last().click();
  expect(await page.getByLabel('I agree.').evaluate((one) => one === document.activeElement)).toBe(true);
  await phone.looks(page, 'kinds-2-faults');

  await fill('Text', 'short');
  await fill('Long text (optional)', 'two\nlines');
  await fill('Number (optional)', '7,5');
  await fill('Money (optional)', '12.50');
  const either = page.getByRole('group', { name: 'Either' });
  await either.getByLabel('Amount').fill('300');
  await either.getByLabel('Currency').selectOption('JPY');
  await fill('Day', '29');
  await fill('Month', '2');
  await fill('Year', '2024');
  await fill('Telephone (optional)', '+49 30 123456');
  await page.getByLabel('Country (optional)').first().selectOption('US');
  await page.getByLabel('Nationality').selectOption('AT');
  const address = page.getByRole('group', { name: 'Address' });
  await address.getByLabel('Street and number').fill('Main Street 1');
  await address.getByLabel('Postal code').fill('94105');
  await address.getByLabel('City').fill('San Francisco');
  await address.getByLabel('Country').selectOption('US');
  await address.getByLabel('State or region').fill('CA');
  await page.getByRole('group', { name: 'Company' }).getByLabel('Name of the company').fill('Example Ltd');
  await page.getByLabel('Industry').selectOption({ index: 1 });
  await fill('Merchant category (optional)', '5732');
  await page.getByText('Radio Y').click();
  await page.getByLabel('Select (optional)').selectOption('x');
  await page.getByText('Box X').click();
  await page.getByText('Box Y').click();
  await page.getByText('Many X').click();
  await fill('Tags (optional)', 'one\ntwo\n');
  expect(await page.getByLabel('Closed').isDisabled()).toBe(true);
  const add = page.getByRole('button', { name: 'Add another one' });
  await add.click();
  await add.click();
  await page.getByLabel('Name of the owner').first().fill('Ada');
  await page.getByLabel('Name of the owner').last().fill('Eve');
  await page.getByLabel('Share').last().fill('40');
  await page.getByRole('button', { name: 'Remove number 1' }).click();
  await page.getByText('I agree.', { exact: true }).click();
  await page.getByLabel('State (optional)').selectOption('CA');
  await phone.looks(page, 'kinds-3-filled');
  await next();

  await phone.looks(page, 'kinds-4-papers', 'Papers');
  await page.locator('input[data-file="card/front"]').setInputFiles(picture);
  await page.getByText('Uploaded').waitFor();
  await next();
  await page.getByText('Please upload this document.').first().waitFor(); // the other side
  await page.locator('input[data-file="card/back"]').setInputFiles(picture);
  await page.getByText('Uploaded').nth(1).waitFor();
  await next();
  await phone.looks(page, 'kinds-5-review', 'Send');
  await page.getByRole('button', { name: 'Submit' }).click();
  await phone.looks(page, 'kinds-6-sent', 'Thank you. We are checking your details');

  const { body } = await phone.program.call('GET', `/v1/cases/${invited.id}`);
  const { a, owners } = body['context'] as { a: Record<string, unknown>; owners: unknown };
  expect(owners).toEqual([{ name: 'Eve', share: 40 }]);
  expect(a).toMatchObject({
    text: 'short',
    long: 'two\nlines',
    number: 7.5,
    money: 12.5,
    either: { amount: 300, currency: 'JPY' },
    public: true,
    office: 'Mayor',
    day: '2024-02-29',
    phone: '+4930123456',
    country: 'US',
    state: 'CA',
    nationality: 'AT',
    company: { name: 'Example Ltd' },
    mcc: '5732',
    radio: 'y',
    select: 'x',
    checks: ['x', 'y'],
    many: ['x'],
    tags: ['one', 'two'],
    terms: { accepted: true, version: '1' },
    address: { line1: 'Main Street 1', postal_code: '94105', city: 'San Francisco', country: 'US', state: 'CA' },
  });
  await page.context().close();
});

it('what a reviewer asks for again is asked with their words, and the decision is shown', async () => {
  const { program } = phone;
  const { id } = invited;
  const found = (await program.call('GET', `/v1/cases/${id}`)).body;
  const documents = (found['documents'] ?? []) as { id: string; side: string }[];
  const front = documents.find((one) => one.side === 'front');
  const asked = await program.call(
    'POST',
    `/v1/cases/${id}/decisions`,
    {
      event: 'revision',
      message: 'Please take the picture without a flash.',
      documents: [{ id: front?.id, decision: 'revision', reason: 'glare' }],
    },
    program.people['reviewer'],
    found['version'],
  );
  expect(asked.status, JSON.stringify(asked.body)).toBeLessThan(300);
  const page = await phone.open(await program.link(id));
  await phone.looks(page, 'revision', 'Papers');
  await page.getByText('Please take the picture without a flash.').waitFor();
  await page.getByText('Please upload another file.').waitFor();
  expect(await page.getByText('Uploaded').count()).toBe(1);
  await page.locator('input[data-file="card/front"]').setInputFiles(picture);
  await page.getByText('Uploaded').nth(1).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Submit' }).click();
  await page.getByRole('heading', { name: 'Thank you. We are checking your details' }).waitFor();

  const { version } = (await program.call('GET', `/v1/cases/${id}`)).body;
  const person = program.people['reviewer2'];
  const done = await program.call('POST', `/v1/cases/${id}/decisions`, { event: 'approve' }, person, version);
  expect(done.status, JSON.stringify(done.body)).toBeLessThan(300);
  await phone.looks(page, 'approved', 'You are verified'); // the page has looked by itself
  await page.context().close();
});
