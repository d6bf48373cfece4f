import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { launch } from './program';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the demo data; each test's server works on a copy. */
    seeded: string;
  }
}

/** Seeds the demo data once, before the first test. */
export default async function seed(project: TestProject): Promise<() => void> {
  const data = mkdtempSync(join(tmpdir(), 'ballerine-seeded-'));
  const { child } = await launch(data, '127.0.0.1:0', []);
  const exited = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await exited;
  project.provide('seeded', data);
  return () => rmSync(data, { recursive: true, force: true });
}
