import { mkdirSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { violations } from '../../dashboard/e2e/axe.ts';
import { Program, root } from '../../sdk/e2e/program.ts';

/** Long enough for a machine that runs other tests beside these. */
const patience = 90_000;
const screens = `${root}build/screens/flow`;

/** A person with a telephone, and the program that they reach. */
export class Phone {
  readonly program: Program;
  readonly problems: string[] = [];
  private readonly browser: Browser;

  private constructor(program: Program, browser: Browser) {
    this.program = program;
    this.browser = browser;
  }

  static async start(): Promise<Phone> {
    const executablePath = process.env['CHROMIUM'];
    if (!executablePath) throw new Error('set CHROMIUM to the browser, or run `make test-browser`');
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    const browser = await chromium.launch({ executablePath, args });
    return new Phone(await Program.start(), browser);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.program.stop();
  }

  /** A page with a link open, on a telephone. */
  async open(token: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
      locale: 'en-GB',
      ...options,
    });
    this.watch(context);
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    await page.goto(`${this.program.api}/flow/${token && `#token=${token}`}`);
    return page;
  }

  private watch(context: BrowserContext): void {
    context.on('weberror', (error) => this.problems.push(error.error().message));
    context.on('console', (message) => {
      // Answers that are not good are logged by the browser itself.
      if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text()))
        this.problems.push(message.text());
    });
  }

  /** Nothing that keeps people out, nothing that is cut off, and the heading has the focus; a picture where one is wanted. */
  async looks(page: Page, name: string, heading?: string): Promise<void> {
    if (heading) {
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
      expect(await page.title()).toContain(heading);
    }
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      `${name} fits`,
    ).toBeLessThanOrEqual(0);
    expect(await violations(page), name).toEqual([]);
    if (!process.env['SCREENS']) return;
    mkdirSync(screens, { recursive: true });
    await page.screenshot({ path: `${screens}/${name}.png`, fullPage: name.startsWith('kinds') });
  }
}
