// Fails when what an applicant's device loads first is larger than the budget.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = 60 * 1000; // bytes, gzip
const assets = new URL('../dist/assets/', import.meta.url);
const size = (kind) =>
  readdirSync(assets)
    .filter((name) => name.endsWith(kind))
    .reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, assets))).length, 0);
const code = size('.js');
process.stdout.write(
  `applicants' pages: ${code / 1000} kB gzip of ${budget / 1000}, styles ${size('.css') / 1000} kB\n`,
);
if (code > budget) process.exit(1);
