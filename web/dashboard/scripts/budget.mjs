// Fails when the first load's JavaScript is larger than the budget. The first load is what index.html names: the entry and
// what it imports statically; what is loaded later is reported beside it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const budget = 200 * 1000; // bytes, gzip
const dist = new URL('../dist/', import.meta.url).pathname;
const size = (file) => gzipSync(readFileSync(join(dist, file))).length;
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const first = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]));
for (const file of first) {
  const code = readFileSync(join(dist, file), 'utf8');
  for (const [, name] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) first.add(`assets/${name}`);
}
const all = readdirSync(join(dist, 'assets'))
  .filter((name) => name.endsWith('.js'))
  .map((name) => `assets/${name}`);
const kilobytes = (files) => (files.reduce((sum, file) => sum + size(file), 0) / 1000).toFixed(1);
const total = [...first].reduce((sum, file) => sum + size(file), 0);
process.stdout.write(
  `first load: ${kilobytes([...first])} kB gzip of ${budget / 1000}; later: ${kilobytes(all.filter((f) => !first.has(f)))} kB in ${all.length - first.size} files\n`,
);
if (total > budget) {
  process.stderr.write('the first load is over its budget: split it\n');
  process.exit(1);
}
