// Lints the OpenAPI document. A warning fails, too: a program writes the document, and what it says is put right there.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const document = process.argv[2] ?? here('../openapi.yaml');
const ran = spawnSync(here('node_modules/.bin/redocly'), ['lint', '--config', here('redocly.yaml'), '--max-problems', '1000', '--format', 'json', document], {
  encoding: 'utf8',
  env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  maxBuffer: 64 << 20,
});
let report;
try {
  report = JSON.parse(ran.stdout);
} catch {
  console.error(`redocly gave no report (${ran.error?.message ?? `exit code ${ran.status}`}):\n${ran.stderr}`);
  process.exit(1);
}
for (const problem of report.problems) {
  console.error(`${problem.severity}: ${problem.ruleId}: ${problem.message}\n    at ${problem.location?.[0]?.pointer ?? document}`);
}
console.log(`${report.totals.errors} errors and ${report.totals.warnings} warnings in the OpenAPI document`);
process.exit(report.problems.length > 0 ? 1 : 0);
