import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** What axe finds on a page as it is now: rules, places, and why. */
export async function violations(page: Page): Promise<string[]> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        (one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Number.POSITIVE_INFINITY,
      ),
  );
  await page.evaluate(axe);
  const found = (await page.evaluate(
    // @ts-expect-error axe is there after the line above
    () => axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations),
  )) as Violation[];
  return found.flatMap((one) =>
    one.nodes.map((node) => `${one.id} at ${node.target.join(' ')}: ${node.failureSummary}`),
  );
}
