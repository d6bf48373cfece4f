// What the SDK weighs for whoever bundles it, minified and compressed: the core, and with the rules that judge answers before the server.
import { gzipSync } from 'node:zlib';
import { build } from 'rolldown';

const index = new URL('../src/index.ts', import.meta.url).pathname;
const limits = { createFlow: 6 * 1024, 'createFlow, rules': 9 * 1024 };

/** The bytes of a program that imports these names alone. */
async function weigh(names) {
  const { output } = await build({
    input: 'program',
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === 'program' ? id : null),
        load: (id) => (id === 'program' ? `export { ${names} } from ${JSON.stringify(index)};` : null),
      },
    ],
    treeshake: true,
    write: false,
    output: { format: 'es', minify: true },
  });
  return output.reduce((sum, one) => sum + gzipSync(one.code, { level: 9 }).length, 0);
}

for (const [names, limit] of Object.entries(limits)) {
  const size = await weigh(names);
  process.stdout.write(`@ballerine/sdk { ${names} }: ${size} of ${limit} bytes (gzip)\n`);
  if (size > limit) process.exitCode = 1;
}
