import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { expect, inject, onTestFailed } from 'vitest';
import { launch, type Ready, root } from './program';

/** How long a test waits for what has to come, in milliseconds: long enough for a machine that runs other tests beside these. */
export const patience = 90_000;

/** The demo users, as the sign-in page names them. */
export const people = {
  admin: 'Ada Admin',
  manager: 'Mara Manager',
  reviewer: 'Rita Reviewer',
  second: 'Robin Reviewer',
  auditor: 'Otto Auditor',
  developer: 'Dana Developer',
} as const;
export type Person = keyof typeof people;

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answers of the API as they are; each test asserts what it expects
  body: any;
  headers: Headers;
}

/** A running `ballerine dev --seed` with a data folder of its own. */
export class Server {
  private child: ChildProcess;
  private readonly data: string;
  private readonly flags: string[];
  ready: Ready;

  private constructor(child: ChildProcess, data: string, flags: string[], ready: Ready) {
    this.child = child;
    this.data = data;
    this.flags = flags;
    this.ready = ready;
  }

  /** On a copy of the demo data that were seeded once for all tests. */
  static async start(...flags: string[]): Promise<Server> {
    const data = mkdtempSync(join(tmpdir(), 'ballerine-browser-'));
    cpSync(inject('seeded'), data, { recursive: true });
    return Server.over(data, ...flags);
  }

  /** On existing data, which is removed with the server. */
  static async over(data: string, ...flags: string[]): Promise<Server> {
    const { child, ready } = await launch(data, '127.0.0.1:0', flags);
    return new Server(child, data, flags, ready);
  }

  get url(): string {
    return this.ready.api;
  }

  /** Ends the program; the data stay. */
  async stop(): Promise<void> {
    const exited = new Promise((done) => this.child.once('exit', done));
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await exited;
    }
  }

  /** Removes the watch lists, as on a system without loaded lists. */
  withoutLists(): void {
    const objects = join(this.data, 'objects');
    for (const name of readdirSync(objects)) if (name.startsWith('k.watchlists')) rmSync(join(objects, name));
  }

  /** Starts it again at the same address, with the same data. */
  async again(): Promise<void> {
    const { child, ready } = await launch(this.data, new URL(this.url).host, this.flags);
    this.child = child;
    this.ready = ready;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Calls the API as a demo user, or with the demo's API key. */
  async call(
    who: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const token =
      who === 'client'
        ? this.ready.demo.api_key
        : (this.ready.demo.users.find((user) => user.email === `${who === 'second' ? 'reviewer2' : who}@demo.test`)
            ?.token ?? who);
    const response = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'POST' ? { 'Idempotency-Key': crypto.randomUUID() } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  }

  /** The id of a demo case, by the name of its subject. */
  async caseOf(name: string): Promise<string> {
    const found = await this.call('admin', 'GET', `/v1/cases?q=${encodeURIComponent(name)}&limit=5&view=summary`);
    const id = found.body.data?.[0]?.id;
    if (typeof id !== 'string') throw new Error(`no case of ${name}: ${JSON.stringify(found.body)}`);
    return id;
  }

  /** Uploads a document as the client system does; returns its id. */
  async upload(caseId: string, kind: string, type: string, content: Uint8Array, properties?: unknown): Promise<string> {
    const announced = await this.call('client', 'POST', `/v1/cases/${caseId}/documents`, {
      kind,
      content_type: type,
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      ...(properties ? { properties } : {}),
    });
    if (announced.status !== 201) throw new Error(`announce: ${announced.status} ${JSON.stringify(announced.body)}`);
    const sent = await fetch(announced.body.upload.url, {
      method: 'PUT',
      headers: announced.body.upload.headers ?? {},
      body: content as unknown as BodyInit,
    });
    if (!sent.ok) throw new Error(`upload: ${sent.status} ${await sent.text()}`);
    return announced.body.id ?? announced.body.document.id;
  }

  /** A document's bytes, as a person gets them. */
  async content(caseId: string, documentId: string): Promise<Uint8Array> {
    const link = await this.call('admin', 'GET', `/v1/cases/${caseId}/documents/${documentId}/link`);
    const response = await fetch(link.body.url);
    return new Uint8Array(await response.arrayBuffer());
  }
}

let pictures = 0; // of failed tests, in build/browser

/** A browser, and what went wrong on its pages: script errors and violations of the security policy. */
export class Client {
  readonly problems: string[] = [];
  private readonly browser: Browser;
  private readonly server: Server;

  private constructor(browser: Browser, server: Server) {
    this.browser = browser;
    this.server = server;
  }

  static async start(server: Server): Promise<Client> {
    const executablePath = process.env['CHROMIUM'];
    if (!executablePath) throw new Error('set CHROMIUM to the browser, or run `make test-browser`');
    const browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    return new Client(browser, server);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** A window in which nobody is signed in yet. */
  async window(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      ...options,
    });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        throw new Error(
          `policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
        );
      });
    });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    forgiving(page);
    watch(context, this.problems);
    onTestFailed(async ({ task }) => {
      const file = join(root, 'build/browser', `${task.name.replaceAll(/\W+/g, '-').slice(0, 60)}-${++pictures}.png`);
      await page.screenshot({ path: file }).catch(() => undefined); // the window was closed
    });
    return page;
  }

  /** A window of a demo user, at a path. */
  async signIn(who: Person, path = '/', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.window(options);
    await page.goto(this.server.url + path);
    await enter(page, who);
    await page.waitForURL((url) => url.pathname === path.split('?')[0]);
    await page.locator('main').waitFor();
    return page;
  }
}

/** Chooses a demo account on the sign-in page. */
export async function enter(page: Page, who: Person): Promise<void> {
  await page.getByRole('button', { name: people[who] }).click();
}

/**
 * Lets a page be left while an answer is being changed for it: that answer is no longer awaited, and what fails then
 * would fail the run although each test has passed.
 */
function forgiving(page: Page) {
  const route = page.route.bind(page);
  page.route = (url, handler, options) =>
    route(
      url,
      async (one, request) => {
        try {
          await handler(one, request);
        } catch (error) {
          if (!/has been (closed|disposed)|context disposed/i.test(String(error))) throw error;
        }
      },
      options,
    );
}

function watch(context: BrowserContext, problems: string[]) {
  context.on('weberror', (error) => problems.push(`script: ${error.error().message}`));
  context.on('console', (message) => {
    const text = message.text();
    // What a page cannot help: answers that are not good are logged by the browser itself.
    if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(text)) problems.push(text);
  });
}

export async function seen(locator: Locator, timeout?: number): Promise<void> {
  await locator.filter({ visible: true }).first().waitFor({ timeout });
}

export async function hidden(locator: Locator): Promise<void> {
  await locator.first().waitFor({ state: 'hidden' });
}

/** Waits until a condition holds, and reports the last value when it never does. */
export async function eventually<T>(
  get: () => Promise<T>,
  want: (value: T) => boolean,
  timeout = patience,
): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await get();
    if (want(value)) return value;
    if (Date.now() > end) {
      expect(value, 'this never came true').toBe('as expected');
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** The rows of the queue that are drawn, by their case ids, from top to bottom. */
export async function rows(page: Page): Promise<string[]> {
  return page
    .locator('[role="row"][data-case]')
    .evaluateAll((all) =>
      all
        .sort((a, b) => Number(a.getAttribute('data-index')) - Number(b.getAttribute('data-index')))
        .map((row) => row.getAttribute('data-case') ?? ''),
    );
}

export const panel = (page: Page) => page.getByRole('complementary', { name: 'Decision' });
